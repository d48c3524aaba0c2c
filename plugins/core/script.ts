import { defineNode, type InputPorts, type NodeContext, type OutputPorts, type TaskNode } from "#engine/plugin";
import { asrInput, asrOutputs, scriptedRecogniser } from "./script/asr.ts";
import { type ScriptConfig, scriptConfig } from "./script/config.ts";
import { scriptedSource, sourceOutput } from "./script/source.ts";
import { scriptedTranslator, translateOutput } from "./script/translate.ts";

/** What the node is in one of its roles. */
interface Part {
  inputs(settings: ScriptConfig): InputPorts;
  outputs(settings: ScriptConfig): OutputPorts;
  create(settings: ScriptConfig, ctx: NodeContext): TaskNode;
}

const PARTS: Readonly<Record<ScriptConfig["as"], Part>> = {
  source: {
    inputs: () => ({}),
    outputs: (settings) => ({ out: sourceOutput(settings) }),
    create: scriptedSource,
  },
  asr: {
    inputs: (settings) => ({ audio: asrInput(settings) }),
    outputs: asrOutputs,
    create: scriptedRecogniser,
  },
  translate: {
    inputs: () => ({ text: { kinds: ["text"], textRoles: ["transcript", "prompt"] } }),
    outputs: (settings) => ({ text: translateOutput(settings) }),
    create: scriptedTranslator,
  },
};

/** Plays a source, a recogniser or a translator from a script: for tests of workflows, and in place of a service not yet chosen. */
export const script = defineNode({
  type: "core.script",
  summary: "Plays a source, a recogniser or a translator from a script in the workflow.",
  role: (settings) => settings.as,
  shape: "task",
  inputs: (settings) => PARTS[settings.as].inputs(settings),
  outputs: (settings) => PARTS[settings.as].outputs(settings),
  config: scriptConfig,
  realTime: (settings) => settings.pace === "live",
  create: (settings, ctx) => PARTS[settings.as].create(settings, ctx),
});
