import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { type Control, defineNode, type Frame, type NodeDefinition, supervise, type TextFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { audio, broken, FRAME_SAMPLES, failingAt, recogniser, Script, text, utterances } from "./doubles.ts";
import { defineWatched, drive, finals, SAID, talk, texts } from "./driven.ts";

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
    expect(await rejectionOf(driveNode(watched, {}, { frames: talk }))).toMatchObject({ code: "VENDOR_FAILED" });
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
