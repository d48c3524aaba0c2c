import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { type DecoderFiles, findDecoderFiles, Recogniser } from "#native/pocketsphinx";
import { recordingPcm, recordingsInstalled } from "#test/recordings";

const { files } = findDecoderFiles();
const ready = files !== undefined && recordingsInstalled();
/** Each decoder loads a model, on a machine that may be busy. */
setDefaultTimeout(60_000);

const FAST = { finals: "fast", secondPass: false } as const;
const WORKER = new URL("../../../native/pocketsphinx/worker.ts", import.meta.url).href;
const STEP = 1600;

async function hear(recogniser: Recogniser, name: string): Promise<{ partials: string[]; final: string }> {
  const pcm = recordingPcm(name);
  const partials: string[] = [];
  for (let at = 0; at < pcm.length; at += STEP) {
    const text = await recogniser.feed(pcm.slice(at, at + STEP));
    if (text !== (partials.at(-1) ?? "")) partials.push(text);
  }
  const words = await recogniser.end();
  return { partials, final: words.map((word) => word.text).join(" ") };
}

describe.skipIf(!ready)("a recogniser (needs libpocketsphinx3, pocketsphinx-en-us and pocketsphinx-testdata)", () => {
  test("tells the text so far, then the words", async () => {
    await using recogniser = await Recogniser.open(FAST);
    const { partials, final } = await hear(recogniser, "goforward.raw");
    expect(final).toBe("go forward ten meters");
    expect(partials.at(-1)).toBe(final);
    expect(partials.length).toBeGreaterThan(3);
  });

  test("two at once, in threads of their own, hear what they hear alone", async () => {
    await using one = await Recogniser.open(FAST);
    await using other = await Recogniser.open({ ...FAST, finals: "accurate" });
    const [first, second] = await Promise.all([hear(one, "goforward.raw"), hear(other, "something.raw")]);
    expect([first.final, second.final]).toEqual(["go forward ten meters", "go somewhere and do something"]);
  });

  test("says the same of the same audio every time", async () => {
    const heard: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      await using recogniser = await Recogniser.open(FAST);
      heard.push([await hear(recogniser, "cards/002.wav"), await hear(recogniser, "cards/005.wav")]);
    }
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[2]).toEqual(heard[0]);
  });

  test("an utterance of nothing has no words, and the next one is heard", async () => {
    await using recogniser = await Recogniser.open(FAST);
    expect(await recogniser.end()).toEqual([]);
    expect(await recogniser.end(new Int16Array(0))).toEqual([]);
    expect((await hear(recogniser, "goforward.raw")).final).toBe("go forward ten meters");
  });

  test("takes the samples over, so that nobody writes into what is being decoded", async () => {
    await using recogniser = await Recogniser.open(FAST);
    const pcm = new Int16Array(STEP);
    await recogniser.feed(pcm);
    expect(pcm.length).toBe(0);
  });

  test("after close, which may come twice, it answers ENGINE_FAILED", async () => {
    const recogniser = await Recogniser.open(FAST);
    await Promise.all([recogniser.close(), recogniser.close()]);
    expect(await codeOf(recogniser.feed(new Int16Array(STEP)))).toBe("ENGINE_FAILED");
  });

  test("close waits for what is asked", async () => {
    const recogniser = await Recogniser.open({ ...FAST, finals: "accurate" });
    const words = recogniser.end(recordingPcm("goforward.raw").slice());
    const closed = recogniser.close();
    expect((await words).map((word) => word.text).join(" ")).toBe("go forward ten meters");
    await closed;
  });

  test("its thread survives what is no request, answers what has an id, and frees everything on close", async () => {
    const worker = new Worker(WORKER);
    const answers: unknown[] = [];
    const ask = (message: unknown) => worker.postMessage(message);
    const answered = (count: number) =>
      new Promise<void>((resolve) => {
        worker.onmessage = ({ data }) => {
          answers.push(data);
          if (answers.length === count) resolve();
        };
      });
    const done = answered(11);
    for (const nonsense of [null, 7, "feed", {}, { kind: "feed" }, { id: "1", kind: "close" }]) ask(nonsense);
    ask({ id: 1 });
    ask({ id: 2, kind: "dance" });
    ask({ id: 3, kind: "feed", pcm: new Int16Array(160) });
    ask({ id: 4, kind: "open", files: { library: 7 }, options: FAST });
    ask({ id: 5, kind: "open", files: { ...files!, model: { ...files!.model, language: "a\0b" } }, options: FAST });
    ask({ id: 6, kind: "open", files, options: { ...FAST, finals: "soon" } });
    ask({ id: 7, kind: "open", files, options: { ...FAST, finals: "accurate" } });
    ask({ id: 8, kind: "open", files, options: FAST });
    ask({ id: 9, kind: "feed", pcm: [1, 2, 3] });
    ask({ id: 10, kind: "end", pcm: recordingPcm("goforward.raw").slice() });
    ask({ id: 11, kind: "close" });
    await done;
    worker.terminate();
    const kinds = answers.map((answer) => Reflect.get(Object(answer), "kind"));
    expect(kinds).toEqual([...Array(6).fill("failed"), "opened", "failed", "failed", "words", "closed"]);
    expect(answers.at(-1)).toEqual({ kind: "closed", id: 11, openDecoders: 0 });
  });
});

const NO_MODEL = { acoustic: "/nowhere", language: "/nowhere", dictionary: "/nowhere" };
const NO_FILES: DecoderFiles = { library: import.meta.path, chain: [], model: NO_MODEL };

test("a library that does not load is a missing engine, with the loader's reason", async () => {
  const failure = await failureOf(Recogniser.open(FAST, { files: NO_FILES }));
  expect(failure?.code).toBe("ENGINE_MISSING");
  expect(failure?.message).toContain(import.meta.path);
});

describe("a thread that dies", () => {
  const opensThen = (doing: string) => () => {
    const source = `self.onmessage = ({ data }) => {
      if (data.kind === "open") postMessage({ kind: "opened", id: data.id });
      else { ${doing} }
    };`;
    return new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  };

  test.each([
    { how: "by an exception", doing: "throw new Error('out of order');" },
    { how: "by a rejection nobody catches", doing: "Promise.reject(new Error('out of order'));" },
    { how: "by ending its process's thread", doing: "process.exit(3);" },
  ])("$how fails what is asked and what is asked later with ENGINE_FAILED", async ({ doing }) => {
    const recogniser = await Recogniser.open(FAST, { files: NO_FILES, start: opensThen(doing) });
    const asked = [recogniser.feed(new Int16Array(STEP)), recogniser.end()];
    expect(await Promise.all(asked.map(codeOf))).toEqual(["ENGINE_FAILED", "ENGINE_FAILED"]);
    expect(await codeOf(recogniser.feed(new Int16Array(STEP)))).toBe("ENGINE_FAILED");
    await recogniser.close();
  });

  test("before it is ready fails the opening", async () => {
    const start = () => new Worker(URL.createObjectURL(new Blob(["throw new Error('no start')"])));
    expect(await codeOf(Recogniser.open(FAST, { files: NO_FILES, start }))).toBe("ENGINE_FAILED");
  });

  test("and one that answers what was not asked is a failure", async () => {
    const answersWrongly = opensThen(`postMessage({ kind: "closed", id: data.id, openDecoders: 0 });`);
    const recogniser = await Recogniser.open(FAST, { files: NO_FILES, start: answersWrongly });
    expect(await codeOf(recogniser.feed(new Int16Array(STEP)))).toBe("ENGINE_FAILED");
    await recogniser.close();
  });

  test("and one that leaves decoders open says so at close", async () => {
    const leaks = opensThen(`postMessage({ kind: "closed", id: data.id, openDecoders: 1 });`);
    const recogniser = await Recogniser.open(FAST, { files: NO_FILES, start: leaks });
    expect(await codeOf(recogniser.close())).toBe("ENGINE_FAILED");
  });
});

async function failureOf(promise: Promise<unknown>): Promise<EngineError | undefined> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  return undefined;
}

const codeOf = async (promise: Promise<unknown>): Promise<string | undefined> => (await failureOf(promise))?.code;
