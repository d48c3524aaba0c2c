import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError, encodeWav } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { findWhisper } from "#native/whisper";
import { rejectionOf } from "#test/rejection";
import { tone } from "#test/signals";
import { fileAsr } from "../../../plugins/whisper/file-asr.ts";
import { samplesOf } from "../../../plugins/whisper/samples.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-whisper-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
/** Begins like a model, and is none. */
const likeOne = () => Buffer.concat([Buffer.from("lmgg"), Buffer.alloc(2_000_000, 1)]);
mkdirSync(join(folder, "a-folder"));

test.each([
  { name: "nothing", model: () => join(folder, "nowhere.bin"), code: "FILE_NOT_FOUND" },
  { name: "a folder", model: () => join(folder, "a-folder"), code: "FILE_UNREADABLE" },
  { name: "a text", model: () => file("text.bin", "hello"), code: "MODEL_UNFIT" },
  { name: "an empty file", model: () => file("empty.bin", ""), code: "MODEL_UNFIT" },
  {
    name: "a model that breaks off",
    model: () => file("short.bin", likeOne().subarray(0, 999_999)),
    code: "MODEL_UNFIT",
  },
  {
    name: "what only begins like a model",
    model: () => file("like.bin", likeOne()),
    code: findWhisper() ? "MODEL_UNFIT" : "ENGINE_MISSING",
  },
])("$name for a model: $code", async ({ model, code }) => {
  const path = model();
  const error = await driveNode(fileAsr, { model: path }, { frames: [] }).then(
    () => new Error("it was taken"),
    (cause: unknown) => cause,
  );
  if (!(error instanceof EngineError)) throw error;
  expect(error.code).toBe(code as never);
  expect(error.message).toContain(code === "ENGINE_MISSING" ? "bun add @fugood/whisper.node" : path);
});

test("a recording is heard at 16 kHz and mono, whatever it was", async () => {
  const wav = encodeWav(tone({ hz: 440, ms: 500, rateHz: 48_000 }), { sampleRateHz: 48_000, channels: 1 });
  const pcm = await samplesOf({ kind: "recording", source: { bytes: wav } }, 1e6);
  expect(pcm.length).toBe(8000);
  expect(Math.max(...pcm)).toBeGreaterThan(1000);
});

test.each([
  { name: "an address", source: { url: "https://example.org/x.wav" }, code: "FILE_UNREADABLE" },
  { name: "a file that is not there", source: { path: "/nowhere/x.wav" }, code: "FILE_NOT_FOUND" },
  {
    name: "a text",
    source: { bytes: new TextEncoder().encode("this is a text and no recording at all") },
    code: "AUDIO_NOT_RECOGNISED",
  },
  {
    name: "too much",
    source: { bytes: encodeWav(tone({ hz: 440, ms: 500 }), { sampleRateHz: 16_000, channels: 1 }) },
    code: "AUDIO_TOO_LONG",
  },
])("$name for a recording: $code", async ({ source, code }) => {
  expect(await rejectionOf(samplesOf({ kind: "recording", source }, 5000))).toMatchObject({ code });
});
