import { defineNode } from "#engine/plugin";
import { asrConfig } from "./stream/config.ts";
import { streamNode } from "./stream/node.ts";
import { asrOutputs, audioInput } from "./stream/ports.ts";

/** Recognises speech by RTVT, without translating it. */
export const asr = defineNode({
  type: "rtvt.asr",
  summary: "Recognises continuous speech by RTVT, in one language or one of several.",
  role: "asr",
  shape: "task",
  inputs: (settings) => ({ audio: audioInput(settings) }),
  outputs: asrOutputs,
  config: asrConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  create: streamNode,
});
