import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { Decoder, type DecoderFiles, findDecoderFiles } from "#native/pocketsphinx";
import { recordingPcm, recordingsInstalled } from "#test/recordings";

const { files } = findDecoderFiles();
const ready = files !== undefined && recordingsInstalled();
/** Each decoder loads a model, on a machine that may be busy. */
setDefaultTimeout(60_000);

const STEP = 1600;

afterEach(() => {
  expect(Decoder.openCount).toBe(0);
});

const open = (of: DecoderFiles = files!) => Decoder.open(of, { secondPass: false });

function hear(decoder: Decoder, pcm: Int16Array): { text: string; words: ReturnType<Decoder["words"]> } {
  decoder.begin();
  for (let at = 0; at < pcm.length; at += STEP) decoder.feed(pcm.subarray(at, at + STEP));
  decoder.end();
  return { text: decoder.text(), words: decoder.words() };
}

/** The recording cut in two at a sample, with silence between. */
function withPause(pcm: Int16Array, at: number, samples: number): Int16Array {
  const longer = new Int16Array(pcm.length + samples);
  longer.set(pcm.subarray(0, at));
  longer.set(pcm.subarray(at), at + samples);
  return longer;
}

const starts = (words: readonly { startSample: number }[]) => words.map((word) => word.startSample / 16_000);

describe.skipIf(!ready)("the decoder (needs libpocketsphinx3, pocketsphinx-en-us and pocketsphinx-testdata)", () => {
  test("reads a clear sentence, with the place of each word", () => {
    using decoder = open();
    const { text, words } = hear(decoder, recordingPcm("goforward.raw"));
    expect(text).toBe("go forward ten meters");
    expect(words.map((word) => word.text).join(" ")).toBe(text);
    for (const [i, second] of [0.46, 0.64, 1.17, 1.53].entries()) expect(starts(words)[i]).toBeCloseTo(second, 1);
    for (const word of words) expect(word.endSample).toBeGreaterThan(word.startSample);
  });

  test("places words after a pause where they are", () => {
    using decoder = open();
    const pcm = recordingPcm("goforward.raw");
    const { text, words } = hear(decoder, withPause(pcm, 1.17 * 16_000, 1.5 * 16_000));
    expect(text).toBe("go forward ten meters");
    for (const [i, second] of [0.46, 0.64, 2.67, 3.03].entries()) expect(starts(words)[i]).toBeCloseTo(second, 1);
  });

  test("counts from the start of each utterance, not of the stream", () => {
    using decoder = open();
    const pcm = recordingPcm("goforward.raw");
    const first = hear(decoder, pcm);
    expect(starts(hear(decoder, pcm).words)[0]).toBeCloseTo(starts(first.words)[0]!, 1);
  });

  test("decodes a whole utterance in one call, the same each time", () => {
    using decoder = open();
    const pcm = recordingPcm("something.raw");
    const words = decoder.decodeWhole(pcm);
    expect(words.map((word) => word.text).join(" ")).toBe("go somewhere and do something");
    decoder.decodeWhole(recordingPcm("cards/005.wav"));
    expect(decoder.decodeWhole(pcm)).toEqual(words);
  });

  test("two in one thread do not mix", () => {
    using one = open();
    using other = open();
    expect(Decoder.openCount).toBe(2);
    const [pcm, otherPcm] = [recordingPcm("goforward.raw"), recordingPcm("something.raw")];
    one.begin();
    other.begin();
    for (let at = 0; at < Math.max(pcm.length, otherPcm.length); at += STEP) {
      one.feed(pcm.subarray(at, at + STEP));
      other.feed(otherPcm.subarray(at, at + STEP));
    }
    one.end();
    other.end();
    expect([one.text(), other.text()]).toEqual(["go forward ten meters", "go somewhere and do something"]);
  });

  test("hears no words in silence, in one sample, or in nothing", () => {
    using decoder = open();
    for (const samples of [16_000, 1, 0]) {
      const { text, words } = hear(decoder, new Int16Array(samples));
      expect([text, words]).toEqual(["", []]);
    }
  });

  test("misuse is an error, never a crash", () => {
    const decoder = open();
    expect(() => decoder.feed(new Int16Array(160))).toThrow("outside an utterance");
    expect(() => decoder.end()).toThrow("outside an utterance");
    decoder.begin();
    expect(() => decoder.begin()).toThrow("inside an utterance");
    decoder.close();
    decoder.close();
    for (const use of [() => decoder.begin(), () => decoder.text(), () => decoder.words()])
      expect(use).toThrow("used after close()");
  });

  test.each(["acoustic", "language", "dictionary"] as const)("a model without its %s part is an error", (part) => {
    const broken = { ...files!, model: { ...files!.model, [part]: "/nowhere" } };
    expect(codeOf(() => open(broken))).toBe("ENGINE_FAILED");
  });
});

test("a file that is no library is a missing engine", () => {
  const model = { acoustic: "/nowhere", language: "/nowhere", dictionary: "/nowhere" };
  expect(codeOf(() => open({ library: import.meta.path, chain: [], model }))).toBe("ENGINE_MISSING");
});

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return error instanceof EngineError ? error.code : String(error);
  }
  return undefined;
}
