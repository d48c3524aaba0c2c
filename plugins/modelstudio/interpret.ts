import { defineNode } from "#engine/plugin";
import { interpretConfig } from "./hearing/config.ts";
import { hearingNode } from "./hearing/node.ts";
import { audioInput, interpretOutputs } from "./hearing/ports.ts";

/** Recognises speech and translates it by Model Studio's Gummy models, sentence by sentence while it is spoken. */
export const interpret = defineNode({
  type: "modelstudio.interpret",
  summary: "Recognises speech and translates it by Model Studio (DashScope), while it is spoken.",
  role: "interpret",
  shape: "task",
  inputs: (settings) => ({ audio: audioInput(settings) }),
  outputs: interpretOutputs,
  config: interpretConfig,
  effects: ["network"],
  retry: { attempts: 3 },
  create: (settings, ctx) => hearingNode(settings, ctx, (changed) => interpretConfig.parse(changed)),
});
