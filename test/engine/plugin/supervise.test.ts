import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type AwaitableEmit,
  type Control,
  defineNode,
  EngineError,
  type Frame,
  type NodeDefinition,
  supervise,
  type TaskNode,
  type TextFrame,
  withFallback,
  withRetry,
} from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import {
  audio,
  broken,
  FRAME_SAMPLES,
  failingAt,
  RATE,
  recogniser,
  Script,
  speaker,
  text,
  translator,
  utterances,
} from "./supervise/doubles.ts";

const talk = utterances(4, 1, 3);
const SAID = ["0 1 2 3", "4", "5 6 7"];

const drive = (
  candidates: { definition: NodeDefinition; attempts?: number }[],
  frames: Parameters<typeof driveNode>[2] & object = { frames: talk },
  resultMs?: number,
) => {
  const { definition, config } = supervise({
    candidates: candidates.map((c) => ({ config: {}, attempts: 1, ...c })),
    ...(resultMs === undefined ? {} : { resultMs }),
  });
  return driveNode(definition, config, frames);
};
const finals = (driven: { frames(port?: string): Frame[] }) =>
  driven.frames().flatMap((f) => (f.kind === "text" && f.final ? [f.text] : []));
const texts = (driven: { frames(port?: string): Frame[] }) =>
  driven.frames().filter((f): f is TextFrame => f.kind === "text");

/** A supervised node with a hand on what is around it: what its emitting waits for, and what is done to the node itself. */
const defineWatched = (
  definition: NodeDefinition,
  around: { emit?: (frame: Frame) => Promise<void> | undefined; node?: (node: TaskNode) => TaskNode },
): NodeDefinition => ({
  ...definition,
  create: async (config, ctx) => {
    const made = await definition.create(config, ctx);
    if (!("run" in made)) throw new Error("a supervised node is a task");
    const node = around.node?.(made) ?? made;
    return {
      run: (input, emit, signal) =>
        node.run(
          input,
          (frame, port) => {
            emit(frame, port);
            return around.emit?.(frame);
          },
          signal,
        ),
      onControl: (control: Control, emit: AwaitableEmit) => node.onControl?.(control, emit),
      close: () => node.close?.(),
    };
  },
});

/** Revisions rise by utterance, a final is the last. */
function expectRising(frames: TextFrame[]) {
  const last = new Map<string, TextFrame>();
  for (const frame of frames) {
    const before = last.get(frame.utterance);
    if (before) {
      expect(before.final).toBe(false);
      expect(frame.revision).toBeGreaterThan(before.revision);
    }
    last.set(frame.utterance, frame);
  }
}

describe.each(["inline", "task"] as const)("a supervised recogniser of shape %s", (shape) => {
  test("passes everything untouched when nothing fails", async () => {
    const bare = await driveNode(recogniser(new Script(), shape), {}, { frames: talk });
    const driven = await drive([{ definition: recogniser(new Script(), shape), attempts: 3 }]);
    expect(driven.emitted).toEqual(bare.emitted);
    expect(driven.events).toEqual([]);
    expect(finals(driven)).toEqual(SAID);
  });

  test.each(talk.map((_, i) => i + 1))("that fails at frame %i gives each final once, in order", async (n) => {
    const script = failingAt(n);
    const driven = await drive([{ definition: recogniser(script, shape), attempts: 2 }]);
    expect(finals(driven)).toEqual(SAID);
    expectRising(texts(driven));
    expect(script).toMatchObject({ opened: 2, closed: 2 });
    expect(driven.counters).toMatchObject({ retries: 1 });
    expect(texts(driven).map((f) => [f.startSample, f.final && f.endSample])).toEqual(
      expect.arrayContaining([
        [0, 4 * FRAME_SAMPLES],
        [4 * FRAME_SAMPLES, 5 * FRAME_SAMPLES],
        [5 * FRAME_SAMPLES, 8 * FRAME_SAMPLES],
      ]),
    );
  });

  test.each(talk.map((_, i) => i + 1))(
    "that fails at frame %i and the one after leaves the rest to the next candidate",
    async (n) => {
      const first = new Script();
      first.onFrame = (handed) => {
        if (handed >= n) throw broken();
      };
      const second = new Script();
      const driven = await drive([
        { definition: recogniser(first, shape), attempts: 2 },
        { definition: recogniser(second, "task", "second ") },
      ]);
      expect(finals(driven).map((t) => t.replace("second ", ""))).toEqual(SAID);
      expectRising(texts(driven));
      expect(driven.counters).toMatchObject({ retries: 1, fallbacks: 1 });
      expect(driven.events.map(({ type, attempt, of, code }) => ({ type, attempt, of, code }))).toEqual([
        { type: "retry", attempt: 2, of: 2, code: "VENDOR_FAILED" },
        { type: "fallback", attempt: 2, of: 2, code: "VENDOR_FAILED" },
      ]);
      expect(driven.events[1]).toMatchObject({ from: `double.${shape}`, to: "double.tasksecond " });
    },
  );

  test("has all its attempts again after each final", async () => {
    const script = new Script();
    script.onFrame = (handed) => {
      if ([3, 11, 17].includes(handed)) throw broken(); // once in each utterance
    };
    const driven = await drive([{ definition: recogniser(script, shape), attempts: 2 }]);
    expect(finals(driven)).toEqual(SAID);
    expect(script.opened).toBe(4);
  });

  test("fails with the code of the last error and tells what was tried", async () => {
    const script = new Script();
    script.onFrame = () => {
      throw broken();
    };
    const failure = await drive([{ definition: recogniser(script, shape), attempts: 3 }]).catch((e) => e);
    expect(failure).toBeInstanceOf(EngineError);
    expect(failure).toMatchObject({ code: "VENDOR_FAILED", cause: { code: "VENDOR_FAILED" } });
    expect(failure.message).toContain(`double.${shape} 3 times`);
    expect(script).toMatchObject({ opened: 3, closed: 3 });
  });
});

describe("which failures go where", () => {
  test.each([
    {
      name: "a key that is refused is not tried again",
      error: broken("VENDOR_KEY_REFUSED"),
      retries: undefined,
      fallbacks: 1,
    },
    {
      name: "a plain error, which is a bug, is not tried again",
      error: new TypeError("oops"),
      retries: undefined,
      fallbacks: 1,
    },
    { name: "a failure that may pass is tried again", error: broken(), retries: 1, fallbacks: undefined },
  ])("$name", async ({ error, retries, fallbacks }) => {
    const driven = await drive([
      { definition: recogniser(failingAt(3, error), "task"), attempts: 3 },
      { definition: recogniser(new Script(), "task") },
    ]);
    expect(finals(driven)).toEqual(SAID);
    expect(driven.counters.retries).toBe(retries as number);
    expect(driven.counters.fallbacks).toBe(fallbacks as number);
  });

  test("a single failure of a single attempt passes as it is", async () => {
    const error = broken("VENDOR_KEY_REFUSED");
    const failure = await drive([{ definition: recogniser(failingAt(2, error), "task"), attempts: 5 }]).catch((e) => e);
    expect(failure).toBe(error);
  });

  test("a candidate that cannot be opened is passed over, whether at the start or later", async () => {
    const closedDoor = new Script();
    closedDoor.onOpen = () => {
      throw broken("VENDOR_KEY_REFUSED");
    };
    const driven = await drive([
      { definition: recogniser(closedDoor, "task") },
      { definition: recogniser(failingAt(3), "inline") },
      { definition: recogniser(closedDoor, "inline") },
      { definition: recogniser(new Script(), "task") },
    ]);
    expect(finals(driven)).toEqual(SAID);
    expect(driven.counters).toMatchObject({ fallbacks: 3 });
  });

  test("what cannot be opened at all fails in create", async () => {
    const script = new Script();
    script.onOpen = () => {
      throw broken("VENDOR_KEY_REFUSED");
    };
    const { definition } = supervise({
      candidates: [{ definition: recogniser(script, "task"), config: {}, attempts: 3 }],
    });
    await expect(driveNode(definition, {})).rejects.toMatchObject({ code: "VENDOR_KEY_REFUSED" });
    expect(script.opened).toBe(1);
  });

  test("the first retry comes at once, later ones after growing waits on the run's clock, the last of them 5 s at most", async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const script = new Script();
    script.onOpen = (opened) => {
      times.push(clock.nowMs());
      if (opened < 10) throw broken();
    };
    await drive([{ definition: recogniser(script, "task"), attempts: 10 }], { frames: talk, clock });
    const waits = times.slice(1).map((t, i) => t - times[i]!);
    expect(waits[0]).toBe(0);
    const bases = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
    for (const [i, base] of bases.entries()) {
      expect(waits[i + 1]).toBeGreaterThanOrEqual(base / 2);
      expect(waits[i + 1]).toBeLessThanOrEqual(base);
    }
  });

  test("an instance that does not close is left behind after a second", async () => {
    const clock = new VirtualClock();
    const hanging = recogniser(failingAt(3), "inline");
    const definition: NodeDefinition = {
      ...hanging,
      create: async (config, ctx) => ({
        ...(await hanging.create(config, ctx)),
        close: () => (clock.nowMs() > 0 ? undefined : new Promise(() => {})),
      }),
    };
    const driven = await drive([{ definition, attempts: 2 }], { frames: talk, clock });
    expect(finals(driven)).toEqual(SAID);
    expect(clock.nowMs()).toBe(1000);
  });
});

describe("what is replayed", () => {
  test("nothing that a final has released", async () => {
    const driven = await drive([{ definition: recogniser(failingAt(7), "task"), attempts: 2 }]);
    expect(finals(driven)).toEqual(SAID);
    expect(driven.counters.replayedMs).toBe(0); // frame 7 opens the second utterance: a mark has no length
  });

  test("at most 60 s of audio; what fell out is counted", async () => {
    const long = utterances(3500); // 70 s
    const driven = await drive([{ definition: recogniser(failingAt(3502), "task"), attempts: 2 }], { frames: long });
    expect(driven.counters).toMatchObject({ replayedMs: 60_000, notReplayedMs: 10_000 });
    const last = texts(driven).at(-1);
    expect(last).toMatchObject({ final: true, startSample: 500 * FRAME_SAMPLES, endSample: 3500 * FRAME_SAMPLES });
  });

  test("an utterance of the recogniser's own keeps its id and goes on counting revisions", async () => {
    const script = failingAt(6);
    const definition = defineNode({
      type: "double.own",
      summary: "Cuts every four frames into an utterance.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio"] } },
      outputs: { text: { kinds: ["text"], textRole: "transcript" } },
      config: z.strictObject({}),
      create: (_, ctx) => ({
        async run(input, emit) {
          let heard: { id: string; from: number; words: number[] } | undefined;
          for await (const frame of input) {
            script.onFrame(++script.handed, 0);
            if (frame.kind !== "audio") continue;
            heard ??= { id: ctx.newUtterance(), from: frame.startSample, words: [] };
            heard.words.push(frame.pcm[0]!);
            const final = heard.words.length === 4;
            const endSample = frame.startSample + FRAME_SAMPLES;
            await emit(
              text(heard.id, heard.words.join(" "), {
                revision: heard.words.length,
                final,
                startSample: heard.from,
                endSample,
              }),
            );
            if (final) heard = undefined;
          }
        },
      }),
    });
    const frames = Array.from({ length: 8 }, (_, i) => audio(i * FRAME_SAMPLES));
    const driven = await drive([{ definition, attempts: 2 }], { frames });
    expect(texts(driven).map((f) => `${f.utterance} ${f.revision} ${f.text}`)).toEqual([
      "node-1 1 0",
      "node-1 2 0 1",
      "node-1 3 0 1 2",
      "node-1 4 0 1 2 3",
      "node-2 1 4",
      "node-2 2 4",
      "node-2 3 4 5",
      "node-2 4 4 5 6",
      "node-2 5 4 5 6 7",
    ]);
  });

  test("both transcript and translation, for a node that owes both", async () => {
    const script = new Script();
    let failures = 1;
    const definition = defineNode({
      type: "double.interpret",
      summary: "Answers twice.",
      role: "interpret",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: {
        transcript: { kinds: ["text"], textRole: "transcript", default: true },
        translation: { kinds: ["text"], textRole: "translation" },
      },
      config: z.strictObject({}),
      shape: "task",
      create: () => ({
        async run(input, emit) {
          for await (const frame of input) {
            script.handed++;
            if (frame.kind !== "speech" || frame.mark !== "end") continue;
            await emit(text(frame.utterance, "said", { endSample: frame.atSample }), "transcript");
            if (frame.utterance === "u2" && failures-- > 0) throw broken();
            await emit(
              text(frame.utterance, "dicho", { role: "translation", endSample: frame.atSample }),
              "translation",
            );
          }
        },
      }),
    });
    const driven = await drive([{ definition, attempts: 2 }]);
    expect(texts(driven).map((f) => `${f.utterance} ${f.role}`)).toEqual([
      "u1 transcript",
      "u1 translation",
      "u2 transcript",
      "u2 translation",
      "u3 transcript",
      "u3 translation",
    ]);
  });

  test("the next utterance from its opening mark, when the final of the one before came while it was already under way", async () => {
    const script = new Script();
    const definition = defineNode({
      type: "double.behind",
      summary: "Gives each final two frames after the closing mark.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => ({
        async run(input, emit) {
          const handed: string[] = [];
          const owed: { frame: TextFrame; at: number }[] = [];
          for await (const frame of input) {
            script.handed++;
            handed.push(frame.kind === "audio" ? `${frame.pcm[0]}` : frame.kind === "speech" ? frame.mark : "");
            if (frame.kind === "speech" && frame.mark === "end") {
              const heard = handed.splice(0).join(" ");
              owed.push({ frame: text(frame.utterance, heard, { endSample: frame.atSample }), at: script.handed + 2 });
            }
            if (owed[0]?.at === script.handed) {
              await emit(owed.shift()!.frame);
              if (script.handed === 8) throw broken();
            }
          }
          for (const { frame } of owed) await emit(frame);
        },
      }),
    });
    const driven = await drive([{ definition, attempts: 2 }]);
    expect(finals(driven)).toEqual(["start 0 1 2 3 end", "start 4 end", "start 5 6 7 end"]);
  });

  test("no final that was given before its utterance closed, and giving it again counts as no success", async () => {
    let opened = 0;
    const definition = defineNode({
      type: "double.hasty",
      summary: "Knows the answer at once, and breaks.",
      role: "asr",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => {
        opened++;
        return {
          onFrame(frame, emit) {
            if (frame.kind === "speech" && frame.mark === "start") emit(text(frame.utterance, "known"));
            if (frame.kind === "audio") throw broken();
          },
        };
      },
    });
    const seen: Frame[] = [];
    const watched = defineWatched(supervise({ candidates: [{ definition, config: {}, attempts: 3 }] }).definition, {
      emit: (frame) => void seen.push(frame),
    });
    await expect(driveNode(watched, {}, { frames: talk })).rejects.toMatchObject({ code: "VENDOR_FAILED" });
    expect(seen).toHaveLength(1);
    expect(opened).toBe(3);
  });

  test("a flush comes again between the same frames", async () => {
    const flushed: number[] = [];
    const script = failingAt(5);
    const inner = recogniser(script, "inline");
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => ({
        ...(await inner.create(config, ctx)),
        onControl: (c: Control) => void (c.kind === "flush" && flushed.push(script.handed)),
      }),
    };
    const frames = [...talk.slice(0, 3), { kind: "flush" } as const, ...talk.slice(3)];
    const driven = await drive([{ definition, attempts: 2 }], { frames });
    expect(flushed).toEqual([3, 8]); // after three frames, and after the same three of the replay that followed the fifth
    expect(finals(driven)).toEqual(SAID);
  });
});

test("a node that throws in onControl is replaced like one that throws elsewhere", async () => {
  const script = new Script();
  const inner = recogniser(script, "task");
  const definition: NodeDefinition = {
    ...inner,
    create: async (config, ctx) => ({
      ...(await inner.create(config, ctx)),
      onControl() {
        if (script.opened === 1) throw broken();
      },
    }),
  };
  const frames = [...talk.slice(0, 3), { kind: "flush" } as const, ...talk.slice(3)];
  const driven = await drive([{ definition, attempts: 2 }], { frames });
  expect(script.opened).toBe(2);
  expect(finals(driven)).toEqual(SAID);
});

describe("nodes that take texts", () => {
  const said = [text("u1", "abc"), text("u2", "de"), text("u3", "f")];

  test.each([1, 2, 3])("a translation that failed at text %i is done again, and only that one", async (n) => {
    const driven = await drive([{ definition: translator(failingAt(n)), attempts: 2 }], { frames: said });
    expect(finals(driven)).toEqual(["cba", "ed", "f"]);
    expect(driven.counters.retries).toBe(1);
  });

  test.each([1, 2, 3, 4, 5, 6])("speech that broke off after frame %i goes on where it stopped", async (n) => {
    const whole = await driveNode(speaker(new Script()), {}, { frames: said });
    const failAfter = (emitted: number) => {
      if (emitted === n) throw broken();
    };
    const driven = await drive([{ definition: speaker(new Script(), { failAfter }), attempts: 2 }], { frames: said });
    expect(driven.frames()).toEqual(whole.frames());
  });

  test("another voice says a broken-off text from its beginning, with positions that go on", async () => {
    const failAfter = (emitted: number) => {
      if (emitted === 4) throw broken("VENDOR_KEY_REFUSED");
    };
    const driven = await drive(
      [{ definition: speaker(new Script(), { failAfter }) }, { definition: speaker(new Script(), { voice: 1000 }) }],
      { frames: said },
    );
    const spoken = driven.frames().flatMap((f) => (f.kind === "audio" ? [f] : []));
    expect(spoken.map((f) => f.pcm[0]! - "a".charCodeAt(0))).toEqual([0, 1, 2, 3, 1003, 1004, 1005]);
    expect(spoken.map((f) => f.startSample)).toEqual(spoken.map((_, i) => i * FRAME_SAMPLES));
  });

  test("a second final of the same utterance is another unit of work", async () => {
    const frames = [text("u1", "abc"), text("u1", "de", { revision: 2 })];
    const driven = await drive([{ definition: translator(failingAt(2)), attempts: 2 }], { frames });
    expect(finals(driven)).toEqual(["cba", "ed"]);
  });

  test("a final that went out before its text failed is not sent again", async () => {
    let failures = 1;
    const inner = translator(new Script());
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => {
        const node = await inner.create(config, ctx);
        if (!("run" in node)) return node;
        return {
          run: (input, emit, signal) =>
            node.run(
              input,
              async (frame) => {
                await emit(frame);
                if (failures-- === 1) throw broken();
              },
              signal,
            ),
        };
      },
    };
    const driven = await drive([{ definition, attempts: 2 }], { frames: said });
    expect(finals(driven)).toEqual(["cba", "ed", "f"]);
  });
});

describe("results that come late", () => {
  test("a translation that takes too long goes to the next candidate, and says why", async () => {
    const clock = new VirtualClock();
    const slow = translator(new Script(), (handed) => clock.sleep(handed === 2 ? 10_000 : 10));
    const driven = await drive(
      [{ definition: slow }, { definition: translator(new Script()) }],
      { frames: [text("u1", "abc"), text("u2", "de")], clock },
      500,
    );
    expect(finals(driven)).toEqual(["cba", "ed"]);
    expect(driven.events).toMatchObject([{ type: "fallback", code: "RESULT_LATE" }]);
    expect(clock.nowMs()).toBe(1510); // 10, then the limit, then a second for the instance that would not end
  });

  /** Reads on, and gives each final `ms(utterance)` after its closing mark; nothing for 0. */
  const readingOn = (clock: VirtualClock, ms: (utterance: string) => number, partials: boolean): NodeDefinition =>
    defineNode({
      type: "double.streaming",
      summary: "Reads on.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => ({
        async run(input, emit) {
          const owed: Promise<unknown>[] = [];
          for await (const frame of input) {
            if (frame.kind !== "speech") continue;
            if (frame.mark === "start" && partials) await emit(text(frame.utterance, "…", { final: false }));
            const wait = frame.mark === "end" ? ms(frame.utterance) : 0;
            if (wait > 0)
              owed.push(
                clock
                  .sleep(wait)
                  .then(() => emit(text(frame.utterance, "said", { revision: 2, endSample: frame.atSample }))),
              );
            await clock.sleep(20);
          }
          await Promise.all(owed);
        },
      }),
    });

  test("a recogniser that reads on owes the final of an utterance of which it has shown a partial", async () => {
    const clock = new VirtualClock();
    const late = await drive([{ definition: readingOn(clock, () => 900, true) }], { frames: talk, clock }, 500).catch(
      (e) => e,
    );
    expect(late).toMatchObject({ code: "RESULT_LATE" });
    expect(late.message).toContain("u1");
    const clock2 = new VirtualClock();
    const inTime = await drive(
      [{ definition: readingOn(clock2, () => 400, true) }],
      { frames: talk, clock: clock2 },
      500,
    );
    expect(finals(inTime)).toEqual(["said", "said", "said"]);
  });

  test("a partial that was taken back by an empty one is owed no final", async () => {
    const clock = new VirtualClock();
    const inner = readingOn(clock, () => 0, true);
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => {
        const node = await inner.create(config, ctx);
        if (!("run" in node)) return node;
        return {
          run: (input, emit, signal) =>
            node.run(
              input,
              (frame) => {
                emit(frame);
                return frame.kind === "text" ? emit({ ...frame, revision: 2, text: "" }) : undefined;
              },
              signal,
            ),
        };
      },
    };
    const driven = await drive([{ definition }], { frames: talk, clock }, 30);
    expect(texts(driven)).toHaveLength(6);
    expect(driven.events).toEqual([]);
  });

  test("an utterance in which it heard nothing is not late", async () => {
    const clock = new VirtualClock();
    const driven = await drive([{ definition: readingOn(clock, () => 0, false) }], { frames: talk, clock }, 30);
    expect(driven.emitted).toEqual([]);
    expect(driven.events).toEqual([]);
  });

  test("a partial that waits for room behind the node does not make the final late", async () => {
    const clock = new VirtualClock();
    const definition = defineNode({
      type: "double.waiting",
      summary: "Shows its partial while it reads on, and its final after that.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => ({
        async run(input, emit) {
          let shown: Promise<void> | undefined;
          for await (const frame of input) {
            if (frame.kind !== "speech") continue;
            if (frame.mark === "start") shown = emit(text(frame.utterance, "…", { final: false }));
            else {
              await shown;
              await emit(text(frame.utterance, "said", { revision: 2 }));
            }
          }
        },
      }),
    });
    const { definition: supervised } = supervise({
      candidates: [{ definition, config: {}, attempts: 1 }],
      resultMs: 100,
    });
    const driven = await driveNode(
      defineWatched(supervised, { emit: () => clock.sleep(450) }),
      {},
      { frames: talk, clock },
    );
    expect(finals(driven)).toEqual(["said", "said", "said"]);
  });

  test("time spent waiting for room behind the node does not count", async () => {
    const clock = new VirtualClock();
    const { definition } = supervise({
      candidates: [{ definition: recogniser(new Script(), "task"), config: {}, attempts: 1 }],
      resultMs: 100,
    });
    const arrived: string[] = [];
    const slowly = defineWatched(definition, {
      emit(frame) {
        arrived.push(frame.kind === "text" ? frame.text : "");
        return clock.sleep(1000);
      },
    });
    await driveNode(slowly, {}, { frames: talk, clock });
    expect(clock.nowMs()).toBe(1000 * arrived.length);
    expect(arrived.length).toBe(8 + 3);
  });
});

describe("the end of the run", () => {
  test("a cancelled run is not tried again", async () => {
    const stop = new AbortController();
    const script = new Script();
    script.onFrame = (handed) => {
      if (handed !== 4) return;
      stop.abort(new EngineError("RUN_CANCELLED", "stopped"));
      throw broken();
    };
    await expect(
      drive([{ definition: recogniser(script, "task"), attempts: 3 }], { frames: talk, signal: stop.signal }),
    ).rejects.toThrow();
    expect(script).toMatchObject({ opened: 1, closed: 1 });
  });

  test("a rejected emit, which is the end of the run, is not tried again", async () => {
    const script = new Script();
    const both = [recogniser(script, "task"), recogniser(script, "inline")];
    const { definition } = supervise({ candidates: both.map((d) => ({ definition: d, config: {}, attempts: 3 })) });
    const over = new EngineError("RUN_STALLED", "the run ended");
    const watched = defineWatched(definition, { emit: () => Promise.reject(over) });
    await expect(driveNode(watched, {}, { frames: talk })).rejects.toBe(over);
    expect(script.opened).toBe(1);
  });

  test("an inline node is told once that its input has ended, after its last frame", async () => {
    const heard: string[] = [];
    const inner = recogniser(failingAt(99), "inline");
    const definition: NodeDefinition = {
      ...inner,
      create: async () => ({
        onFrame: () => void heard.push("frame"),
        onControl(control: Control, emit: (frame: Frame) => void) {
          heard.push(control.kind);
          emit(text("u1", "all said"));
        },
      }),
    };
    const { definition: supervised } = supervise({ candidates: [{ definition, config: {}, attempts: 2 }] });
    const node = (made: TaskNode): TaskNode => ({
      run(input, emit, signal) {
        made.onControl?.({ kind: "end", port: "audio" }, emit); // as the engine may tell a task, ahead of what is still queued inside
        return made.run(input, emit, signal);
      },
    });
    const driven = await driveNode(defineWatched(supervised, { node }), {}, { frames: talk.slice(0, 2) });
    expect(heard).toEqual(["frame", "frame", "end"]);
    expect(finals(driven)).toEqual(["all said"]);
  });

  test("an instance that is opened after the node was closed is closed too", async () => {
    const clock = new VirtualClock();
    const script = failingAt(2);
    const inner = recogniser(script, "task");
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => {
        if (script.opened > 0) await ctx.clock.sleep(500);
        return inner.create(config, ctx);
      },
    };
    const { definition: supervised } = supervise({ candidates: [{ definition, config: {}, attempts: 2 }] });
    const node = (made: TaskNode): TaskNode => ({
      ...made,
      async run(input, emit, signal) {
        void clock.sleep(100).then(() => made.close?.());
        await made.run(input, emit, signal);
      },
    });
    const driven = driveNode(defineWatched(supervised, { node }), {}, { frames: talk, clock });
    await expect(driven).rejects.toMatchObject({ code: "RUN_CANCELLED" });
    expect(script).toMatchObject({ opened: 2, closed: 2 });
  });

  test("a run that is cancelled while the node opens is not tried again", async () => {
    const stop = new AbortController();
    const script = new Script();
    script.onOpen = () => {
      stop.abort(new EngineError("RUN_CANCELLED", "stopped"));
      throw broken();
    };
    const driven = drive([{ definition: recogniser(script, "task"), attempts: 3 }], { signal: stop.signal });
    await expect(driven).rejects.toMatchObject({ code: "VENDOR_FAILED" });
    expect(script.opened).toBe(1);
  });

  test("a wait between attempts ends with the run", async () => {
    const stop = new AbortController();
    const script = new Script();
    script.onFrame = () => {
      if (script.opened === 3) stop.abort(new EngineError("RUN_CANCELLED", "stopped"));
      throw broken();
    };
    const driven = drive([{ definition: recogniser(script, "task"), attempts: 9 }], {
      frames: talk,
      signal: stop.signal,
    });
    await expect(driven).rejects.toThrow();
    expect(script.opened).toBe(3);
  });

  test("an instance that is given up sees its signal abort and can emit no more", async () => {
    const seen: string[] = [];
    let opened = 0;
    const definition = defineNode({
      type: "double.stubborn",
      summary: "Emits when it is told to stop.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => {
        const instance = ++opened;
        return {
          async run(input, emit, signal) {
            signal.addEventListener("abort", () => {
              seen.push(`abort ${instance}`);
              void emit(text("u9", "too late"));
            });
            for await (const _ of input) if (instance === 1) await new Promise(() => {});
          },
        };
      },
    });
    const clock = new VirtualClock();
    const { definition: supervised } = supervise({
      candidates: [{ definition, config: {}, attempts: 2 }],
      resultMs: 50,
    });
    const driven = await driveNode(supervised, {}, { frames: talk.slice(5), clock });
    expect(seen[0]).toBe("abort 1");
    expect(driven.emitted).toEqual([]);
  });
});

describe("what goes in", () => {
  test("the end of one input comes in its turn, and to the next instance again", async () => {
    const heard: string[] = [];
    const script = failingAt(3);
    const definition = defineNode({
      type: "double.join",
      summary: "Joins two inputs.",
      role: "sink",
      inputs: { a: { kinds: ["text"], default: true }, b: { kinds: ["text"] } },
      outputs: {},
      config: z.strictObject({}),
      create() {
        heard.push("open");
        return {
          onFrame(_frame, _emit, port) {
            script.onFrame(++script.handed, 0);
            heard.push(port);
          },
          onControl(control) {
            if (control.kind === "end") heard.push(`end ${control.port}`);
          },
        };
      },
    });
    const feed = [{ port: "a" }, { end: "a" }, { port: "b" }, { port: "b" }];
    const node = (made: TaskNode): TaskNode => ({
      run(_input, emit, signal) {
        const poll = () => {
          const item = feed.shift();
          if (item?.end === undefined) return item?.port ? { port: item.port, frame: text("u1", "x") } : undefined;
          made.onControl?.({ kind: "end", port: item.end }, emit);
          return undefined;
        };
        const next = async () => poll() ?? (feed.length > 0 ? poll() : undefined);
        return made.run({ next, poll: () => undefined, async *[Symbol.asyncIterator]() {} }, emit, signal);
      },
    });
    const { definition: supervised } = supervise({ candidates: [{ definition, config: {}, attempts: 2 }] });
    await driveNode(defineWatched(supervised, { node }), {});
    expect(heard).toEqual(["open", "a", "end a", "b", "open", "end a", "b", "end b"]);
  });

  test("a look at what is there does not overtake a frame that is waited for", async () => {
    const order: (string | undefined)[] = [];
    const definition = defineNode({
      type: "double.impatient",
      summary: "Looks while it waits.",
      role: "filter",
      shape: "task",
      inputs: { text: { kinds: ["text"] } },
      outputs: {},
      config: z.strictObject({}),
      create: () => ({
        async run(input) {
          const name = (frame?: Frame) => (frame?.kind === "text" ? frame.utterance : undefined);
          const waited = input.next();
          order.push(name(input.poll()?.frame));
          order.push(name((await waited)?.frame), name((await input.next())?.frame), name((await input.next())?.frame));
        },
      }),
    });
    await drive([{ definition, attempts: 2 }], { frames: [text("u1", "a"), text("u2", "b")] });
    expect(order).toEqual([undefined, "u1", "u2", undefined]);
  });

  test("audio that was inside an instance that failed stands in the accounts as gated", async () => {
    const script = failingAt(4);
    const definition = defineNode({
      type: "double.delay",
      summary: "Holds two frames back.",
      role: "filter",
      passes: "samples",
      inputs: { audio: { kinds: ["audio"] } },
      outputs: { audio: { kinds: ["audio"], audio: "same" } },
      config: z.strictObject({}),
      create() {
        const inside: Frame[] = [];
        return {
          onFrame(frame, emit) {
            inside.push(frame);
            script.onFrame(++script.handed, 0);
            if (inside.length > 2) emit(inside.shift()!);
          },
          onControl(control, emit) {
            if (control.kind === "end") for (const frame of inside.splice(0)) emit(frame);
          },
          held: () => inside.length * FRAME_SAMPLES,
        };
      },
    });
    const frames = Array.from({ length: 8 }, (_, i) => audio(i * FRAME_SAMPLES));
    const driven = await drive([{ definition, attempts: 2 }], { frames });
    expect(driven.frames().length * FRAME_SAMPLES + driven.gated + driven.held).toBe(8 * FRAME_SAMPLES);
    expect(driven.counters.lostSamples).toBe(2 * FRAME_SAMPLES);
  });
});

describe("what the workflow sees", () => {
  test("one candidate with one attempt and no limit stays as it is", () => {
    const candidate = { definition: recogniser(new Script(), "inline"), config: {}, attempts: 1 };
    expect(supervise({ candidates: [candidate] })).toBe(candidate);
  });

  test("the face of the first candidate, with the effects of all", () => {
    const first = recogniser(new Script(), "inline");
    const second = { ...recogniser(new Script(), "task", "b"), effects: ["network"] as const };
    const { definition } = supervise({
      candidates: [
        { definition: first, config: {}, attempts: 1 },
        { definition: second, config: {}, attempts: 1 },
      ],
    });
    expect(definition).toMatchObject({ type: "double.inline", shape: "task", effects: ["network"] });
    expect(definition.role({})).toBe("asr");
    expect(Object.keys(definition.outputs({}))).toEqual(["partial", "final"]);
  });

  test("ports of another name stand for each other where both are the default", async () => {
    const other = {
      ...recogniser(new Script(), "task", "b "),
      inputs: () => ({ sound: { kinds: ["audio", "speech"] as const } }),
    };
    const driven = await drive([
      { definition: recogniser(failingAt(1, broken("VENDOR_KEY_REFUSED")), "inline") },
      { definition: other },
    ]);
    expect(finals(driven)).toEqual(SAID.map((t) => `b ${t}`));
  });

  test("an output that the candidate itself does not declare is its failure", async () => {
    const inner = recogniser(new Script(), "task");
    const definition: NodeDefinition = { ...inner, outputs: () => ({ final: { kinds: ["text"] } }) };
    const driven = await drive([{ definition }, { definition: recogniser(new Script(), "inline") }]);
    expect(driven.events).toMatchObject([{ type: "fallback", code: "NODE_PROTOCOL" }]);
    expect(finals(driven)).toEqual(SAID);
  });

  test("a candidate with another audio format is refused before anything runs", () => {
    const first = speaker(new Script());
    const second: NodeDefinition = {
      ...speaker(new Script()),
      outputs: () => ({ audio: { kinds: ["audio"], audio: { sampleRateHz: 22050, channels: 1 } } }),
    };
    expect(() =>
      supervise({ candidates: [first, second].map((definition) => ({ definition, config: {}, attempts: 1 })) }),
    ).toThrow(/22050 Hz.*16000 Hz/);
  });

  test.each([0, -1, 1.5])("%p attempts are refused", (attempts) => {
    expect(() => supervise({ candidates: [{ definition: speaker(new Script()), config: {}, attempts }] })).toThrow(
      EngineError,
    );
  });

  test("a source that has sent something is not opened again", async () => {
    let opened = 0;
    const source = (sent: number) =>
      defineNode({
        type: "double.source",
        summary: "Breaks off.",
        role: "source",
        shape: "task",
        inputs: {},
        outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
        config: z.strictObject({}),
        create: () => ({
          async run(_, emit) {
            opened++;
            for (let i = 0; i < sent; i++) await emit(audio(i * FRAME_SAMPLES));
            if (opened < 3) throw broken();
          },
        }),
      });
    await drive([{ definition: source(0), attempts: 3 }], {});
    expect(opened).toBe(3);
    opened = 0;
    await expect(drive([{ definition: source(2), attempts: 3 }], {})).rejects.toMatchObject({ code: "VENDOR_FAILED" });
    expect(opened).toBe(1);
  });

  test("withRetry and withFallback keep the node's own config", async () => {
    const script = failingAt(3);
    const definition = withRetry(
      { ...recogniser(script, "task"), config: z.strictObject({ words: z.number().default(1) }) },
      2,
    );
    expect(finals(await driveNode(definition, { words: 2 }, { frames: talk }))).toEqual(SAID);
    const other = { definition: recogniser(new Script(), "inline"), config: {} };
    const fallback = withFallback(recogniser(failingAt(3, broken("VENDOR_KEY_REFUSED")), "task"), other);
    expect(finals(await driveNode(fallback, {}, { frames: talk }))).toEqual(SAID);
  });
});
