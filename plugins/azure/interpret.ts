import { defineNode, type OutputPorts } from "#engine/plugin";
import { type InterpretSettings, interpretConfig, targetsOf } from "./asr/config.ts";
import { listenNode } from "./asr/node.ts";

const PORTS = {
  transcript: { final: "transcript", partial: "transcriptPartial" },
  translation: { final: "translation", partial: "translationPartial" },
} as const;

function outputs(settings: InterpretSettings): OutputPorts {
  const targets = targetsOf(settings);
  const [only] = targets;
  const translation = {
    kinds: ["text"],
    textRole: "translation",
    ...(targets.length === 1 && only !== undefined && { language: only }),
  } as const;
  const transcript = {
    kinds: ["text"],
    textRole: "transcript",
    ...(!settings.languages && { language: settings.language }),
  } as const;
  return {
    translation: { ...translation, default: true },
    translationPartial: { ...translation, carries: ["partials"] },
    transcript,
    transcriptPartial: { ...transcript, carries: ["partials"] },
  };
}

/** Recognises speech and translates it by Azure, sentence by sentence while it is spoken. */
export const interpret = defineNode({
  type: "azure.interpret",
  summary: "Recognises continuous speech and translates it by Azure, into one language or several.",
  role: "interpret",
  shape: "task",
  inputs: ({ sampleRateHz }) => ({ audio: { kinds: ["audio", "speech"], audio: { sampleRateHz, channels: 1 } } }),
  outputs,
  config: interpretConfig,
  languages: (settings) => ({ source: settings.language, targets: targetsOf(settings) }),
  effects: ["network"],
  retry: { attempts: 3 },
  create: (settings, ctx) => listenNode(settings, ctx, PORTS),
});
