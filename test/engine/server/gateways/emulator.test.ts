import { expect, setDefaultTimeout, test } from "bun:test";
import { type Frame, promptFrame } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import type { RunningEmulator } from "#engine/server";
import { driveNode } from "#engine/testing";
import { emulatorOf, everything, gatewayTypes, hearing, said, talk } from "#test/gateways";
import { rejectionOf } from "#test/rejection";
import { until } from "#test/until";

setDefaultTimeout(60_000); // real sockets, on a machine that may be busy

const SPEAKS = JSON.stringify({
  parlando: 1,
  name: "speaks",
  inputs: { words: { kind: "text" } },
  nodes: { voice: { use: "espeak.tts", from: "inputs.words", with: { voice: "en" } } },
  outputs: { speech: "voice" },
});

const drive = (type: string, settings: unknown, frames: Frame[]) => {
  const definition = gatewayTypes().get(type);
  if (!definition) throw new Error(`no ${type}`);
  return driveNode(definition, settings, { clock: new SystemClock(), frames });
};

/** All runs, once what they say at their end is stored. */
async function endedRuns({ control }: RunningEmulator) {
  const list = async () => (await control.runs.list(everything, {})).items;
  await until(async () => (await list()).every((run) => run.endedAtMs !== undefined));
  return list();
}

test.each([
  ["aliyun", "aliyun.asr", { mode: "continuous" }],
  ["tencent", "tencent.asr", { engine: "16k_en" }],
  ["rtvt", "rtvt.asr", { source: "en" }],
])("a vendor's emulator hears what its own node says, and keeps it as a run: %s", async (vendor, type, settings) => {
  const emulator = await emulatorOf(vendor, [{ text: hearing("one two", "three") }]);
  const heard = await drive(type, { ...emulator.nodes[type], ...settings }, talk(2000));
  expect(said(heard.frames("final"))).toEqual(["one two", "three"]);
  const runs = await endedRuns(emulator);
  expect(runs).toMatchObject([
    { state: "done", workflow: { name: "hearing" }, labels: { gateway: "emulated" }, inputs: [{ kind: "audio" }] },
  ]);
  const id = runs[0]!.id;
  const finals = await emulator.control.runs.finals(everything, id);
  expect(finals.filter(({ role }) => role === "transcript").map(({ text }) => text)).toEqual(["one two", "three"]);
  expect(await emulator.control.runs.usage(everything, { by: "workflow" })).toMatchObject([
    { of: "hearing", runs: 1, audioSeconds: 2 },
  ]);
  await emulator.close();
});

const word = promptFrame("hello there", "w-1");

test.each([
  ["aliyun", "aliyun.tts", { voice: "en" }],
  ["tencent", "tencent.tts", {}],
])("one gateway has a workflow for what is heard and one for what is said: %s", async (vendor, type, settings) => {
  const emulator = await emulatorOf(vendor, [{ text: hearing("one two") }, { text: SPEAKS }]);
  expect(emulator.unserved).toEqual([]);
  const spoken = await drive(type, { ...emulator.nodes[type], ...settings }, [word]);
  const samples = spoken.frames().reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0);
  expect(samples).toBeGreaterThan(4000);
  expect(await endedRuns(emulator)).toMatchObject([
    { state: "done", workflow: { name: "speaks" }, inputs: [{ kind: "text" }] },
  ]);
  await emulator.close();
});

test("what nothing is behind is said, and refused when it is asked for", async () => {
  const emulator = await emulatorOf("aliyun", [{ text: hearing("one two") }]);
  expect(emulator.unserved).toEqual(["synthesis"]);
  const refused = drive("aliyun.tts", { ...emulator.nodes["aliyun.tts"], link: { attempts: 1 } }, [word]);
  expect(await rejectionOf(refused)).toMatchObject({ details: { vendorCode: expect.any(Number) } });
  expect((await emulator.control.runs.list(everything, {})).items).toEqual([]);
  await emulator.close();
});

test.each([
  ["a vendor that nobody has", "acme", {}, /acme: there are gateways of aliyun, rtvt, tencent/],
  [
    "a setting that the gateway has not",
    "aliyun",
    { with: { tokenHours: -1 } },
    /gateways\.emulated\.with\.tokenHours/,
  ],
] as const)("%s is told, and nothing stays", async (_what, vendor, more, message) => {
  expect(await rejectionOf(emulatorOf(vendor, [{ text: hearing("one") }], more))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});
