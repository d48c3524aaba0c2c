import { EngineError } from "#engine/errors";
import { Gate } from "./gate/gate.ts";
import type { GateSettings } from "./gate/settings.ts";
import type { NodeDefinition } from "./node.ts";
import { defaultPort, type InputPorts } from "./ports.ts";

/** The input that a gate adds: marks of a detector that hears the same audio. */
export const GATE_PORT = "speech";

/**
 * The node type behind a silence gate: audio goes to it while somebody speaks, by the speech marks that come with the audio or by the input
 * `speech`. What is kept from it stands in the accounts as gated. Its config stays as it is.
 * @throws EngineError CONFIG_INVALID, when its ports are asked for, where it takes no audio.
 */
export function withGate(definition: NodeDefinition, settings: GateSettings): NodeDefinition {
  const { batch: _batch, ...facts } = definition;
  return {
    ...facts,
    shape: "task",
    inputs: (config) => gatedInputs(definition, config),
    create: (config, ctx) =>
      new Gate({ definition, config, settings, audioPort: audioPortOf(definition, config) }, ctx),
  };
}

function gatedInputs(definition: NodeDefinition, config: unknown): InputPorts {
  const inputs = definition.inputs(config);
  const name = audioPortOf(definition, config);
  const port = inputs[name]!;
  const { requires, ...limits } = port;
  const needed = requires?.filter((kind) => kind !== "speech");
  return {
    ...inputs,
    [name]: {
      ...limits,
      kinds: [...new Set([...port.kinds, "speech" as const])],
      ...(needed && { requires: needed }),
      default: true,
    },
    [GATE_PORT]: { kinds: ["speech"], optional: true },
  };
}

function audioPortOf(definition: NodeDefinition, config: unknown): string {
  const inputs = definition.inputs(config);
  const name = defaultPort(inputs);
  if (name === undefined || !inputs[name]?.kinds.includes("audio"))
    throw new EngineError("CONFIG_INVALID", `${definition.type} takes no audio, so there is nothing to gate`);
  if (inputs[GATE_PORT] !== undefined && name !== GATE_PORT)
    throw new EngineError("CONFIG_INVALID", `${definition.type} has an input ${GATE_PORT} of its own`);
  return name;
}
