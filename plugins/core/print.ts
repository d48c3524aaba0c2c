import { z } from "zod";
import { type DataFrame, defineNode, type NodeEvent, type SpeechMark, type TextFrame } from "#engine/plugin";
import { textFacts, timeMs } from "./text-facts.ts";

const config = z.strictObject({
  label: z.string().min(1).optional().describe("Stands in each event, so that people see where it is from."),
  marks: z.boolean().default(false).describe("Prints where utterances begin and end, too."),
  partials: z.boolean().default(true).describe("Prints partials; without them, only finals."),
});

/** What a `print` event says beside its type. It carries text: that is what it is for. */
export interface PrintFacts {
  readonly what: "text" | "speech" | "data";
  readonly label?: string;
  readonly [fact: string]: unknown;
}

/** Shows what passes in the run's event stream; whoever follows the run renders it. */
export const print = defineNode({
  type: "core.print",
  summary: "Puts texts, speech marks and data into the run's events, for people to see.",
  role: "sink",
  inputs: { any: { kinds: ["text", "speech", "data"] } },
  outputs: {},
  config,
  create(settings, ctx) {
    const label = settings.label === undefined ? {} : { label: settings.label };
    const report = (facts: PrintFacts) => ctx.report({ type: "print", ...label, ...facts } satisfies NodeEvent);
    return {
      onFrame(frame) {
        if (frame.kind === "text" && (frame.final || settings.partials)) report(textPrint(frame));
        else if (frame.kind === "speech" && settings.marks) report(markPrint(frame));
        else if (frame.kind === "data") report(dataPrint(frame));
      },
    };
  },
});

/** Word times and the like stay out: they are for `core.transcript`. */
function textPrint(frame: TextFrame): PrintFacts {
  const { id, words: _words, madeFrom: _madeFrom, vendor: _vendor, ...facts } = textFacts(frame);
  return { what: "text", utterance: id, stableChars: frame.stableChars, ...facts };
}

const markPrint = ({ mark, utterance, atSample, sampleRateHz }: SpeechMark): PrintFacts => ({
  what: "speech",
  mark,
  utterance,
  atMs: timeMs(atSample, sampleRateHz),
});

const dataPrint = ({ topic, value, atSample, sampleRateHz }: DataFrame): PrintFacts => ({
  what: "data",
  topic,
  atMs: timeMs(atSample, sampleRateHz),
  value: printable(value),
});

/** A copy that JSON can hold: bytes and samples become their count, and numbers beyond it become strings. */
const printable = (value: unknown): unknown =>
  value === undefined
    ? null
    : JSON.parse(
        JSON.stringify(value, (_key, inner: unknown) => {
          if (typeof inner === "bigint") return String(inner);
          return ArrayBuffer.isView(inner) ? { bytes: inner.byteLength } : inner;
        }) ?? "null",
      );
