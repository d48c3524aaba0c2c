import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  decodeALaw,
  decodeMuLaw,
  encodeALaw,
  encodeMuLaw,
  plainKernel,
  type ResampleKernel,
  Resampler,
} from "#engine/audio";
import { audioLibrary } from "#native/audio";
import { anything, extremes } from "#test/detector-signals";
import { asanLibrary, canPreload, hasCompiler, Sanitized } from "#test/sanitizers";
import { chunked } from "#test/signals";

const sanitized = new Sanitized(audioLibrary());
afterAll(() => sanitized.remove());

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A block as driver.c reads it: nine numbers, input, taps, answer. */
const block = (head: readonly number[], ...arrays: readonly ArrayBufferView[]): Uint8Array[] =>
  [Int32Array.from(head), ...arrays].map(bytesOf);

/** A kernel that writes down what it was asked, with every plane cut to just what its outputs look at. */
function recording(parts: Uint8Array[]): ResampleKernel {
  return (filter, window, output) => {
    plainKernel(filter, window, output);
    if (output.length === 0) return;
    const { phases, step, tapsPerPhase, taps } = filter;
    const { samples, plane, channels, at, phase } = window;
    const half = tapsPerPhase / 2;
    const last = at + Math.floor((phase + (output.length / channels - 1) * step) / phases);
    const planes = Array.from({ length: channels }, (_, channel) =>
      samples.slice(channel * plane + at - half + 1, channel * plane + last + half + 1),
    );
    const seen = Int16Array.from(planes.flatMap((each) => [...each]));
    const head = [0, channels, phases, step, half - 1, phase, seen.length, taps.length, output.length];
    parts.push(...block(head, seen, taps, output));
  };
}

const RATES = [
  [48000, 16000],
  [44100, 16000],
  [22050, 16000],
  [8000, 16000],
  [16000, 8000],
  [16000, 48000],
  [11025, 24000],
  [32000, 44100],
  [9600, 8000],
] as const;

function blocks(): Buffer {
  const parts: Uint8Array[] = [];
  const kernel = recording(parts);
  for (const [i, [fromHz, toHz]] of RATES.entries())
    for (const channels of [1, 2, 3]) {
      const resampler = new Resampler({ fromHz, toHz, channels, kernel, startSample: i * 1001 });
      const pcm = i % 2 === 0 ? extremes(3000 * channels, i + 1) : anything(3000 * channels, fromHz, i + 1);
      for (const chunk of chunked(pcm, [channels, 320 * channels, 47 * channels, 960 * channels]))
        resampler.push(chunk);
      resampler.flush();
    }
  const every = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const [law, encode, decode] of [
    [0, encodeALaw, decodeALaw],
    [1, encodeMuLaw, decodeMuLaw],
  ] as const) {
    for (const length of [0, 1, 31, 160, 65536])
      parts.push(
        ...block([2, law, 0, 0, 0, 0, length, 0, length], every.slice(0, length), encode(every.slice(0, length))),
      );
    parts.push(...block([1, law, 0, 0, 0, 0, 256, 0, 256], codes, decode(codes)));
  }
  for (let length = 0; length < 40; length++) {
    const pcm = extremes(length, length + 1);
    const power = pcm.reduce((sum, sample) => sum + sample * sample, 0);
    parts.push(...block([3, 0, 0, 0, 0, 0, length, 0, 1], pcm, Float64Array.of(power)));
  }
  return Buffer.concat(parts);
}

describe.skipIf(!hasCompiler)(
  "a driver in C under AddressSanitizer and UndefinedBehaviorSanitizer (needs a C compiler)",
  () => {
    let driver: string;
    beforeAll(() => {
      driver = sanitized.buildDriver(join(import.meta.dir, "driver.c"));
    }, 180_000);

    test("the sanitizer is there: a planted read beyond a buffer ends the driver", async () => {
      const { status, out, err } = await sanitized.drive(driver, "--overread");
      expect(status).not.toBe(0);
      expect(out).not.toContain("not caught");
      expect(err).toContain("heap-buffer-overflow");
    });

    test("every way touches no more than its arrays, agrees with TypeScript, and answers misuse with errors", async () => {
      const file = join(sanitized.folder, "blocks");
      await Bun.write(file, blocks());
      const { status, out, err } = await sanitized.drive(driver, file);
      expect({ status, err }).toEqual({ status: 0, err: "" });
      expect(out).toMatch(/^[1-9]\d{2,} blocks, 0 failures\n$/);
    }, 180_000);
  },
);

describe.skipIf(!canPreload)("inside Bun, in a child process (needs gcc's libasan)", () => {
  beforeAll(() => sanitized.buildLibrary(), 180_000);

  const open = `import { NativeAudio, openAudioLibrary } from "#native/audio";
    const library = openAudioLibrary(${JSON.stringify(sanitized.library)});`;

  test("a planted read beyond a buffer of malloc ends the child", async () => {
    const { status, out, err } = await sanitized.child(`${open}
      import { dlopen } from "bun:ffi";
      const { malloc } = dlopen(${JSON.stringify(asanLibrary)}, { malloc: { args: ["i32"], returns: "ptr" } }).symbols;
      library.pa_decode(0, malloc(159), 160, new Int16Array(160), 160);
      console.log("not caught");`);
    expect(out).not.toContain("not caught");
    expect(err).toContain("heap-buffer-overflow");
    expect(status).not.toBe(0);
  }, 180_000);

  test("conversions run there without a complaint, collections of memory in between", async () => {
    const { status, out, err } = await sanitized.child(`${open}
      import { Resampler } from "#engine/audio";
      const native = NativeAudio.open(undefined, library);
      const kernel = (filter, window, output) => native.resample(filter, window, output);
      let samples = 0;
      for (const [fromHz, toHz] of ${JSON.stringify(RATES)}) {
        const resampler = new Resampler({ fromHz, toHz, channels: 2, kernel });
        for (let i = 0; i < 30; i++) {
          const pcm = Int16Array.from({ length: 2 * (i * 37 + 1) }, (_, k) => Math.sin(k * i) * 30000);
          samples += native.decode("alaw", native.encode("alaw", resampler.push(pcm))).length;
          if (i % 10 === 0) Bun.gc(true);
          if (i % 10 === 5) samples += resampler.flush().length;
        }
      }
      console.log(samples > 10000);`);
    expect({ status, out, err }).toEqual({ status: 0, out: "true\n", err: "" });
  }, 180_000);
});
