import { defineNode } from "#engine/plugin";
import { asrConfig } from "./hearing/config.ts";
import { hearingNode } from "./hearing/node.ts";
import { asrOutputs, audioInput } from "./hearing/ports.ts";

/** Recognises speech by Model Studio: Paraformer, Fun-ASR and Gummy by tasks, Qwen by the real-time protocol. */
export const asr = defineNode({
  type: "modelstudio.asr",
  summary: "Recognises speech by Model Studio (DashScope): Paraformer, Fun-ASR, Gummy or Qwen.",
  role: "asr",
  shape: "task",
  inputs: (settings) => ({ audio: audioInput(settings) }),
  outputs: asrOutputs,
  config: asrConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  create: (settings, ctx) => hearingNode(settings, ctx, (changed) => asrConfig.parse(changed)),
});
