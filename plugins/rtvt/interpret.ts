import { defineNode } from "#engine/plugin";
import { interpretConfig, targetsOf } from "./stream/config.ts";
import { streamNode } from "./stream/node.ts";
import { audioInput, interpretOutputs } from "./stream/ports.ts";

/** Recognises speech and translates it by RTVT, sentence by sentence while it is spoken. */
export const interpret = defineNode({
  type: "rtvt.interpret",
  summary: "Recognises continuous speech and translates it by RTVT, into one language or several.",
  role: "interpret",
  shape: "task",
  inputs: (settings) => ({ audio: audioInput(settings) }),
  outputs: interpretOutputs,
  config: interpretConfig,
  languages: (settings) => ({ source: settings.source, targets: targetsOf(settings) }),
  effects: ["network"],
  retry: { attempts: 3 },
  create: streamNode,
});
