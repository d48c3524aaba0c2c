import { defineNode, type NodeDefinition, type TaskNode, type TextFrame } from "#engine/plugin";
import { recogniserContract } from "#engine/testing";
import { audio, mark, SAMPLES, text } from "./frames.ts";
import { config, type Faults, faultyOf, type Judged, type Task } from "./judged.ts";

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

export const REVISES = "revises in order: rising revisions, stable beginnings, then one final";

const TIMES = "gives finals in the order of their utterances, at times in them";

const recogniserFaults: Faults<Task> = {
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

const judge = (create: Task) => recogniserContract("it", () => ({ definition: recogniser(create), frames: talk() }));

export const recognisers: Judged = {
  name: "recogniser",
  good: judge(recognising()),
  faulty: faultyOf("a recogniser", recogniserFaults, judge),
};
