import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeMuLaw, Resampler } from "#engine/audio";
import { audioLibrary, NativeAudio, openAudioLibrary } from "#native/audio";
import { buildLibrary, findCompiler, type LibrarySpec } from "#native/library";
import { openSessionLibrary, sessionLibrary, VadSessions } from "#native/vad-session";
import { WebRtcVad } from "#native/webrtc-vad";
import { anything, extremes } from "#test/detector-signals";

setDefaultTimeout(180_000); // libraries are compiled, on a machine that may be busy

const dir = mkdtempSync(join(tmpdir(), "parlando-without-avx2-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** The library as it is on a processor that does not have AVX2. */
const built = (spec: LibrarySpec): string =>
  buildLibrary({ ...spec, flags: [...spec.flags, "-DWITHOUT_AVX2"] }, { dir });

const missing = expect.objectContaining({ code: "ENGINE_MISSING" });

describe.skipIf(!findCompiler())("on a processor without AVX2 (needs a C compiler)", () => {
  test("sessions choose portable C, refuse AVX2 with a code, and judge as the plain detector", () => {
    const library = openSessionLibrary(built(sessionLibrary()));
    expect(() => VadSessions.create("avx2", library)).toThrow(missing);
    using pool = VadSessions.create(undefined, library);
    expect(pool.way).toBe("portable");
    const settings = { sampleRateHz: 16000, frameMs: 20, aggressiveness: 2, preRollMs: 300, minSpeechMs: 60 };
    const streams = Array.from({ length: 20 }, (_, i) => ({
      id: pool.open({ ...settings, endpointMs: 500, maxSegmentMs: 15000, settleMs: 200 }),
      plain: WebRtcVad.open(16000, 2),
      pcm: anything(320 * 60, 16000, i + 1),
    }));
    for (let at = 0; at < 320 * 60; at += 320) {
      for (const { id, pcm } of streams) pool.stage(id, pcm.slice(at, at + 320));
      const batch = pool.run();
      for (const [i, { plain, pcm }] of streams.entries())
        expect(batch.voiced(i, 0)).toBe(plain.isSpeech(pcm.slice(at, at + 320)));
    }
    for (const { plain } of streams) plain.close();
  });

  test("conversions choose portable C, refuse AVX2 with a code, and give the same samples", () => {
    const library = openAudioLibrary(built(audioLibrary()));
    expect(() => NativeAudio.open("avx2", library)).toThrow(missing);
    const native = NativeAudio.open(undefined, library);
    expect(native.way).toBe("portable");
    const pcm = extremes(4800, 1);
    expect(native.encode("mulaw", pcm)).toEqual(encodeMuLaw(pcm));
    const resampled = new Resampler({
      fromHz: 48000,
      toHz: 16000,
      kernel: (filter, window, output) => native.resample(filter, window, output),
    });
    expect(resampled.push(pcm)).toEqual(new Resampler({ fromHz: 48000, toHz: 16000 }).push(pcm));
  });
});
