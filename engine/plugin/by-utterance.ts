import { EngineError } from "#engine/errors";
import { FileByUtterance } from "./by-utterance/file-by-utterance.ts";
import { StreamByRecording } from "./by-utterance/stream-by-recording.ts";
import type { NodeDefinition } from "./node.ts";
import { defaultPort, type InputPort, type InputPorts } from "./ports.ts";

/**
 * A recogniser that takes the other sort of input too. One for files gets each utterance of a live stream as a recording of its own, cut by
 * the speech marks, or after 55 s where there are none; one for streams gets each recording as a stream that ends with it, which has to be
 * a WAV. Texts come out at their places in what came in, a single final for each utterance. Its config stays as it is.
 * @param shownAs what its input is called outside, where it stands in for a recogniser that calls it otherwise. Default: as it calls it.
 * @throws EngineError CONFIG_INVALID, when its ports are asked for, where it takes neither recordings nor audio.
 */
export function byUtterance(definition: NodeDefinition, shownAs?: string): NodeDefinition {
  const { batch: _batch, converts: _converts, opens: _opens, passes: _passes, ...facts } = definition;
  return {
    ...facts,
    shape: "task",
    effects: [...new Set([...(definition.effects ?? []), "files" as const])],
    inputs: (config) => widened(definition, config, shownAs),
    create(config, ctx) {
      const port = portOf(definition, config);
      const options = { definition, config, port, shownAs: shownAs ?? port };
      return takesFiles(definition.inputs(config)[port]!)
        ? new FileByUtterance(options, ctx)
        : new StreamByRecording(options, ctx);
    },
  };
}

/** Whether a recogniser works on whole recordings. */
export const takesFiles = (port: InputPort): boolean =>
  port.kinds.includes("recording") && !port.kinds.includes("audio");

function widened(definition: NodeDefinition, config: unknown, shownAs: string | undefined): InputPorts {
  const inputs = definition.inputs(config);
  const name = portOf(definition, config);
  const { [name]: own, ...others } = inputs;
  const { requires: _requires, ...port } = own!;
  const kinds = [...new Set([...port.kinds, "recording" as const, "audio" as const, "speech" as const])];
  return { ...others, [shownAs ?? name]: { ...port, kinds, default: true } };
}

function portOf(definition: NodeDefinition, config: unknown): string {
  const inputs = definition.inputs(config);
  const name = defaultPort(inputs);
  const kinds = name === undefined ? undefined : inputs[name]?.kinds;
  if (name === undefined || !(kinds?.includes("audio") || kinds?.includes("recording")))
    throw new EngineError("CONFIG_INVALID", `${definition.type} takes neither recordings nor audio`);
  return name;
}
