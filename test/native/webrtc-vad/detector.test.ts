import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLibrary, libraryPath } from "#native/library";
import { type Aggressiveness, detectorLibrary, findDetector, openBestBackend, WebRtcVad } from "#native/webrtc-vad";
import { covers } from "#test/covers";
import { anything, extremes, pinkNoise, silence, voice, whiteNoise } from "#test/detector-signals";
import { recordingNames, recordingPcm, recordingsInstalled } from "#test/recordings";

const RATES = [8000, 16000, 32000];
const LENGTHS_MS = [10, 20, 30];
const MODES: Aggressiveness[] = [0, 1, 2, 3];
const COMPILED = findDetector().compiler !== undefined || findDetector().library !== undefined;

beforeAll(() => void (COMPILED && buildLibrary(detectorLibrary())), 120_000);

/** Feeds both detectors and counts frames and disagreements. */
function compare(pcm: Int16Array, sampleRateHz: number, frameMs: number, mode: Aggressiveness) {
  using compiled = WebRtcVad.open(sampleRateHz, mode, "native");
  using wasm = WebRtcVad.open(sampleRateHz, mode, "wasm");
  const length = (sampleRateHz / 1000) * frameMs;
  let [frames, mismatches, voiced] = [0, 0, 0];
  for (let at = 0; at + length <= pcm.length; at += length) {
    const frame = pcm.subarray(at, at + length);
    const verdict = compiled.isSpeech(frame);
    frames++;
    if (verdict) voiced++;
    if (verdict !== wasm.isSpeech(frame)) mismatches++;
  }
  return { frames, mismatches, voiced };
}

describe.skipIf(!COMPILED)("the compiled detector and the WebAssembly one (needs a C compiler)", () => {
  test("decide alike on 20,000 frames of speech, noise and extreme signals, at every rate, length and mode", () => {
    covers("E4");
    const total = { frames: 0, mismatches: 0, voiced: 0 };
    let seed = 1;
    for (const rate of RATES)
      for (const frameMs of LENGTHS_MS)
        for (const mode of MODES) {
          const samples = (rate / 1000) * frameMs * 560;
          const found = compare(anything(samples, rate, seed++), rate, frameMs, mode);
          total.frames += found.frames;
          total.mismatches += found.mismatches;
          total.voiced += found.voiced;
        }
    expect(total.frames).toBeGreaterThanOrEqual(20_000);
    expect(total.mismatches).toBe(0);
    expect(total.voiced / total.frames).toBeWithin(0.2, 0.9); // a detector that always says the same would agree too
  });

  test.skipIf(!recordingsInstalled())("decide alike on recorded speech (needs pocketsphinx-testdata)", () => {
    for (const name of recordingNames())
      for (const mode of MODES) expect(compare(recordingPcm(name), 16000, 20, mode).mismatches).toBe(0);
  });
});

test.skipIf(!findDetector().compiler)("a library that was damaged on disk is built anew (needs a C compiler)", () => {
  const dir = mkdtempSync(join(tmpdir(), "parlando-damaged-"));
  const path = libraryPath(detectorLibrary(), dir);
  writeFileSync(path, "half a library");
  expect(openBestBackend({ dir }).facts).toEqual({ backend: "native", path });
  rmSync(dir, { recursive: true });
});

const backends = COMPILED ? (["native", "wasm"] as const) : (["wasm"] as const);

describe.each(backends)("a %s detector", (backend) => {
  test.each([
    { name: "silence", pcm: silence(32000), voiced: 0 },
    { name: "a voice", pcm: voice(32000, 16000, 1, 0), voiced: 0.8 },
  ])("knows $name", ({ pcm, voiced }) => {
    using vad = WebRtcVad.open(16000, 3, backend);
    let count = 0;
    for (let at = 0; at < pcm.length; at += 320) if (vad.isSpeech(pcm.subarray(at, at + 320))) count++;
    if (voiced === 0) expect(count).toBe(0);
    else expect(count / 100).toBeGreaterThan(voiced);
  });

  test.each([0, 1, 79, 81, 319, 321, 640, 960, 100_000])("refuses a frame of %d samples and works on", (length) => {
    using vad = WebRtcVad.open(16000, 2, backend);
    expect(() => vad.isSpeech(new Int16Array(length))).toThrow(
      expect.objectContaining({ code: "AUDIO_FORMAT_UNSUPPORTED", message: expect.stringContaining("160, 320, 480") }),
    );
    expect(vad.isSpeech(silence(320))).toBe(false);
  });

  test("reads no further than an array of another type reaches", () => {
    using vad = WebRtcVad.open(16000, 2, backend);
    const bytes = new Uint8Array(320) as unknown as Int16Array; // what an untyped caller may hand over
    expect(() => vad.isSpeech(bytes)).not.toThrow(); // 320 bytes are the 160 samples of 10 ms
    expect(() => vad.isSpeech(bytes.subarray(0, 318))).toThrow("159 samples");
  });

  test("throws after close() instead of touching freed memory; a second close() does nothing", () => {
    const vad = WebRtcVad.open(16000, 2, backend);
    vad.close();
    vad.close();
    expect(() => vad.isSpeech(silence(320))).toThrow("after close()");
  });

  test("is closed by `using`", () => {
    let kept: WebRtcVad | undefined;
    {
      using vad = WebRtcVad.open(16000, 2, backend);
      kept = vad;
    }
    expect(() => kept.isSpeech(silence(320))).toThrow("after close()");
  });

  test("remembers only its own stream", () => {
    const [a, b] = [voice(64000, 16000, 5), extremes(64000, 6)];
    const verdicts = (vad: WebRtcVad, pcm: Int16Array, at: number) => vad.isSpeech(pcm.subarray(at, at + 320));
    using alone = WebRtcVad.open(16000, 1, backend);
    using first = WebRtcVad.open(16000, 1, backend);
    using second = WebRtcVad.open(16000, 1, backend);
    for (let at = 0; at < a.length; at += 320) {
      const wanted = verdicts(alone, a, at);
      expect(verdicts(first, a, at)).toBe(wanted);
      verdicts(second, b, at);
    }
  });

  test("stays right over many small frames while memory is collected and moved", () => {
    const pcm = anything(160 * 6000, 16000, 11);
    using vad = WebRtcVad.open(16000, 2, backend);
    using reference = WebRtcVad.open(16000, 2, "wasm");
    let mismatches = 0;
    for (let at = 0; at < pcm.length; at += 160) {
      const frame = pcm.slice(at, at + 160); // its own small array, which the collector may move
      if (at % 160_000 === 0) Bun.gc(true);
      if (vad.isSpeech(frame) !== reference.isSpeech(pcm.subarray(at, at + 160))) mismatches++;
    }
    expect(mismatches).toBe(0);
  });

  test.each([0, 11025, 44100, 48000, Number.NaN, -16000])("does not open at %d Hz", (rate) => {
    expect(() => WebRtcVad.open(rate, 3, backend)).toThrow(
      expect.objectContaining({ code: "AUDIO_FORMAT_UNSUPPORTED" }),
    );
  });

  test.each([-1, 4, 1.5, Number.NaN])("does not open with aggressiveness %d", (mode) => {
    expect(() => WebRtcVad.open(16000, mode as Aggressiveness, backend)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  test("gives its memory back", () => {
    for (let i = 0; i < 30_000; i++) WebRtcVad.open(16000, 3, backend).close();
    const many = Array.from({ length: 200 }, () => WebRtcVad.open(16000, 3, backend));
    for (const vad of many) vad.close();
  });
});

test("more WebAssembly detectors than one module instance holds are opened in a second one", () => {
  const many = Array.from({ length: 24_000 }, () => WebRtcVad.open(16000, 3, "wasm"));
  const noise = whiteNoise(320, 3000, 1);
  using fresh = WebRtcVad.open(16000, 3, "wasm");
  expect(many.at(-1)!.isSpeech(noise)).toBe(fresh.isSpeech(noise));
  for (const vad of many) vad.close();
});

describe("without a compiler", () => {
  const dir = mkdtempSync(join(tmpdir(), "parlando-native-"));

  test("the WebAssembly detector serves and says why", () => {
    const { facts, implementation } = openBestBackend({ dir, path: dir });
    expect(facts).toEqual({
      backend: "wasm",
      path: expect.stringContaining("fvad.wasm"),
      because: expect.stringContaining("no C compiler"),
    });
    const handle = implementation.open(3);
    expect(implementation.process(handle, 16000, pinkNoise(320, 100, 1), 320)).toBeOneOf([0, 1]);
    implementation.free(handle);
    expect(findDetector({ dir, path: dir })).toEqual({ wasm: facts.path });
  });

  test("a compiler that fails is named with what it said", () => {
    const broken = mkdtempSync(join(tmpdir(), "parlando-cc-"));
    writeFileSync(join(broken, "cc"), "#!/bin/sh\necho 'fatal error: stdint.h: No such file' >&2\nexit 1\n", {
      mode: 0o755,
    });
    expect(openBestBackend({ dir, path: broken }).facts).toEqual({
      backend: "wasm",
      path: expect.any(String),
      because: expect.stringMatching(/cc ended with status 1: fatal error: stdint.h/),
    });
    rmSync(broken, { recursive: true });
    rmSync(dir, { recursive: true });
  });
});
