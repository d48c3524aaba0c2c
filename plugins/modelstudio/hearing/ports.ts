import type { InputPort, OutputPort, OutputPorts, TextFrame } from "#engine/plugin";
import { hearingFamily } from "../models.ts";
import { type AsrSettings, type HearingSettings, type InterpretSettings, transcriptLanguage } from "./config.ts";

export const audioInput = ({ format, mode, sampleRateHz }: HearingSettings): InputPort => ({
  kinds: format === "opus" ? ["audio", "encoded", "speech"] : ["audio", "speech"],
  ...(mode === "utterance" && { requires: ["speech"] }),
  audio: { sampleRateHz, channels: 1 },
});

const transcript = (settings: HearingSettings): OutputPort => {
  const language = transcriptLanguage(settings);
  return { kinds: ["text"], textRole: "transcript", ...(language !== undefined && { language }) };
};

/** Qwen says no times of words. */
export const asrOutputs = (settings: AsrSettings): OutputPorts => ({
  final: { ...transcript(settings), default: true, carries: hearingFamily(settings.model) === "qwen" ? [] : ["words"] },
  partial: { ...transcript(settings), carries: ["partials"] },
});

export function interpretOutputs(settings: InterpretSettings): OutputPorts {
  const translation: OutputPort = { kinds: ["text"], textRole: "translation", language: settings.target };
  return {
    translation: { ...translation, default: true, carries: ["words"] },
    translationPartial: { ...translation, carries: ["partials"] },
    ...(settings.transcripts && {
      transcript: { ...transcript(settings), carries: ["words"] },
      transcriptPartial: { ...transcript(settings), carries: ["partials"] },
    }),
  };
}

/** The output that a text goes out by. */
export function portOf({ role, final }: TextFrame, settings: HearingSettings): string {
  if (settings.target === undefined) return final ? "final" : "partial";
  return final ? role : `${role}Partial`;
}
