import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type AudioFrame,
  type AwaitableEmit,
  defineNode,
  type Emit,
  type Frame,
  type InlineNode,
  type NodeContext,
  type NodeDefinition,
  type SpeechMark,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import {
  audioNodeContract,
  type Check,
  recogniserContract,
  registerContract,
  sinkContract,
  sourceContract,
  synthesiserContract,
  translatorContract,
} from "#engine/testing";

const RATE = 16000;
const SAMPLES = 320;
const config = z.strictObject({});

const audio = (n: number, value = n): AudioFrame => ({
  kind: "audio",
  pcm: new Int16Array(SAMPLES).fill(value),
  sampleRateHz: RATE,
  channels: 1,
  startSample: n * SAMPLES,
});
const mark = (which: "start" | "end", utterance: string, n: number): SpeechMark => ({
  kind: "speech",
  mark: which,
  utterance,
  atSample: n * SAMPLES,
  sampleRateHz: RATE,
});
const text = (utterance: string, words: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "transcript",
  text: words,
  utterance,
  revision: 1,
  final: true,
  stableChars: words.length,
  startSample: 0,
  endSample: SAMPLES,
  sampleRateHz: RATE,
  ...more,
});

type Inline = (ctx: NodeContext) => InlineNode;
type Task = (ctx: NodeContext) => TaskNode;

/** Of three frames, gates two and passes the third on as an utterance of its own. */
const detector = (create: Inline): NodeDefinition =>
  defineNode({
    type: "double.vad",
    summary: "Hears every third frame.",
    role: "vad",
    passes: "samples",
    inputs: { audio: { kinds: ["audio"] } },
    outputs: { speech: { kinds: ["speech", "audio"], audio: "same" } },
    config,
    create: (_, ctx) => create(ctx),
  });

const sound = (frame: Frame): AudioFrame => {
  if (frame.kind !== "audio") throw new TypeError(`no audio: ${frame.kind}`);
  return frame;
};

interface DetectorFaults {
  gate?: number;
  shift?: number;
  startLate?: number;
  leaveOpen?: boolean;
  change?: (frame: AudioFrame) => AudioFrame;
  onControl?: NonNullable<InlineNode["onControl"]>;
  close?: () => void;
}

const hearing =
  (faults: DetectorFaults = {}): Inline =>
  (ctx) => ({
    onFrame(frame, emit) {
      const came = sound(frame);
      const n = came.startSample / SAMPLES;
      if (n % 3 !== 2) return ctx.gate(faults.gate ?? SAMPLES);
      const utterance = `u${n}`;
      emit({ ...mark("start", utterance, n), atSample: n * SAMPLES + (faults.startLate ?? 0) });
      const heard = faults.change?.(came) ?? came;
      emit(faults.shift === undefined ? heard : { ...heard, startSample: heard.startSample + faults.shift });
      if (!faults.leaveOpen) emit(mark("end", utterance, n + 1));
    },
    ...(faults.onControl ? { onControl: faults.onControl } : {}),
    close: faults.close ?? (() => {}),
  });

let shared = 0;

const audioSubject = (definition: NodeDefinition) => () => ({
  definition,
  frames: Array.from({ length: 12 }, (_, n) => audio(n)),
  formats: { audio: { sampleRateHz: RATE, channels: 1 } },
});
const audioFaults: Record<string, [Inline, string]> = {
  "throws at the end of an empty stream": [
    (ctx) => {
      let frames = 0;
      const inner = hearing()(ctx);
      return {
        onFrame(frame, emit) {
          frames++;
          inner.onFrame(frame, emit, "audio");
        },
        onControl: (control) => {
          if (control.kind === "end" && frames === 0) throw new Error("nothing came");
        },
      };
    },
    "ends without an error when nothing comes",
  ],
  "writes into its input": [
    hearing({ change: (frame) => ({ ...frame, pcm: frame.pcm.fill(7) }) }),
    "leaves the frames that it is given as they are",
  ],
  "has another rate than its input": [
    hearing({ change: (frame) => ({ ...frame, sampleRateHz: 8000 }) }),
    "gives on each output what it declares",
  ],
  "emits a kind that it does not declare": [
    (ctx) => ({ onFrame: (_, emit) => emit(text("u1", "hello")), close: () => ctx.gate(0) }),
    "gives on each output what it declares",
  ],
  "emits to a port that it does not declare": [
    () => ({ onFrame: (frame, emit) => emit(frame, "aside") }),
    "ends when its input has ended",
  ],
  "depends on what ran before": [
    hearing({ change: (frame) => ({ ...frame, pcm: new Int16Array(SAMPLES).fill(shared++) }) }),
    "gives the same for the same input",
  ],
  "depends on what runs beside it": [
    (ctx) => {
      let own = 0;
      shared = 0;
      const inner = hearing({ change: (frame) => ({ ...frame, pcm: new Int16Array(SAMPLES).fill(shared - own) }) })(
        ctx,
      );
      return {
        onFrame(frame, emit) {
          own++;
          shared++;
          inner.onFrame(frame, emit, "audio");
        },
      };
    },
    "shares nothing with another instance",
  ],
  "cannot be flushed": [
    hearing({
      onControl: (control) => {
        if (control.kind === "flush") throw new Error("what is that");
      },
    }),
    "takes a flush at any time",
  ],
  "breaks when it is cancelled": [
    hearing({
      onControl: (control) => {
        if (control.kind === "cancel") throw new Error("what is that");
      },
    }),
    "ends soon when it is cancelled",
  ],
  "frees twice": [
    (ctx) => {
      let open = true;
      return {
        ...hearing()(ctx),
        close() {
          if (!open) throw new Error("freed twice");
          open = false;
        },
      };
    },
    "bears a second close",
  ],
  "loses samples": [hearing({ gate: SAMPLES - 1 }), "accounts for every sample"],
  "goes back in time": [
    hearing({ change: (frame) => ({ ...frame, startSample: 0 }) }),
    "gives audio at rising positions",
  ],
  "changes what it passes on": [
    hearing({ change: (frame) => ({ ...frame, pcm: frame.pcm.map((s) => s + 1) }) }),
    "passes samples on unchanged, where it passes them on",
  ],
  "opens an utterance after its audio": [hearing({ startLate: 10 }), "opens and closes utterances around their audio"],
  "leaves an utterance open": [hearing({ leaveOpen: true }), "opens and closes utterances around their audio"],
};

const talk = () => [
  mark("start", "a", 0),
  audio(0),
  audio(1),
  mark("end", "a", 2),
  mark("start", "b", 5),
  audio(5),
  mark("end", "b", 6),
];

/** A partial after each frame, a final at the closing mark; `say` may change or drop what goes out. */
const recognising =
  (say: (frame: TextFrame) => TextFrame | undefined = (f) => f, run?: TaskNode["run"]): Task =>
  () => ({
    run:
      run ??
      (async (input, emit) => {
        let open: { utterance: string; start: number; words: number[] } | undefined;
        for await (const frame of input) {
          if (frame.kind === "speech" && frame.mark === "start")
            open = { utterance: frame.utterance, start: frame.atSample, words: [] };
          if (!open) continue;
          if (frame.kind === "audio") open.words.push(frame.pcm[0]!);
          const final = frame.kind === "speech" && frame.mark === "end";
          if (frame.kind !== "audio" && !final) continue;
          const words = open.words.join(" ");
          const stableChars = final ? words.length : Math.max(0, words.length - 1);
          const endSample = open.start + open.words.length * SAMPLES;
          const revision = open.words.length + (final ? 1 : 0);
          const said = say(
            text(open.utterance, words, { revision, final, stableChars, startSample: open.start, endSample }),
          );
          if (said) await emit(said);
        }
      }),
  });
const recogniser = (create: Task): NodeDefinition =>
  defineNode({
    type: "double.asr",
    summary: "Hears numbers.",
    role: "asr",
    shape: "task",
    inputs: { audio: { kinds: ["audio", "speech"] } },
    outputs: { text: { kinds: ["text"], textRole: "transcript" } },
    config,
    create: (_, ctx) => create(ctx),
  });
const partial = (f: TextFrame, more: Partial<TextFrame>) => (f.final ? f : { ...f, ...more });
const final = (f: TextFrame, more: Partial<TextFrame>) => (f.final ? { ...f, ...more } : f);
const REVISES = "revises in order: rising revisions, stable beginnings, then one final";
const TIMES = "gives finals in the order of their utterances, at times in them";

const recogniserFaults: Record<string, [Task, string]> = {
  "hears nothing": [recognising(() => undefined), "hears something"],
  "never ends": [recognising(undefined, () => new Promise(() => {})), "ends when its input has ended"],
  "sleeps on when it is cancelled": [
    (ctx) => ({
      async run(input) {
        for await (const _ of input) await ctx.clock.sleep(60_000);
        await ctx.clock.sleep(60_000);
      },
    }),
    "ends soon when it is cancelled",
  ],
  "does not wait for room": [
    () => ({
      async run(input, emit) {
        for await (const frame of input)
          if (frame.kind === "audio")
            for (const i of [1, 2]) void emit(text(`u${frame.startSample}`, "word", { revision: i }));
      },
    }),
    "waits where there is no room",
  ],
  "does not count revisions": [recognising((f) => ({ ...f, revision: 1 })), REVISES],
  "changes what was stable": [recognising((f) => final(f, { text: "other", stableChars: 5 })), REVISES],
  "promises more than it said": [recognising((f) => partial(f, { stableChars: 100 })), REVISES],
  "has an unstable final": [recognising((f) => final(f, { stableChars: 0 })), REVISES],
  "gives no final for a partial that stands": [
    recognising((f) => (f.utterance === "b" && f.final ? undefined : f)),
    REVISES,
  ],
  "goes on after the final": [recognising((f) => ({ ...f, final: true, stableChars: f.text.length })), REVISES],
  "begins before the opening mark": [
    recognising((f) => final(f, { startSample: Math.max(0, f.startSample - 1) })),
    TIMES,
  ],
  "ends after the closing mark": [recognising((f) => final(f, { endSample: f.endSample + 1 })), TIMES],
  "has words after the end": [
    recognising((f) => final(f, { words: [{ text: "x", startSample: f.startSample, endSample: f.endSample + 1 }] })),
    TIMES,
  ],
  "has words out of order": [
    recognising((f) =>
      final(f, {
        words: [
          { text: "x", startSample: f.startSample + 10, endSample: f.startSample + 20 },
          { text: "y", startSample: f.startSample, endSample: f.startSample + 10 },
        ],
      }),
    ),
    TIMES,
  ],
};

const said = () => [
  text("a", "uno", { revision: 1, final: false, stableChars: 0 }),
  text("a", "uno dos", { revision: 2 }),
  text("b", "tres", { startSample: 1000, endSample: 2000 }),
];
const answering =
  (answer: (frame: TextFrame) => readonly TextFrame[], wordless = true): Inline =>
  () => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text") return;
      if (!wordless && frame.text.trim() === "") throw new Error("nothing to translate");
      for (const out of answer({ ...frame, role: "translation", language: "en", madeFrom: { text: frame.text } }))
        emit(out);
    },
  });
const translator = (create: Inline): NodeDefinition =>
  defineNode({
    type: "double.translate",
    summary: "Says the same.",
    role: "translate",
    inputs: { text: { kinds: ["text"] } },
    outputs: { text: { kinds: ["text"], textRole: "translation", language: "en" } },
    config,
    create: (_, ctx) => create(ctx),
  });
const KEEPS = "keeps utterance and times, and says what it translated";
const translatorFaults: Record<string, [Inline, string]> = {
  "drops a text": [answering((f) => (f.utterance === "b" ? [] : [f])), "answers every final once, in order"],
  "says a final twice": [
    answering((f) => (f.final ? [f, { ...f, revision: f.revision + 1 }] : [f])),
    "answers every final once, in order",
  ],
  "names another utterance": [answering((f) => [{ ...f, utterance: "z" }]), KEEPS],
  "moves the times": [answering((f) => [{ ...f, endSample: f.endSample + 1 }]), KEEPS],
  "does not say what it translated": [answering(({ madeFrom: _, ...f }) => [f]), KEEPS],
  "counts revisions down": [answering((f) => [{ ...f, revision: 10 - f.revision }]), REVISES],
  "breaks at a text without words": [answering((f) => [f], false), "bears a text without words"],
  "answers as a transcript": [
    answering((f) => [{ ...f, role: "transcript" }]),
    "gives on each output what it declares",
  ],
  "answers in another language": [
    answering((f) => [{ ...f, language: "fr" }]),
    "gives on each output what it declares",
  ],
};

const speaking =
  (say: (frame: AudioFrame, of: TextFrame) => AudioFrame | undefined = (f) => f, wordless = true): Inline =>
  () => {
    let n = 0;
    return {
      onFrame(frame, emit: Emit) {
        if (frame.kind !== "text" || !frame.final) return;
        if (!wordless && frame.text.trim() === "") throw new Error("nothing to say");
        for (const letter of frame.text) {
          const spoken = say({ ...audio(n++, letter.charCodeAt(0)), utterance: frame.utterance }, frame);
          if (spoken) emit(spoken);
        }
      },
    };
  };
const synthesiser = (create: Inline): NodeDefinition =>
  defineNode({
    type: "double.tts",
    summary: "Says letters.",
    role: "tts",
    inputs: { text: { kinds: ["text"] } },
    outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1, frameMs: 20 } } },
    config,
    create: (_, ctx) => create(ctx),
  });
const SPEAKS = "speaks every text, in order, each frame with its utterance";
const synthesiserFaults: Record<string, [Inline, string]> = {
  "leaves out a text": [speaking((f, of) => (of.utterance === "a" ? undefined : { ...f, startSample: 0 })), SPEAKS],
  "does not name the utterance": [speaking(({ utterance: _, ...f }) => f), SPEAKS],
  "begins anew with each text": [
    speaking((f, of) => (of.utterance === "b" ? { ...f, startSample: 0 } : f)),
    "gives audio without a gap from sample 0 on",
  ],
  "breaks at a text without words": [speaking(undefined, false), "bears a text without words"],
  "has frames of another length": [
    speaking((f) => ({ ...f, pcm: f.pcm.subarray(0, 100), startSample: (f.startSample / SAMPLES) * 100 })),
    "gives on each output what it declares",
  ],
};

const sink = (create: Inline, outputs = {}): NodeDefinition =>
  defineNode({
    type: "double.sink",
    summary: "Writes lines.",
    role: "sink",
    inputs: { text: { kinds: ["text"] } },
    outputs,
    config,
    create: async (_, ctx) => {
      const file = await ctx.artifact("out.txt");
      const node = create(ctx);
      file.onFinish(() => file.write(new TextEncoder().encode(closing)));
      return {
        onFrame(frame, emit, port) {
          file.write(new TextEncoder().encode("line\n"));
          node.onFrame(frame, emit, port);
        },
      };
    },
  });
let closing = "end";
const quiet: Inline = () => ({ onFrame: () => {} });
const sinkSubject = (definition: NodeDefinition) => () => ({
  definition,
  frames: said(),
  checkFile: (bytes: Uint8Array) => expect(new TextDecoder().decode(bytes)).toEndWith("end"),
});

const source = (run: (emit: AwaitableEmit) => Promise<void>): NodeDefinition =>
  defineNode({
    type: "double.source",
    summary: "Counts.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
    config,
    create: () => ({ run: (_, emit) => run(emit) }),
  });
const counting = (step = 1) =>
  source(async (emit) => {
    for (let n = 0; n < 5; n++) await emit(audio(n * step));
  });

async function broken(checks: readonly Check[]): Promise<string[]> {
  const names: string[] = [];
  for (const check of checks) await check.run().catch(() => names.push(check.name));
  return names;
}

const contracts = [
  { name: "audio", good: audioNodeContract("it", audioSubject(detector(hearing()))) },
  {
    name: "recogniser",
    good: recogniserContract("it", () => ({ definition: recogniser(recognising()), frames: talk() })),
  },
  {
    name: "translator",
    good: translatorContract("it", () => ({ definition: translator(answering((f) => [f])), frames: said() })),
  },
  {
    name: "synthesiser",
    good: synthesiserContract("it", () => ({ definition: synthesiser(speaking()), frames: said() })),
  },
  { name: "sink", good: sinkContract("it", sinkSubject(sink(quiet))) },
  { name: "source", good: sourceContract("it", () => ({ definition: counting() })) },
];
describe.each(contracts)("the $name contract", ({ good }) => {
  registerContract(good, test);
});

const faulty = [
  ...Object.entries(audioFaults).map(([name, [create, check]]) => ({
    name: `a detector that ${name}`,
    check,
    checks: audioNodeContract("it", audioSubject(detector(create))),
  })),
  ...Object.entries(recogniserFaults).map(([name, [create, check]]) => ({
    name: `a recogniser that ${name}`,
    check,
    checks: recogniserContract("it", () => ({ definition: recogniser(create), frames: talk() })),
  })),
  ...Object.entries(translatorFaults).map(([name, [create, check]]) => ({
    name: `a translator that ${name}`,
    check,
    checks: translatorContract("it", () => ({ definition: translator(create), frames: said() })),
  })),
  ...Object.entries(synthesiserFaults).map(([name, [create, check]]) => ({
    name: `a synthesiser that ${name}`,
    check,
    checks: synthesiserContract("it", () => ({ definition: synthesiser(create), frames: said() })),
  })),
  {
    name: "a sink that emits",
    check: "emits nothing",
    checks: sinkContract(
      "it",
      sinkSubject(sink(() => ({ onFrame: (f, emit) => emit(f) }), { text: { kinds: ["text"] } })),
    ),
  },
  {
    name: "a source without frames",
    check: "gives something",
    checks: sourceContract("it", () => ({ definition: source(async () => {}) })),
  },
  {
    name: "a source with gaps",
    check: "gives audio without a gap from sample 0 on",
    checks: sourceContract("it", () => ({ definition: counting(2) })),
  },
];

test.each(faulty)("$name breaks: $check", async ({ checks, check }) => {
  expect(await broken(checks)).toContain(`it ${check}`);
});

test("a sink that leaves a broken file breaks: leaves valid files, however much came", async () => {
  closing = "";
  try {
    expect(await broken(sinkContract("it", sinkSubject(sink(quiet))))).toContain(
      "it leaves valid files, however much came",
    );
  } finally {
    closing = "end";
  }
});

test("every check of every contract has a fault that it finds", () => {
  const bites = new Set([...faulty.map(({ check }) => check), "leaves valid files, however much came"]);
  const all = new Set(contracts.flatMap(({ good }) => good.map(({ name }) => name.replace(/^it /, ""))));
  expect([...all].filter((name) => !bites.has(name))).toEqual([]);
});
