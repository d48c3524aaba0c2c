import { expect, test } from "bun:test";
import { callCommand } from "#test/called-command";
import { CHECKOUT } from "#test/command-line";
import { folderWith } from "#test/planning";

const WORKFLOW =
  "parlando: 1\nname: w\ninputs: { talk: { kind: audio } }\nnodes:\n  vad: { use: webrtc.vad, from: inputs.talk }\n  asr: { use: pocketsphinx.asr, from: vad }\noutputs: { words: asr }\n";

test("plan prints order, chains, conversions, queues and latency", async () => {
  const { status, text } = await callCommand(["plan", "workflows/interpret.yaml"], CHECKOUT);
  expect(status).toBe(0);
  for (const words of [
    /^order\n {2}inputs\.talk +core\.file\n/,
    /\nchains.*\n(?: {2}.*\n)* {2}voice → speech\n/,
    /\nconversions that the plan puts in\n/,
    /\n {2}vad\.speech -> asr\.audio: 2 s, 64 frames, then waits\n/,
    /\n {4}vad: 500 ms, silence that ends an utterance\n/,
  ])
    expect(text).toMatch(words);
});

test("plan adds the cost of an hour, by vendor, from a table of the user's own", async () => {
  const folder = folderWith({
    "w.yaml": WORKFLOW,
    "p.yaml": "currency: CHF\nprices: { pocketsphinx.asr: { audioHour: 3 }, no.such: { audioHour: 1 } }\n",
  });
  const { status, text } = await callCommand(["plan", "w.yaml", "--prices", "p.yaml"], folder);
  expect(status).toBe(0);
  expect(text).toContain("p.yaml: no node type no.such\n");
  expect(text).toContain(
    "an hour, of which 50 % is speech, costs 1.5 CHF\n  pocketsphinx: 1.5 CHF\n    asr (pocketsphinx.asr): 1.5 CHF = 0.5 h of audio × 3\n",
  );
  const json = JSON.parse(
    (await callCommand(["plan", "w.yaml", "--prices", "p.yaml", "--json"], folder)).text.split("\n")[1]!,
  );
  expect([json.currency, json.costs[0].perHour]).toEqual(["CHF", 1.5]);
});

test.each([
  [["plan"], 2, /name one workflow file/],
  [["plan", "w.yaml", "--prices", "none.yaml"], 1, /FILE_NOT_FOUND --prices none\.yaml/],
  [["plan", "w.yaml", "--prices", "w.yaml"], 1, /w\.yaml:\d+:\d+ KEY_UNKNOWN/],
  [["plan", "bad.yaml"], 1, /bad\.yaml:1:1 /],
] as const)("%p is answered with status %d", async (args, status, said) => {
  const folder = folderWith({ "w.yaml": WORKFLOW, "bad.yaml": "name: w\n" });
  expect(await callCommand(args, folder)).toEqual({ status, text: expect.stringMatching(said) });
});
