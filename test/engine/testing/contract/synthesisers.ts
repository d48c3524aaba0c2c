import { type AudioFrame, defineNode, type Emit, type NodeDefinition, type TextFrame } from "#engine/plugin";
import { synthesiserContract } from "#engine/testing";
import { audio, RATE, SAMPLES, said } from "./frames.ts";
import { config, type Faults, faultyOf, type Inline, type Judged } from "./judged.ts";

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
const synthesiserFaults: Faults<Inline> = {
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

const judge = (create: Inline) =>
  synthesiserContract("it", () => ({ definition: synthesiser(create), frames: said() }));

export const synthesisers: Judged = {
  name: "synthesiser",
  good: judge(speaking()),
  faulty: faultyOf("a synthesiser", synthesiserFaults, judge),
};
