import { expect, setDefaultTimeout, test } from "bun:test";
import { NodeTypes } from "#engine/plugin";
import { newHousehold } from "#engine/runtime";
import { emulate } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import aliyun from "#plugins/aliyun";
import llm from "#plugins/llm";
import { AccountedRun } from "#test/accounted-run";
import { speaks, typesWithTones } from "#test/service-workflows";
import { gateway } from "../../../plugins/aliyun/gateway.ts";
import { ACCESS, HOST, KEY } from "../aliyun/service.ts";
import { openModel } from "./service.ts";

setDefaultTimeout(60_000);

const TALK = `parlando: 1
nodes:
  talk: { use: core.script, with: { as: source, pace: realtime, events: [{ atMs: 100, text: tell me a story, startMs: 0, endMs: 100 }] } }
  chat: { use: llm.chat, from: talk, with: { url: "http://model.example/v1", model: small } }
  voice: { use: aliyun.tts, from: chat, with: { mode: flowing, url: "${ACCESS.url}", appkey: ${ACCESS.appkey}, token: ${ACCESS.token} } }
outputs: { speech: voice }
limits: { drainMs: 60000 }
`;

test("the beginning of an answer is spoken while the model makes its end", async () => {
  const model = await openModel([["It was a dark night. And", 8000, " so on."]]);
  const { clock, network } = model;
  const stop = clock.drive();
  const types = new NodeTypes([...typesWithTones().plugins, aliyun, llm]);
  const household = newHousehold({ network });
  const mouth = await emulate(gateway, { network, types, keys: [KEY], household, web: HOST, workflow: speaks() });
  try {
    const { plan, findings } = await planWorkflow(
      { text: TALK, name: "talk.yaml", dir: "/" },
      { types, purpose: "run", environment: {}, secret: () => undefined, cwd: "/", run: { id: "talk", dir: "/" } },
    );
    if (!plan) throw new Error(findings.map(({ message }) => message).join("\n"));
    const heardAtMs: number[] = [];
    const onOutput = () => void heardAtMs.push(clock.nowMs());
    const report = await new AccountedRun(plan, { runId: "talk", clock, onOutput }, household).done;
    expect(report.failures).toEqual([]);
    expect(heardAtMs[0]).toBeLessThan(5000);
    expect(heardAtMs.at(-1)).toBeGreaterThan(8000);
  } finally {
    await mouth.close();
    stop();
  }
});
