import { expect, test } from "bun:test";
import { type AudioFrame, defineNode, SentenceSpeaker, spokenSentences, type TextFrame, z } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";

const RATE_HZ = 16_000;

/** Makes 50 ms for each letter, and keeps a diary. */
function scripted({ fails }: { fails?: string } = {}) {
  const diary: string[] = [];
  const definition = defineNode({
    type: "double.tts",
    summary: "Speaks.",
    role: "tts",
    shape: "task",
    inputs: { text: { kinds: ["text"] } },
    outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1 } } },
    config: z.strictObject({}),
    create(_config, ctx) {
      const settings = { sampleRateHz: RATE_HZ, sentences: (text: string) => spokenSentences(text, "en") };
      const speaker = new SentenceSpeaker(settings, ctx, {
        async speak(sentence, signal) {
          diary.push(`makes ${sentence}`);
          if (sentence === fails) throw new Error("no voice");
          signal.throwIfAborted();
          return new Int16Array(sentence.length * 800);
        },
        close: () => void diary.push("closes"),
      });
      return {
        run: (input, emit, signal) =>
          speaker.run(
            input,
            (frame, port) => {
              if (diary.at(-1) !== "sends") diary.push("sends");
              return emit(frame, port);
            },
            signal,
          ),
        onControl: (control) => speaker.onControl(control),
        close: () => speaker.close(),
      };
    },
  });
  return { definition, diary };
}

const text = (said: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "translation",
  text: said,
  utterance: "u1",
  revision: 1,
  final: true,
  stableChars: said.length,
  startSample: 0,
  endSample: RATE_HZ,
  sampleRateHz: RATE_HZ,
  ...more,
});

test("frames of 20 ms follow on each other, the last of a sentence shorter, with what the text says of them", async () => {
  const { definition } = scripted();
  const driven = await driveNode(
    definition,
    {},
    {
      frames: [
        text("Seven. Eight."),
        text("not yet", { final: false }),
        text("Three!", { utterance: "u2", protected: true }),
      ],
    },
  );
  const frames = driven.frames("audio") as AudioFrame[];
  let position = 0;
  for (const frame of frames) {
    expect(frame.startSample).toBe(position);
    expect(frame.pcm.length).toBeLessThanOrEqual(320);
    position += frame.pcm.length;
  }
  expect(position).toBe((6 + 6 + 6) * 800);
  expect(frames.map(({ utterance, protected: kept }) => `${utterance} ${kept}`)).toEqual([
    ...new Array(30).fill("u1 undefined"),
    ...new Array(15).fill("u2 true"),
  ]);
  expect(driven.usage).toMatchObject({ characters: 18 });
});

test("the next sentence is made while the one before it is heard", async () => {
  const { definition, diary } = scripted();
  await driveNode(definition, {}, { frames: [text("Seven. Eight. Nineteen.")] });
  expect(diary).toEqual(["makes Seven.", "makes Eight.", "sends", "makes Nineteen.", "sends", "closes"]);
});

test("a sentence that fails ends the node with what the engine threw, after the one before it was heard", async () => {
  const { definition } = scripted({ fails: "Eight." });
  expect(await rejectionOf(driveNode(definition, {}, { frames: [text("Seven. Eight.")] }))).toHaveProperty(
    "message",
    expect.stringContaining("no voice"),
  );
});

test("a barge-in drops what waits of earlier utterances, and nothing that is protected or its own", async () => {
  const { definition, diary } = scripted();
  const driven = await driveNode(
    definition,
    {},
    {
      frames: [
        text("One.", { utterance: "u1" }),
        { kind: "barge-in", utterance: "u4" },
        text("Two.", { utterance: "u2" }),
        text("Three.", { utterance: "u3", protected: true }),
        text("Four.", { utterance: "u4" }),
        text("Five.", { utterance: "u5" }),
        text("Two again.", { utterance: "u2", revision: 2 }),
      ],
    },
  );
  const heard = new Set((driven.frames("audio") as AudioFrame[]).map(({ utterance }) => utterance));
  expect([...heard]).toEqual(["u1", "u3", "u4", "u5"]);
  expect(diary).not.toContain("makes Two.");
  expect(driven.counters).toMatchObject({ bargedInTexts: 1 });
});
