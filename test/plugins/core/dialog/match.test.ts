import { expect, test } from "bun:test";
import { NodeTypes } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import { match } from "../../../../plugins/core/dialog/match.ts";
import { textFrame } from "../texts.ts";

const said = (text: string, utterance = text) => textFrame({ text, utterance, atMs: [0, 1000] });
const PORTS = {
  lights: ["turn (on | off) {state} [the] lights", "lights (on | off) {state}"],
  number: { pattern: "room (?<room>\\d+)" },
  stop: "stop",
};

async function ported(config: object, texts: readonly string[]) {
  const driven = await driveNode(match, config, { frames: texts.map((text) => said(text)) });
  const ports = driven.emitted.filter(({ port }) => port !== "matched");
  return {
    ...driven,
    ports: ports.map(({ port, frame }) => [port, frame.kind === "text" && frame.text]),
    slots: driven.frames("matched").map((frame) => frame.kind === "data" && frame.value),
  };
}

test("each final goes to the first output that it fits, and to otherwise where there is none", async () => {
  const { ports, slots, counters } = await ported({ ports: PORTS }, [
    "Turn on the lights.",
    "Stop!",
    "please go to ROOM 12 now",
    "stop it",
    "",
  ]);
  expect(ports).toEqual([
    ["lights", "Turn on the lights."],
    ["stop", "Stop!"],
    ["number", "please go to ROOM 12 now"],
    ["otherwise", "stop it"],
    ["otherwise", ""],
  ]);
  expect(slots).toMatchObject([
    { port: "lights", slots: { state: "on" }, text: "Turn on the lights.", utterance: "Turn on the lights." },
    { port: "stop", slots: {} },
    { port: "number", slots: { room: "12" } },
  ]);
  expect(counters).toEqual({ matched: 3, otherwise: 2 });
});

test("a frame stays the same frame, and partials go nowhere", async () => {
  const final = said("stop");
  const partial = { ...final, final: false };
  const { emitted } = await driveNode(match, { ports: PORTS }, { frames: [partial, final] });
  expect(emitted).toHaveLength(2);
  expect(emitted[0]!.frame).toBe(final);
});

test("anywhere, words may stand around a phrase", async () => {
  const { ports } = await ported({ ports: PORTS, anywhere: true }, ["well stop please"]);
  expect(ports).toEqual([["stop", "well stop please"]]);
});

test("the public rules of a grammar are outputs, and phrases may name its rules", async () => {
  const grammar = "#JSGF V1.0; grammar g; <n> = one | two; public <go> = go <n> {many}; public <halt> = halt;";
  expect((await ported({ grammar }, ["halt", "go two"])).ports).toEqual([
    ["halt", "halt"],
    ["go", "go two"],
  ]);
  expect((await ported({ grammar, ports: { count: "<n> {n}" } }, ["two"])).slots).toMatchObject([
    { slots: { n: "two" } },
  ]);
});

test.each([
  ["no phrase at all", {}, "phrases, or a grammar with a public rule, were wanted"],
  ["a grammar without a public rule", { grammar: "<a> = b;" }, "phrases, or a grammar with a public rule, were wanted"],
  ["a name that is taken", { ports: { otherwise: "x" } }, "otherwise is there by itself"],
  ["a phrase with a mistake", { ports: { a: "turn (on" } }, "where ) was wanted"],
  ["a phrase that fits silence", { ports: { a: "[please]" } }, "a phrase fits silence"],
  ["a pattern with a mistake", { ports: { a: { pattern: "(a" } } }, "no pattern of RE2"],
  ["a pattern that looks back", { ports: { a: { pattern: "(a)\\1" } } }, "no pattern of RE2"],
  ["a grammar with a mistake", { grammar: "public <a> = ;" }, "where words was wanted"],
])("%s is found before the run", (_, config, message) => {
  const parsed = match.config.safeParse(config);
  expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
});

test("defaults of a type that checks its settings together are looked at like others", async () => {
  const text = `parlando: 1
inputs: { words: { kind: text } }
defaults: { core.match: { anywhere: true, anywere: true } }
nodes: { command: { use: core.match, from: inputs.words, with: { ports: { stop: stop } } } }
`;
  const options = { types: new NodeTypes([core]), environment: {}, secret: () => undefined, cwd: "/" };
  const { findings } = await planWorkflow({ text, name: "w.yaml", dir: "/" }, { ...options, purpose: "lint" });
  expect(findings.map(({ code }) => code)).toEqual(["KEY_UNKNOWN"]);
});
