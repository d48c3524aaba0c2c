import type { InputPort, OutputPort, OutputPorts, TextFrame } from "#engine/plugin";
import { RATE_HZ } from "../wire.ts";
import { type AsrSettings, type InterpretSettings, manyTargets, type StreamSettings, targetsOf } from "./config.ts";

/** Marks are not asked for: the service finds its sentences by itself. */
export const audioInput = ({ codec }: StreamSettings): InputPort => ({
  kinds: codec === "opus" ? ["audio", "encoded"] : ["audio"],
  audio: { sampleRateHz: RATE_HZ, channels: 1 },
});

/** Where alternatives are named, what is spoken is known only with the texts. */
const transcript = ({ source, alternatives }: AsrSettings) =>
  ({ kinds: ["text"], textRole: "transcript", ...(alternatives.length === 0 && { language: source }) }) as const;

const PARTIALS = { carries: ["partials"] } as const;

/** As of any recogniser. */
export const asrOutputs = (settings: AsrSettings): OutputPorts => ({
  final: { ...transcript(settings), default: true },
  partial: { ...transcript(settings), ...PARTIALS },
});

export function interpretOutputs(settings: InterpretSettings): OutputPorts {
  const [only] = targetsOf(settings);
  const translation: OutputPort = {
    kinds: ["text"],
    textRole: "translation",
    ...(!manyTargets(settings) && only !== undefined && { language: only }),
  };
  return {
    translation: { ...translation, default: true },
    translationPartial: { ...translation, ...PARTIALS },
    ...(settings.transcripts && {
      transcript: transcript(settings),
      transcriptPartial: { ...transcript(settings), ...PARTIALS },
    }),
    ...(settings.speech && { speech: { kinds: ["audio", "recording"] } as const }),
  };
}

/** The port that a text goes out by. */
export function portOf({ role, final }: TextFrame, settings: StreamSettings): string {
  if (settings.target === undefined) return final ? "final" : "partial";
  return final ? role : `${role}Partial`;
}
