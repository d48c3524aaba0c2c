import { expect, setDefaultTimeout, test } from "bun:test";
import { type Frame, NodeTypes } from "#engine/plugin";
import { newHousehold } from "#engine/runtime";
import { planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import llm from "#plugins/llm";
import { AccountedRun } from "#test/accounted-run";
import { openModel, type Scripted, textsOf } from "./service.ts";

setDefaultTimeout(60_000);

/** A user who asks, speaks over the answer from 3000 ms on, and asks again. */
const TALK = `parlando: 1
nodes:
  talk:
    use: core.script
    with:
      as: source
      pace: realtime
      events:
        - speech: start
        - audio: { noise: true, ms: 1000 }
        - speech: end
        - { atMs: 1200, text: tell me a story, startMs: 0, endMs: 1000, language: en }
        - { atMs: 3000, speech: start }
        - audio: { noise: true, ms: 800 }
        - speech: end
        - { atMs: 4000, text: a short one, startMs: 3000, endMs: 3800, language: en }
  chat: { use: llm.chat, from: talk, RETRY with: { url: "http://model.example/v1", model: small MORE } }
outputs: { said: chat }
bargeIn: { when: talk, minMs: 200, flush: [chat] }
`;

async function converse(answers: readonly Scripted[], { more = "", retry = "" } = {}) {
  const model = await openModel(answers);
  const stop = model.clock.drive();
  const { plan, findings } = await planWorkflow(
    { text: TALK.replace(" MORE", more).replace("RETRY ", retry), name: "talk.yaml", dir: "/" },
    {
      types: new NodeTypes([core, llm]),
      purpose: "run",
      environment: {},
      secret: () => undefined,
      cwd: "/",
      run: { id: "talk", dir: "/" },
    },
  );
  if (!plan) throw new Error(findings.map(({ message }) => message).join("\n"));
  const said: { readonly frame: Frame; readonly atMs: number }[] = [];
  const options = {
    runId: "talk",
    clock: model.clock,
    onOutput: (_: string, frame: Frame) => void said.push({ frame, atMs: model.clock.nowMs() }),
  };
  const report = await new AccountedRun(plan, options, newHousehold({ network: model.network })).done;
  stop();
  return { ...model, report, said };
}

const finals = (said: readonly { readonly frame: Frame }[]) =>
  textsOf(said.map(({ frame }) => frame))
    .filter(({ final }) => final)
    .map(({ text }) => text);

const STORY: Scripted = ["Once ", 1000, "upon ", 1000, "a ", 1000, "time."];

test("who speaks over an answer ends its request; what comes late is dropped, and what was said is remembered", async () => {
  const { report, said, asked, sent } = await converse([STORY, ["Yes."]]);
  expect(report.state).toBe("done");
  expect(finals(said)).toEqual(["Yes."]);
  const first = said.filter(({ atMs }) => atMs < 4000);
  expect(textsOf(first.map(({ frame }) => frame)).at(-1)?.text).toBe("Once upon");
  expect(Math.max(...first.map(({ atMs }) => atMs))).toBeLessThan(3200);
  expect(asked[1]!.body.messages.map(({ content }) => content)).toEqual([
    "tell me a story",
    "Once upon",
    "a short one",
  ]);
  expect(sent()).toBeLessThan(4 + 1); // of the story two pieces, one on its way, and the answer
  expect(report.nodes.find(({ node }) => node === "chat")?.counters).toMatchObject({ bargedTexts: 1, answers: 1 });
});

test("a model that never answers is given up by a barge-in, too, and the conversation goes on", async () => {
  const { report, said, asked } = await converse([[{ ends: "hang" }], ["Yes."]]);
  expect(report.state).toBe("done");
  expect(finals(said)).toEqual(["Yes."]);
  expect(asked[1]!.body.messages.map(({ content }) => content)).toEqual(["tell me a story\na short one"]);
});

test("an answer that fails is tried again by the node's own retry, and the conversation is the same", async () => {
  const { report, said, asked } = await converse([["One."], { status: 503 }, ["Two."]]);
  expect(report.state).toBe("done");
  expect(finals(said)).toEqual(["One.", "Two."]);
  expect(asked[2]!.body.messages).toEqual(asked[1]!.body.messages);
  expect(asked[2]!.body.messages.map(({ content }) => content)).toEqual(["tell me a story", "One.", "a short one"]);
});

test("a model that answers nonsense twice fails the run with its code", async () => {
  const { report } = await converse([[{ raw: "<html>" }]]);
  expect(report.failures).toMatchObject([{ node: "chat", code: "VENDOR_PROTOCOL" }]);
});
