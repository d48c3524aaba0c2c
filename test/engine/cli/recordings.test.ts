import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { encodeWav, wavHeader } from "#engine/audio";
import { callCommand } from "#test/called-command";
import { CHECKOUT, runCommand } from "#test/command-line";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { sampleStart, scratchFolder } from "#test/short-recording";
import { silence, tone } from "#test/signals";
import { finalsOf, toldEvents, toldReport, wholeWav } from "#test/told-events";
import { data, fmt, wavBytes } from "#test/wav-bytes";

setDefaultTimeout(120_000);

const INTERPRET = join(CHECKOUT, "workflows/interpret.yaml");
const MONO_16K = { sampleRateHz: 16_000, channels: 1 };
const ascii = (text: string) => new TextEncoder().encode(text);
const whole = encodeWav(tone({ hz: 440, ms: 1000 }), MONO_16K);

/** Copies the audio of a recording, so that what came through can be looked at. */
const COPY = `parlando: 1
name: copy
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  copy: { use: core.wav, from: inputs.talk, with: { path: "\${run.dir}/copy.wav" } }
  speech: { use: core.wav, from: vad, with: { path: "\${run.dir}/speech.wav" } }
`;

/** Runs a workflow over one recording in this process, under the virtual clock. */
async function runOver(workflow: string, bytes: Uint8Array | undefined, more: readonly string[] = []) {
  const folder = scratchFolder();
  writeFileSync(join(folder, "copy.yaml"), COPY);
  if (bytes) writeFileSync(join(folder, "talk.wav"), bytes);
  const args = ["run", workflow, "--in", "talk=talk.wav", "--out", "out", "--clock", "virtual", ...more];
  const called = await callCommand(args, folder);
  const out = join(folder, "out");
  const copy = existsSync(join(out, "copy.wav")) ? wholeWav(join(out, "copy.wav")) : undefined;
  const started = existsSync(out);
  rmSync(folder, { recursive: true });
  return { ...called, copy, started };
}

test.each([
  { recording: "that is not there", bytes: undefined, code: "INPUT_ABSENT", says: "no such file; wanted a recording" },
  { recording: "of no bytes", bytes: new Uint8Array(), code: "INPUT_FAULTY", says: "0 bytes; wanted a WAV recording" },
  {
    recording: "without a sample",
    bytes: encodeWav(new Int16Array(), MONO_16K),
    code: "INPUT_FAULTY",
    says: "no samples after the WAV header; wanted a recording",
  },
  {
    recording: "cut off within its header",
    bytes: whole.subarray(0, 30),
    code: "INPUT_FAULTY",
    says: "the WAV header breaks off after 30 bytes",
  },
  {
    recording: "cut off before its first sample",
    bytes: whole.subarray(0, 44),
    code: "INPUT_FAULTY",
    says: "the header promises 16000 samples, the file ends before the first",
  },
  {
    recording: "that is a text",
    bytes: ascii("Dear diary, this is no recording.\n".repeat(40)),
    code: "INPUT_FAULTY",
    says: "looks like text; wanted WAV, MP3, FLAC or Ogg",
  },
  {
    recording: "with the tag of an MP3 and nothing behind it",
    bytes: new Uint8Array([...ascii("ID3"), 3, 0, 0, 0, 0, 0, 0, ...new Uint8Array(500)]),
    code: "INPUT_FAULTY",
    says: "looks like MP3, but 510 bytes hold not one sample of it",
  },
  {
    recording: "at a million hertz",
    bytes: wavBytes({ chunks: [fmt({ rateHz: 1_000_000 }), data([1, 2, 3])] }),
    code: "INPUT_FAULTY",
    says: "1000000 Hz",
  },
])("a recording $recording is a finding that says what was found and wanted, and nothing starts", async (each) => {
  const { status, text, started } = await runOver(INTERPRET, each.bytes);
  expect(status).toBe(1);
  expect(text).toContain(` ${each.code} `);
  expect(text).toContain("talk.wav: ");
  expect(text).toContain(each.says);
  expect(started).toBe(false);
});

test.each([
  { cut: "between two samples", bytes: 44 + 10_000, samples: 5000 },
  { cut: "within a sample", bytes: 44 + 10_001, samples: 5000 },
])("a recording that ends early, $cut, is read as far as it goes, and the run says so", async ({ bytes, samples }) => {
  const { status, text, copy } = await runOver("copy.yaml", whole.subarray(0, bytes), ["--json"]);
  expect(status).toBe(0);
  const events = toldEvents(text);
  expect(events.flatMap(({ event }) => (event?.type === "truncated" ? [event] : []))).toEqual([
    { type: "truncated", declaredMs: 1000, foundMs: samples / 16 } as never,
  ]);
  expect(toldReport(events)).toMatchObject({ state: "done", imbalances: [] });
  expect(copy).toHaveLength(samples);
});

describe.skipIf(enginesMissing.length > 0)(`speech at rates that no engine works at${NEEDS_ENGINES}`, () => {
  test.each([
    { rateHz: 48_000, channels: 2, finals: ["go forward ten meters"] },
    { rateHz: 44_100, channels: 1, finals: ["go forward ten meters"] },
    { rateHz: 8000, channels: 1, finals: undefined }, // half of what the model listens to is missing: it hears, and mishears
    { rateHz: 7000, channels: 1, finals: undefined },
  ])("$rateHz Hz with $channels channels comes through as text", async ({ rateHz, channels, finals }) => {
    const recording = encodeWav(atRate(await sampleStart(4.7), rateHz, channels), { sampleRateHz: rateHz, channels });
    const { status, text } = await runOver(INTERPRET, recording, ["--json", "--param", "final=fast"]);
    const events = toldEvents(text);
    expect(status).toBe(0);
    expect(finalsOf(events, "transcript")).toEqual(
      finals ? [...finals] : [expect.stringMatching(/^[\w']+( [\w']+)+$/)],
    );
    expect(finalsOf(events, "translation")).toHaveLength(1);
    expect(toldReport(events)).toMatchObject({ state: "done", imbalances: [] });
  });
});

test("an hour goes through in bounded memory, and not a sample is lost", async () => {
  const folder = scratchFolder();
  const hour = 3600 * 8000;
  writeFileSync(join(folder, "copy.yaml"), COPY);
  mkdirSync(join(folder, "out"));
  const file = openSync(join(folder, "talk.wav"), "w");
  writeSync(file, wavHeader({ sampleRateHz: 8000, channels: 1 }, hour * 2));
  ftruncateSync(file, 44 + hour * 2); // a file with a hole takes no room on the disk
  closeSync(file);
  const args = ["run", "copy.yaml", "--in", "talk=talk.wav", "--out", "out", "--json"];
  const { status, out, peakBytes } = await runCommand(args, { cwd: folder, limitMs: 100_000 });
  const report = toldReport(toldEvents(out));
  const vad = report.nodes.find(({ node }) => node === "vad");
  rmSync(folder, { recursive: true });
  expect(status).toBe(0);
  expect(report).toMatchObject({ state: "done", failures: [], imbalances: [] });
  expect(report.artifacts.map(({ bytes }) => bytes)).toContain(44 + hour * 2);
  expect(vad).toMatchObject({ in: { samples: hour }, out: { samples: 0 }, gated: hour });
  expect(peakBytes).toBeLessThan(250_000_000); // the recording has 58 MB, and all of the engine fits into 100
});

test("a recording of silence alone gives empty, valid files", async () => {
  const { status, text, copy } = await runOver("copy.yaml", encodeWav(silence({ ms: 1500 }), MONO_16K), ["--json"]);
  expect(status).toBe(0);
  expect(copy).toEqual(silence({ ms: 1500 }));
  expect(
    toldReport(toldEvents(text))
      .artifacts.map(({ bytes }) => bytes)
      .sort(),
  ).toEqual([44, 44 + 48_000]);
});

/** 16 kHz mono at another rate, between its samples by a straight line, the same in each channel. */
function atRate(pcm: Int16Array, rateHz: number, channels: number): Int16Array {
  const samples = Math.floor((pcm.length * rateHz) / 16_000);
  return Int16Array.from({ length: samples * channels }, (_, i) => {
    const place = (Math.floor(i / channels) * 16_000) / rateHz;
    const before = Math.floor(place);
    const [left, right] = [pcm[before] ?? 0, pcm[before + 1] ?? pcm[before] ?? 0];
    return Math.round(left + (place - before) * (right - left));
  });
}
