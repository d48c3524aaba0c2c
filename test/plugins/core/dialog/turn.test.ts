import { describe, expect, test } from "bun:test";
import type {
  AwaitableEmit,
  Control,
  Frame,
  NodeDefinition,
  NodeEvent,
  SpeechMark,
  TaskNode,
  TextFrame,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { planOf, startPlan, task } from "#test/doubles";
import { turn } from "../../../../plugins/core/dialog/turn.ts";
import { textFrame } from "../texts.ts";

interface Heard {
  readonly utterance: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Left out: the recogniser finds no words. */
  readonly text?: string;
  /** Of the recogniser, from the closing mark. */
  readonly delayMs?: number;
  readonly more?: Omit<Partial<TextFrame>, "words">;
  readonly verdict?: readonly [text: string, delayMs: number];
}

interface Timed {
  readonly atMs: number;
  readonly port: "text" | "speech" | "verdict";
  readonly frame: Frame;
}

const mark = (kind: "start" | "end", utterance: string, atMs: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample: kind === "start" ? atMs - 300 : atMs,
  ...(kind === "start" && { voicedSample: atMs }),
  sampleRateHz: 1000,
});

/** What a detector, a recogniser and a model give, at their times; `speed` says how much faster than life the recording is read. */
const timed = (heard: readonly Heard[], speed: number): Timed[] =>
  heard
    .flatMap(({ utterance, fromMs, toMs, text, delayMs = 200, more, verdict }): Timed[] => {
      const textAtMs = toMs / speed + delayMs;
      const frame = (said: string, about: Heard["more"] = {}) =>
        textFrame({ text: said, utterance, atMs: [fromMs, toMs], ...about });
      return [
        { atMs: fromMs / speed, port: "speech", frame: mark("start", utterance, fromMs) },
        { atMs: toMs / speed, port: "speech", frame: mark("end", utterance, toMs) },
        ...(text === undefined ? [] : [{ atMs: textAtMs, port: "text", frame: frame(text, more) } as const]),
        ...(verdict ? [{ atMs: textAtMs + verdict[1], port: "verdict", frame: frame(verdict[0]) } as const] : []),
      ];
    })
    .sort((a, b) => a.atMs - b.atMs);

interface Setting {
  readonly marks?: boolean;
  readonly speed?: number;
  readonly config?: object;
}

/** The turns of a run, each with the clock at which it came. */
async function turnsOf(heard: readonly Heard[], { marks = true, speed = 1, config = {} }: Setting = {}) {
  const settings = turn.config.parse({ model: heard.some(({ verdict }) => verdict), ...config });
  const node: NodeDefinition = {
    ...turn,
    inputs: () => turn.inputs(settings),
    outputs: () => ({ out: { kinds: ["text"] as const } }),
    create: async (_, ctx) => {
      const made = (await turn.create(settings, ctx)) as TaskNode;
      return {
        run: (input, emit, signal) => made.run(input, (frame) => emit(frame, "out"), signal),
        onControl: (control: Control, emit: AwaitableEmit) => made.onControl?.(control, emit),
      };
    },
  };
  const all = timed(heard, speed).filter(({ port }) => marks || port !== "speech");
  const ports = [...new Set(all.map(({ port }) => port))];
  const source = (port: string) =>
    task(async (_input, emit, signal, { clock }) => {
      for (const { atMs, frame } of all.filter((each) => each.port === port)) {
        await clock.sleep(Math.max(0, atMs - clock.nowMs()), signal);
        await emit(frame);
      }
      if (port === ports[0]) await clock.sleep(50_000, signal);
    });
  const came: [string, number][] = [];
  const sink = task(async (input, _emit, _signal, { clock }) => {
    for await (const frame of input) if (frame.kind === "text") came.push([frame.text, clock.nowMs()]);
  });
  const sources = Object.fromEntries(ports.map((port) => [port, { ...source(port), inputs: () => ({}) }]));
  const plan = planOf({ ...sources, turn: node, sink }, [
    ...ports.map((port) => [port, "turn", { port }] as const),
    ["turn", "sink"],
  ]);
  const { run, events } = startPlan({ ...plan, limits: { startMs: 1000, idleMs: 100_000, drainMs: 5000 } });
  const report = await run.done;
  expect(report.state).toBe("done");
  const told = events.flatMap((event) => (event.type === "node" && event.event.type === "turn" ? [event.event] : []));
  return { came, told, report };
}

const why = (told: readonly NodeEvent[]) => told.map((each) => each.why);

describe("by silence", () => {
  const TWO: readonly Heard[] = [
    { utterance: "u1", fromMs: 1000, toMs: 2000, text: "turn it on" },
    { utterance: "u2", fromMs: 2400, toMs: 3000, text: "in the kitchen please" },
    { utterance: "u3", fromMs: 6000, toMs: 7000, text: "thank you" },
  ];
  const wanted = ["turn it on in the kitchen please", "thank you"];

  test("what is said with short pauses is one turn, that comes so long after its closing mark", async () => {
    const { came, told } = await turnsOf(TWO);
    expect(came).toEqual([
      [wanted[0]!, 3600],
      [wanted[1]!, 7600],
    ]);
    expect(told).toEqual([
      { type: "turn", utterance: "u2", why: "silence", pieces: 2, waitedMs: 600 },
      { type: "turn", utterance: "u3", why: "silence", pieces: 1, waitedMs: 600 },
    ]);
  });

  test("a recording that is read quickly has the same turns", async () => {
    const { came } = await turnsOf(TWO, { speed: 20 });
    expect(came.map(([text]) => text)).toEqual(wanted);
  });

  test("a final that comes late is waited for, and is not held for longer than that", async () => {
    const { came } = await turnsOf(TWO.map((heard) => ({ ...heard, delayMs: 900 })));
    expect(came).toEqual([
      [wanted[0]!, 3900],
      [wanted[1]!, 7900],
    ]);
  });

  test("an utterance without words ends nothing, and is waited for no longer than resultMs", async () => {
    const cough: Heard = { utterance: "u2", fromMs: 2400, toMs: 2600 };
    const { came } = await turnsOf([TWO[0]!, cough], { config: { resultMs: 1500 } });
    expect(came).toEqual([["turn it on", 4100]]);
  });

  test("without marks it is counted from finals", async () => {
    const { came } = await turnsOf(TWO, { marks: false, config: { silenceMs: 1100 } });
    expect(came).toEqual([
      [wanted[0]!, 4300],
      [wanted[1]!, 8300],
    ]);
  });

  test("who does not stop is handed on at last", async () => {
    const heard = Array.from(
      { length: 8 },
      (_, i): Heard => ({ utterance: `u${i}`, fromMs: i * 1000, toMs: i * 1000 + 700, text: `w${i}` }),
    );
    const { came, told } = await turnsOf(heard, { config: { maxTurnMs: 5050 } });
    expect(why(told)).toEqual(["limit", "silence"]);
    expect(came.map(([text]) => text).join(" ")).toBe("w0 w1 w2 w3 w4 w5 w6 w7");
    expect(came[0]![1]).toBe(900 + 5050);
  });
});

describe("by words", () => {
  const after = (text: string, config: object = {}) =>
    turnsOf([{ utterance: "u1", fromMs: 0, toMs: 1000, text }], { config });
  test.each([
    ["turn it on", 1600],
    ["turn it on and", 3000],
    ["turn it on, um", 3000],
    ["turn it on,", 3000],
    ["turn it on ...", 3000],
    ["turn it on then over", 1200],
    ["over the moon", 1600],
  ])("after %s a turn is over at %d ms", async (text, atMs) => {
    const { came } = await after(text, { complete: ["over"] });
    expect(came).toEqual([[text, atMs]]);
  });

  test("fillers alone are no turn, and are counted", async () => {
    const { came, report } = await after("Um, uh.");
    expect(came).toEqual([]);
    expect(report.nodes.find(({ node }) => node === "turn")?.counters).toEqual({ fillersOnly: 1 });
  });

  test("an unfinished sentence is put together with what follows after a long pause", async () => {
    const { came } = await turnsOf([
      { utterance: "u1", fromMs: 0, toMs: 1000, text: "my number is" },
      { utterance: "u2", fromMs: 2500, toMs: 3500, text: "twelve" },
    ]);
    expect(came).toEqual([["my number is twelve", 4100]]);
  });
});

describe("by a model", () => {
  const judged = (verdict: readonly [string, number], config: object = {}) =>
    turnsOf([{ utterance: "u1", fromMs: 0, toMs: 1000, text: "my name", verdict }], { config });
  test.each([
    ["yes", 1250, "model"],
    ["Complete.", 1250, "model"],
    ["0.9", 1250, "model"],
    ["0.2", 3000, "silence"],
    ["no", 3000, "silence"],
    ["", 3000, "silence"],
  ])("that says %s the turn is over at %d ms", async (verdict, atMs, because) => {
    const { came, told } = await judged([verdict, 50]);
    expect(came).toEqual([["my name", atMs]]);
    expect(why(told)).toEqual([because]);
  });

  test("that is late silence decides, and its verdict is for nothing else", async () => {
    const { came } = await judged(["yes", 900]);
    expect(came).toEqual([["my name", 1600]]);
  });
});

test("another speaker begins another turn", async () => {
  const heard: Heard[] = ["ann", "ben"].map((speaker, i) => ({
    utterance: `u${i}`,
    fromMs: i * 1000,
    toMs: i * 1000 + 800,
    text: `i am ${speaker}`,
    more: { speaker },
  }));
  const { came, told } = await turnsOf(heard);
  expect(came.map(([text]) => text)).toEqual(["i am ann", "i am ben"]);
  expect(why(told)).toEqual(["speaker", "silence"]);
});

test("the end of the input and a flush end a turn", async () => {
  const frames = ["one", "two"].map((text) => textFrame({ text, utterance: text, atMs: [0, 100] }));
  const whole = await driveNode(turn, {}, { frames });
  expect(whole.frames()).toMatchObject([{ text: "one two", utterance: "two", startSample: 0 }]);
  expect(why(whole.events)).toEqual(["end"]);
  const cut = await driveNode(turn, {}, { frames: [frames[0]!, { kind: "flush" }, frames[1]!] });
  expect(cut.frames().map((frame) => frame.kind === "text" && frame.text)).toEqual(["one", "two"]);
  expect(why(cut.events)).toEqual(["flush", "end"]);
});

test("a turn keeps the words and the lowest confidence where all of it has them", async () => {
  const said = (text: string, more: { readonly confidence: number }) =>
    textFrame({ text, utterance: text, atMs: [0, 100], words: [[text, 0, 9]], ...more });
  const driven = await driveNode(
    turn,
    {},
    { frames: [said("a", { confidence: 0.9 }), said("b", { confidence: 0.4 })] },
  );
  expect(driven.frames()[0]).toMatchObject({ confidence: 0.4, words: [{ text: "a" }, { text: "b" }] });
});
