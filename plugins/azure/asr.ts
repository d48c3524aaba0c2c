import { defineNode, type OutputPorts } from "#engine/plugin";
import { type AsrSettings, asrConfig } from "./asr/config.ts";
import { listenNode } from "./asr/node.ts";

function outputs({ language, languages, words }: AsrSettings): OutputPorts {
  const transcript = { kinds: ["text"], textRole: "transcript", ...(!languages && { language }) } as const;
  return {
    final: { ...transcript, default: true, ...(words && { carries: ["words", "confidence"] as const }) },
    partial: { ...transcript, carries: ["partials"] },
  };
}

/** Recognises speech by Azure, as one stream or utterance by utterance. */
export const asr = defineNode({
  type: "azure.asr",
  summary: "Recognises speech by Azure: conversation, dictation or single utterances.",
  role: "asr",
  shape: "task",
  inputs: ({ mode, sampleRateHz }) => ({
    audio: {
      kinds: ["audio", "speech"],
      ...(mode === "once" && { requires: ["speech"] }),
      audio: { sampleRateHz, channels: 1 },
    },
  }),
  outputs,
  config: asrConfig,
  languages: ({ language }) => ({ source: language }),
  effects: ["network"],
  retry: { attempts: 3 },
  create: (settings, ctx) => listenNode(settings, ctx, { transcript: { final: "final", partial: "partial" } }),
});
