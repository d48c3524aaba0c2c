import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AudioFormat,
  type EncodedContainer,
  type EncodedFrame,
  isOpusHead,
  joinPcm,
  NodeTypes,
  OggReader,
  openDecoder,
  openEncoder,
  WavReader,
} from "#engine/plugin";
import { newHousehold, Run, VirtualClock } from "#engine/runtime";
import { driveNode, registerContract, sourceContract } from "#engine/testing";
import { formatFinding } from "#engine/workflow";
import core from "#plugins/core";
import { planText } from "#test/planning";
import { rejectionOf } from "#test/rejection";
import { concat, counting, framesOf, interleave, tone } from "#test/signals";

setDefaultTimeout(60_000);

const nodeType = (type: string) => core.nodes.find((node) => node.type === type)!;
const packets = nodeType("core.packets");
const audio = nodeType("core.audio");
const convert = nodeType("core.convert");

const folder = mkdtempSync(join(tmpdir(), "parlando-packets-"));
afterAll(() => rmSync(folder, { recursive: true }));

const MONO: AudioFormat = { sampleRateHz: 16_000, channels: 1 };

async function coded(container: EncodedContainer, pcm: Int16Array, format = MONO): Promise<Uint8Array> {
  const encoder = await openEncoder(container, format);
  const bytes = Buffer.concat([encoder.encode(pcm), encoder.end()]);
  encoder.close();
  return new Uint8Array(bytes);
}

let files = 0;
function kept(bytes: Uint8Array, name = "talk.opus"): string {
  const path = join(folder, `${++files}-${name}`);
  writeFileSync(path, bytes);
  return path;
}

const speech = tone({ hz: 440, ms: 505 });
const recording = await coded("opus", speech);
const stereo = await coded("opus", interleave(speech, tone({ hz: 600, ms: 505 })), {
  sampleRateHz: 48_000,
  channels: 2,
});
const packetsIn = (bytes: Uint8Array) => new OggReader().push(bytes).filter((packet) => !isOpusHead(packet));
const encodedOf = (frames: readonly unknown[]) => frames as EncodedFrame[];

async function sound(bytes: Uint8Array): Promise<Int16Array> {
  const decoder = await openDecoder("opus");
  const pcm = joinPcm([await decoder.push(bytes), await decoder.end()]);
  decoder.close();
  return pcm;
}

registerContract(
  sourceContract("packets of a recording", () => ({ definition: packets, config: { path: kept(recording) } })),
  test,
);

test("the packets of a recording come as they are, one after the other, the last as long as the recording says", async () => {
  const { frames } = await driveNode(packets, { path: kept(recording) });
  const found = encodedOf(frames("packets"));
  expect(found.map(({ packet }) => [...packet])).toEqual(packetsIn(recording).map((packet) => [...packet]));
  expect(found.map(({ startSample }) => startSample)).toEqual(found.map((_, i) => i * 320));
  expect(found.slice(0, -1).every(({ sampleCount }) => sampleCount === 320)).toBe(true);
  const { startSample, sampleCount, ...facts } = found.at(-1)!;
  expect(startSample + sampleCount).toBe(speech.length + 104); // behind the encoder's start of 6.5 ms
  expect(facts).toMatchObject({ kind: "encoded", codec: "opus", ...MONO });
});

test.each([
  { name: "as the recording says", format: { sampleRateHz: 24_000, channels: 1 }, settings: {}, rateHz: 24_000 },
  { name: "as asked for", format: MONO, settings: { sampleRateHz: 48_000 }, rateHz: 48_000 },
])("positions count $name", async ({ format, settings, rateHz }) => {
  const path = kept(await coded("opus", tone({ hz: 440, ms: 200, rateHz: format.sampleRateHz }), format));
  const [first, second] = encodedOf((await driveNode(packets, { path, ...settings })).frames("packets"));
  expect(first).toMatchObject({ sampleRateHz: rateHz, startSample: 0, sampleCount: rateHz / 50 });
  expect(second).toMatchObject({ startSample: rateHz / 50 });
});

test("decoded, they are what core.file gives, later by the encoder's start", async () => {
  const path = kept(recording);
  const sent = await driveNode(packets, { path, sampleRateHz: 48_000 });
  const back = await driveNode(convert, {}, { frames: sent.frames("packets") });
  const pcm = concat(...back.frames("audio").flatMap((frame) => (frame.kind === "audio" ? [frame.pcm] : [])));
  expect(pcm.subarray(312)).toEqual(await sound(recording));
});

test("in real time a packet comes when its last sample has been spoken", async () => {
  const clock = new VirtualClock();
  await driveNode(packets, { path: kept(recording), pace: "realtime" }, { clock });
  expect(clock.nowMs()).toBe(511.5);
});

describe("what gives no packets is a coded error that names it, from the probe and from the node", () => {
  const cut = recording.subarray(0, recording.length >> 1);
  const damaged = recording.slice();
  damaged[recording.length - 20]! ^= 0xff;
  const cases: readonly { name: string; path: () => string; code: string; later?: true }[] = [
    { name: "nothing there", path: () => join(folder, "none.opus"), code: "FILE_NOT_FOUND" },
    { name: "an empty file", path: () => kept(new Uint8Array(0)), code: "AUDIO_EMPTY" },
    { name: "a head alone", path: () => kept(recording.subarray(0, 90)), code: "AUDIO_EMPTY" },
    {
      name: "text by the name of Opus",
      path: () => kept(Buffer.from("no Opus, but a text")),
      code: "CODEC_UNSUPPORTED",
    },
    { name: "a damaged page", path: () => kept(damaged), code: "AUDIO_DAMAGED" },
  ];
  test.each([...cases])("$name: $code", async ({ path, code }) => {
    const location = path();
    const error = { code, message: expect.stringContaining(location) };
    expect(await rejectionOf(packets.opens!.probe({ path: location }))).toMatchObject(error);
    expect(await rejectionOf(driveNode(packets, { path: location }))).toMatchObject(error);
  });

  test.each(["mp3", "vorbis"] as const)("a recording in %s: CODEC_UNSUPPORTED", async (container) => {
    const path = kept(await coded(container, tone({ hz: 440, ms: 3000 })));
    expect(await rejectionOf(driveNode(packets, { path }))).toMatchObject({ code: "CODEC_UNSUPPORTED" });
  });

  test("a recording that breaks off is read as far as it goes, and told", async () => {
    const { events, frames } = await driveNode(packets, { path: kept(cut) });
    const found = encodedOf(frames("packets"));
    expect(found.length).toBeGreaterThan(5);
    expect(found.length).toBeLessThan(packetsIn(recording).length);
    expect(events).toContainEqual({ type: "truncated", foundMs: found.length * 20 });
  });
});

describe("core.audio writes packets as they are", () => {
  const write = async (frames: readonly EncodedFrame[], settings: object = {}) => {
    const driven = await driveNode(audio, { path: "kept.opus", ...settings }, { frames });
    return { ...driven, bytes: driven.artifacts["kept.opus"]! };
  };
  const taken = async (bytes = recording) =>
    encodedOf((await driveNode(packets, { path: kept(bytes) })).frames("packets"));

  test.each([
    { name: "mono", bytes: recording },
    {
      name: "stereo",
      bytes: stereo,
    },
  ])("so that a recording taken apart and put together is the same one: $name", async ({ bytes }) => {
    const { bytes: again, counters } = await write(await taken(bytes));
    expect(packetsIn(again)).toEqual(packetsIn(bytes));
    expect(await sound(again)).toEqual(await sound(bytes));
    expect(counters).toEqual({});
  });

  test("those that core.convert made play for as long as the audio was", async () => {
    const sent = await driveNode(convert, { codec: "opus" }, { frames: framesOf(speech) });
    const { bytes } = await write(encodedOf(sent.frames("audio")));
    expect((await sound(bytes)).length / 48).toBe(505 - 6.5);
  });

  test("a gap is joined, or filled with silence in whole packets", async () => {
    const all = await taken();
    const late = all.map((frame) => ({ ...frame, startSample: frame.startSample + 16_000 }));
    const joined = await write([...all, ...late]);
    const gap = 16_000 - speech.length - 104;
    expect(joined.counters).toEqual({ joinedGapSamples: gap });
    const filled = await write([...all, ...late], { gaps: "silence" });
    expect(filled.counters.silenceSamples! % 320).toBe(0);
    const playedMs = (await sound(filled.bytes)).length / 48;
    expect(Math.abs(playedMs - 1505)).toBeLessThan(20);
  });

  test("where none came it is an empty file, and no fault", async () => {
    expect(await sound((await write([])).bytes)).toHaveLength(0);
  });

  test.each([
    { name: "of another codec", path: "kept.opus", change: { codec: "alaw" }, code: "CODEC_UNSUPPORTED" },
    { name: "that are none", path: "kept.opus", change: { packet: new Uint8Array(0) }, code: "AUDIO_NOT_RECOGNISED" },
    { name: "into an MP3", path: "kept.mp3", change: {}, code: "CODEC_UNSUPPORTED" },
    { name: "of another format", path: "kept.opus", change: { channels: 2 }, code: "AUDIO_FORMAT_UNSUPPORTED" },
  ])("packets $name are refused with $code", async ({ path, change, code }) => {
    const [first, second] = await taken();
    const frames = [first!, { ...second!, ...change }];
    expect(await rejectionOf(driveNode(audio, { path }, { frames }))).toMatchObject({ code });
  });

  test.each([
    { name: "audio after packets", first: "packets" },
    { name: "packets after audio", first: "audio" },
  ])("$name are refused: a file has one of them", async ({ first }) => {
    const [packet] = await taken();
    const [frame] = framesOf(counting(320));
    const frames = first === "packets" ? [packet!, frame!] : [frame!, packet!];
    const driven = driveNode(audio, { path: "kept.opus" }, { frames });
    expect(await rejectionOf(driven)).toMatchObject({ code: "AUDIO_FORMAT_UNSUPPORTED" });
  });

  test("only a file of Opus is offered packets", () => {
    const kinds = (path: string) => audio.inputs(audio.config.parse({ path })).audio!.kinds;
    expect(kinds("a.opus")).toEqual(["audio", "encoded"]);
    expect(kinds("a.mp3")).toEqual(["audio"]);
  });
});

test("a workflow's input of packets is bound to a recording, and they reach a file untouched", async () => {
  const dir = mkdtempSync(join(folder, "run-"));
  writeFileSync(join(dir, "talk.opus"), recording);
  const text = `
parlando: 1
name: keep
inputs: { talk: { kind: encoded } }
nodes:
  kept: { use: core.audio, from: inputs.talk, with: { path: "\${run.dir}/kept.opus" } }
  heard: { use: core.convert, from: inputs.talk }
  spoken: { use: core.wav, from: heard, with: { path: "\${run.dir}/heard.wav" } }
`;
  const asked = { types: new NodeTypes([core]), purpose: "run", run: { id: "r", dir }, cwd: dir } as const;
  const { plan, findings } = await planText(text, { ...asked, bindings: { talk: { location: "talk.opus" } } }, dir);
  if (!plan) throw new Error(findings.map(formatFinding).join("\n"));
  expect(plan.nodes.filter(({ inserted }) => inserted)).toEqual([]);
  const report = await new Run(plan, { runId: "r", clock: new VirtualClock() }, newHousehold()).done;
  expect(report.state).toBe("done");
  expect(report.imbalances).toEqual([]);
  expect(packetsIn(readFileSync(join(dir, "kept.opus")))).toEqual(packetsIn(recording));
  expect(new WavReader().push(readFileSync(join(dir, "heard.wav")))).toHaveLength(speech.length + 104);
});
