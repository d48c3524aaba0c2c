import { describe, expect, test } from "bun:test";
import { type Container, levelDbfs, sniffContainer } from "#engine/audio";
import { EngineError } from "#engine/errors";
import type { AudioFormat } from "#engine/frames";
import { type DecodedContainer, ENCODED_CONTAINERS, joinPcm, openDecoder, openEncoder } from "#engine/plugin";
import { encodeFlac } from "#test/flac";
import { interleave, noise, tone } from "#test/signals";

type Written = (typeof ENCODED_CONTAINERS)[number] | "flac";

async function encoded(container: Written, pcm: Int16Array, format: AudioFormat, step = 320): Promise<Uint8Array> {
  if (container === "flac") return encodeFlac(pcm, format);
  const encoder = await openEncoder(container, format);
  const parts: Uint8Array[] = [];
  const width = step * format.channels;
  for (let at = 0; at < pcm.length; at += width) parts.push(encoder.encode(pcm.subarray(at, at + width)));
  parts.push(encoder.end());
  encoder.close();
  return new Uint8Array(Buffer.concat(parts));
}

async function decoded(container: DecodedContainer, bytes: Uint8Array, step = 4000) {
  const decoder = await openDecoder(container);
  try {
    const pieces: Int16Array[] = [];
    let firstAfter = 0;
    for (let at = 0; at < bytes.length; at += step) {
      const piece = await decoder.push(bytes.subarray(at, at + step));
      if (piece.length > 0 && firstAfter === 0) firstAfter = at + step;
      pieces.push(piece);
    }
    pieces.push(await decoder.end());
    const { format, truncated, declaredSamples } = decoder;
    return { pcm: joinPcm(pieces), format, truncated, declaredSamples, firstAfter };
  } finally {
    decoder.close();
  }
}

const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : String(error));

/** Left and right are told apart by their tones. */
const sound = (rateHz: number, channels: number, ms = 2500): Int16Array => {
  const left = tone({ hz: 400, ms, rateHz, peak: 9000 });
  return channels === 1 ? left : interleave(left, tone({ hz: 900, ms, rateHz, peak: 4000 }));
};

const CASES = [...ENCODED_CONTAINERS, "flac" as const].flatMap((container) =>
  [
    { sampleRateHz: 8000, channels: 1 },
    { sampleRateHz: 16000, channels: 1 },
    { sampleRateHz: 44100, channels: 2 },
  ].map((format) => ({ container, format })),
);

describe.each(CASES)(
  "$container of $format.sampleRateHz Hz with $format.channels channels",
  ({ container, format }) => {
    const pcm = sound(format.sampleRateHz, format.channels);

    test("is known by its first bytes, and comes back as long and as loud as it went in", async () => {
      const bytes = await encoded(container, pcm, format);
      expect(sniffContainer(bytes.subarray(0, 64))).toBe(container satisfies Container);
      const found = await decoded(container, bytes);
      expect(found.format).toEqual({ ...format, sampleRateHz: container === "opus" ? 48_000 : format.sampleRateHz });
      expect(found.truncated).toBe(false);
      const ms = (found.pcm.length * 1000) / found.format!.channels / found.format!.sampleRateHz;
      // MP3 says nothing of the silence that its frames begin and end with
      expect(ms).toBeGreaterThanOrEqual(container === "mp3" ? 2500 : 2499.9);
      expect(ms).toBeLessThanOrEqual(container === "mp3" ? 2700 : 2500.1);
      const middle = (all: Int16Array) => all.subarray((all.length >> 2) & ~1, (all.length >> 1) & ~1);
      expect(Math.abs(levelDbfs(middle(found.pcm)) - levelDbfs(middle(pcm)))).toBeLessThan(1);
      if (container === "flac") expect(found.pcm).toEqual(pcm);
    });

    test("comes out the same in whatever pieces it comes", async () => {
      const bytes = await encoded(container, pcm, format);
      const whole = await decoded(container, bytes, bytes.length);
      for (const step of [997, 16_384]) expect((await decoded(container, bytes, step)).pcm).toEqual(whole.pcm);
    });

    test("does not depend on the pieces that it was written from", async () => {
      const bytes = await encoded(container, pcm, format);
      expect(await encoded(container, pcm, format, 777)).toEqual(bytes);
    });
  },
);

describe.each([...ENCODED_CONTAINERS, "flac" as const])("a %s", (container) => {
  const format = { sampleRateHz: 16000, channels: 1 };
  const pcm = noise({ ms: 8000, seed: 5 });

  test("gives its first samples long before its end", async () => {
    const found = await decoded(container, await encoded(container, pcm, format), 1000);
    expect(found.firstAfter).toBeGreaterThan(0);
    expect(found.firstAfter).toBeLessThanOrEqual(16_000);
  });

  test("that breaks off keeps what was there, and says so where the format lets it know", async () => {
    const bytes = await encoded(container, pcm, format);
    const found = await decoded(container, bytes.subarray(0, bytes.length >> 1));
    expect(found.pcm.length).toBeGreaterThan(0);
    expect(found.truncated).toBe(container !== "mp3");
    if (container === "flac") expect(found.declaredSamples).toBe(pcm.length);
  });

  test.each([
    { name: "with noise in its middle", seed: 11 },
    { name: "with other noise in its middle", seed: 12 },
  ])("$name ends in a code", async ({ seed }) => {
    const bytes = await encoded(container, pcm, format);
    const half = bytes.length >> 1;
    const foreign = new Uint8Array(noise({ ms: 500, seed, peak: 30_000 }).buffer);
    const spoilt = new Uint8Array(Buffer.concat([bytes.subarray(0, half), foreign, bytes.subarray(half)]));
    expect(await decoded(container, spoilt).then(() => "nothing", codeOf)).toBe("AUDIO_DAMAGED");
  });

  test("of which only the head is there ends in a code", async () => {
    const bytes = await encoded(container, pcm, format);
    expect(await decoded(container, bytes.subarray(0, 40)).then(() => "nothing", codeOf)).toBe("AUDIO_NOT_RECOGNISED");
  });

  test("whose body is another format ends in a code, whatever its head says", async () => {
    const bytes = await encoded(container, pcm, format);
    const other = await encoded(container === "flac" ? "mp3" : "flac", pcm, format);
    const lying = new Uint8Array(Buffer.concat([bytes.subarray(0, 58), other]));
    expect(await decoded(container, lying).then(() => "nothing", codeOf)).toMatch(/^AUDIO_(DAMAGED|NOT_RECOGNISED)$/);
  });
});

test("the libraries' own remarks do not reach the console", async () => {
  const { error } = console;
  const said: unknown[] = [];
  console.error = (...words: unknown[]) => said.push(words);
  try {
    const noisy = new Uint8Array(noise({ ms: 2000, seed: 3, peak: 30_000 }).buffer);
    const head = (await encoded("mp3", sound(16000, 1), { sampleRateHz: 16000, channels: 1 })).subarray(0, 8000);
    const spoilt = new Uint8Array(Buffer.concat([head, noisy]));
    expect(await decoded("mp3", spoilt).then(() => "nothing", codeOf)).toBe("AUDIO_DAMAGED");
  } finally {
    console.error = error;
  }
  expect(said).toEqual([]);
});

test.each(ENCODED_CONTAINERS)("%s takes a rate that the codec has not by converting it", async (container) => {
  const format = { sampleRateHz: 15000, channels: 1 };
  const found = await decoded(container, await encoded(container, sound(15000, 1), format));
  const ms = (found.pcm.length * 1000) / found.format!.sampleRateHz;
  expect(Math.abs(ms - 2500)).toBeLessThan(container === "mp3" ? 200 : 1);
});

test("more than two channels are refused", async () => {
  const opening = openEncoder("mp3", { sampleRateHz: 16000, channels: 3 });
  expect(await opening.then(() => "nothing", codeOf)).toBe("AUDIO_FORMAT_UNSUPPORTED");
});

test.each<[string, string | number[], Container | undefined]>([
  ["AMR", "#!AMR\n", "amr"],
  ["Silk with a messenger's byte before it", "\u0002#!SILK_V3", "silk"],
  ["MPEG audio of layer III", [0xff, 0xfb, 0x90, 0], "mp3"],
  ["AAC in ADTS", [0xff, 0xf1, 0x50, 0x80], "aac"],
  ["set bits that are no head of MPEG", [0xff, 0xff, 0xff, 0xff], undefined],
  ["a picture", [0xff, 0xd8, 0xff, 0xe0], undefined],
  ["text", "hello", undefined],
])("%s is known by its bytes", (_name, bytes, container) => {
  const head = typeof bytes === "string" ? new TextEncoder().encode(bytes) : Uint8Array.from(bytes);
  expect(sniffContainer(head)).toBe(container);
});
