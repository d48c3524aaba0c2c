import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import {
  decodeALaw,
  decodeMuLaw,
  encodeALaw,
  encodeMuLaw,
  levelDbfs,
  type ResampleKernel,
  Resampler,
  resampleFilter,
} from "#engine/audio";
import { NativeAudio, nativeAudio, type Way } from "#native/audio";
import { anything, extremes } from "#test/detector-signals";
import { hasCompiler } from "#test/sanitizers";
import { chunked } from "#test/signals";

setDefaultTimeout(60_000); // the library may have to be compiled first, on a machine that may be busy

const RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000];

const ways: Way[] = hasCompiler ? (["avx2", "portable"] as const).filter((way) => opens(way)) : [];

function opens(way: Way): boolean {
  try {
    NativeAudio.open(way);
    return true;
  } catch {
    return false;
  }
}

const kernelOf =
  (native: NativeAudio): ResampleKernel =>
  (filter, window, output) =>
    native.resample(filter, window, output);

interface Options {
  readonly fromHz: number;
  readonly toHz: number;
  readonly channels: number;
  readonly startSample: number;
}

/** Pushes and flushes until nothing is left; a chunk of length 0 is a flush in between. */
function pieces(pcm: Int16Array, options: Options, chunks: readonly number[], kernel?: ResampleKernel): Int16Array[] {
  const resampler = new Resampler({ ...options, kernel });
  const parts = chunked(
    pcm,
    chunks.map((length) => length * options.channels),
  ).map((chunk, i) => (chunks[i % chunks.length] === 0 ? resampler.flush() : resampler.push(chunk)));
  return [...parts, resampler.flush()];
}

describe.skipIf(ways.length === 0).each(ways)("by way of %s (needs a C compiler)", (way) => {
  const native = () => NativeAudio.open(way);

  test("every pair of rates gives the samples that TypeScript gives, whatever the chunks, channels and signals", () => {
    const kernel = kernelOf(native());
    let seed = 0;
    for (const fromHz of RATES)
      for (const toHz of RATES)
        fc.assert(
          fc.property(
            fc.integer({ min: 1, max: 3 }),
            fc.nat(100_000),
            fc.integer({ min: 1, max: 1200 }),
            fc.array(fc.nat(700), { minLength: 1, maxLength: 6 }),
            (channels, startSample, count, chunks) => {
              seed++;
              const pcm = (seed % 2 === 0 ? extremes : anyAt(fromHz))(count * channels, seed);
              const options = { fromHz, toHz, channels, startSample };
              expect(pieces(pcm, options, chunks, kernel)).toEqual(pieces(pcm, options, chunks));
            },
          ),
          { numRuns: 12, seed: fromHz * 7 + toHz },
        );
  });

  test("a signal that drives the filter to its limits saturates alike", () => {
    const kernel = kernelOf(native());
    for (const [fromHz, toHz] of [
      [48000, 16000],
      [8000, 16000],
      [22050, 16000],
    ] as const) {
      const { taps, tapsPerPhase, phases } = resampleFilter(fromHz, toHz);
      for (const sign of [1, -1])
        for (let phase = 0; phase < Math.min(phases, 40); phase++) {
          const row = taps.subarray(phase * tapsPerPhase, (phase + 1) * tapsPerPhase);
          const worst = Int16Array.from({ length: 3 * tapsPerPhase }, (_, i) =>
            row[i % tapsPerPhase]! * sign > 0 ? 32767 : -32768,
          );
          const options = { fromHz, toHz, channels: 1, startSample: 0 };
          const plain = pieces(worst, options, [worst.length]);
          expect(pieces(worst, options, [worst.length], kernel)).toEqual(plain);
        }
    }
  });

  test("every sample and every byte is encoded and decoded as in TypeScript, at every length", () => {
    const every = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const audio = native();
    expect(audio.encode("alaw", every)).toEqual(encodeALaw(every));
    expect(audio.encode("mulaw", every)).toEqual(encodeMuLaw(every));
    expect(audio.decode("alaw", codes)).toEqual(decodeALaw(codes));
    expect(audio.decode("mulaw", codes)).toEqual(decodeMuLaw(codes));
    for (let length = 0; length < 70; length++) {
      const some = extremes(length, length);
      expect(audio.encode("alaw", some)).toEqual(encodeALaw(some));
      expect(audio.encode("mulaw", some)).toEqual(encodeMuLaw(some));
    }
  });

  test("a level is the same number", () => {
    const audio = native();
    for (let length = 0; length < 700; length += length < 40 ? 1 : 13)
      for (const pcm of [extremes(length, length), anyAt(16000)(length, length), new Int16Array(length).fill(-32768)])
        expect(audio.levelDbfs(pcm)).toBe(levelDbfs(pcm));
  });

  test("views into the middle of a larger array are read where they are", () => {
    const whole = anyAt(48000)(3000, 5);
    const view = whole.subarray(1001, 2001);
    const audio = native();
    expect(audio.encode("mulaw", view)).toEqual(encodeMuLaw(view));
    expect(audio.levelDbfs(view)).toBe(levelDbfs(view));
    expect(audio.decode("alaw", new Uint8Array(whole.buffer, 3, 997))).toEqual(
      decodeALaw(new Uint8Array(whole.buffer, 3, 997)),
    );
  });

  const filter = resampleFilter(48000, 16000);
  const window = { samples: new Int16Array(400), plane: 200, channels: 2, at: 47, phase: 0 };
  const output = new Int16Array(2);

  test.each([
    { name: "an empty window", call: () => ({ filter, window: { ...window, samples: new Int16Array(0) }, output }) },
    { name: "a time before the window", call: () => ({ filter, window: { ...window, at: 46 }, output }) },
    { name: "a time after the window", call: () => ({ filter, window: { ...window, at: 152 }, output }) },
    { name: "planes longer than the window", call: () => ({ filter, window: { ...window, plane: 201 }, output }) },
    { name: "no channels", call: () => ({ filter, window: { ...window, channels: 0 }, output }) },
    { name: "a phase that there is not", call: () => ({ filter, window: { ...window, phase: 1 }, output }) },
    { name: "half a sample of two channels", call: () => ({ filter, window, output: new Int16Array(3) }) },
    { name: "too many outputs", call: () => ({ filter, window, output: new Int16Array(200) }) },
    {
      name: "taps that are no rows",
      call: () => ({ filter: { ...filter, taps: new Int16Array(97) }, window, output }),
    },
    { name: "no taps", call: () => ({ filter: { ...filter, taps: new Int16Array(0) }, window, output }) },
    { name: "no step", call: () => ({ filter: { ...filter, step: 0 }, window, output }) },
    { name: "numbers that are none", call: () => ({ filter, window: { ...window, plane: Number.NaN }, output }) },
  ])("$name is refused with a code", ({ call }) => {
    const given = call();
    expect(() => native().resample(given.filter, given.window, given.output)).toThrow(
      expect.objectContaining({ code: "NODE_PROTOCOL" }),
    );
  });

  test("what is just within the window is computed", () => {
    native().resample(filter, { ...window, at: 151 }, output);
    native().resample(filter, window, new Int16Array(0));
  });
});

const anyAt = (rateHz: number) => (samples: number, seed: number) => anything(samples, rateHz, seed);

test.skipIf(!hasCompiler)("the process has one, by the best way there is (needs a C compiler)", () => {
  expect(nativeAudio()).toBe(nativeAudio()!);
  expect(nativeAudio()!.way).toBe(ways[0]!);
});

test("without a compiler there is none, and TypeScript serves", async () => {
  const env = { ...process.env, PATH: "/nowhere", PARLANDO_NATIVE_DIR: `/nowhere/${process.pid}` };
  const code = 'import { nativeAudio } from "#native/audio"; console.log(nativeAudio() === undefined);';
  const child = Bun.spawn([process.execPath, "-e", code], { env, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect({ status: await child.exited, out, err }).toEqual({ status: 0, out: "true\n", err: "" });
});
