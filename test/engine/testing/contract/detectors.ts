import { type AudioFrame, defineNode, type Frame, type InlineNode, type NodeDefinition } from "#engine/plugin";
import { audioNodeContract } from "#engine/testing";
import { audio, mark, RATE, SAMPLES, text } from "./frames.ts";
import { config, type Faults, faultyOf, type Inline, type Judged } from "./judged.ts";

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
const audioFaults: Faults<Inline> = {
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

export const detectors: Judged = {
  name: "audio",
  good: audioNodeContract("it", audioSubject(detector(hearing()))),
  faulty: faultyOf("a detector", audioFaults, (create) => audioNodeContract("it", audioSubject(detector(create)))),
};
