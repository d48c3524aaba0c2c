import { z } from "zod";
import { EngineError } from "#engine/errors";
import { byUtterance } from "./by-utterance.ts";
import type { NodeDefinition, Role, Wanted } from "./node.ts";
import { defaultPort, type InputPort, type InputPorts, type OutputPort, type OutputPorts } from "./ports.ts";
import { Hearing } from "./stand-in/hearing.ts";
import { Interpreting } from "./stand-in/interpreting.ts";
import type { Local } from "./stand-in/local.ts";
import { isPartial, Passing } from "./stand-in/passing.ts";
import { Speaking } from "./stand-in/speaking.ts";

/**
 * Finds what does a role's work here.
 * @throws EngineError LANGUAGE_UNSUPPORTED, ENGINE_MISSING and the like where nothing does.
 */
export type FindLocal = (role: Role, wanted: Wanted) => Local;

export interface StandIn extends Local {
  /** The node types that answer, in the order in which they do. */
  readonly by: readonly string[];
}

/** What of the given types declares that it stands in for others: the first that can do what is wanted. */
export const localsAmong =
  (types: readonly NodeDefinition[]): FindLocal =>
  (role, wanted) => {
    const able = types.filter((type) => type.standsIn?.role === role && !needsStandIn(type));
    let refusal: unknown = new EngineError("ENGINE_MISSING", `nothing here does the work of ${role} without a network`);
    for (const definition of able)
      try {
        return { definition, config: definition.config.parse(definition.standsIn?.settings(wanted)) };
      } catch (error) {
        refusal = error;
      }
    throw refusal;
  };

/** The node type reaches out of the machine, so that something has to stand in for it where there is no network. */
export const needsStandIn = (definition: NodeDefinition): boolean => definition.effects?.includes("network") ?? false;

/**
 * A node type with the role and the output ports of another one that needs the network, and answered on this machine: a recogniser of files by a
 * recogniser of streams, an interpreter by a recogniser and a translator for each target, everything else by one of its own role.
 * An output of the other one that nothing here fills is not there.
 * @param config of `original`; what decides its ports has to be in it, credentials need not.
 * @throws EngineError what `find` throws; CONFIG_INVALID where a port has no counterpart.
 */
export function standIn(original: NodeDefinition, config: unknown, find: FindLocal): StandIn {
  const shown = { inputs: original.inputs(config), outputs: original.outputs(config) };
  const role = original.role(config);
  const wanted = wantedOf(original, config, shown.outputs);
  const parts = partsOf(role, wanted, shown.outputs, find);
  const first = parts[0]!;
  const marked = Object.values(shown.inputs).some((port) => port.requires?.includes("speech"));
  const detector = marked ? undefined : detectorFor(first, find);
  const input = fedPort(original.type, shown.inputs, first, detector);
  const outputs = outputsOf(role, shown.outputs, parts);
  const all = [...(detector ? [detector] : []), ...parts];
  const by = [...new Set(all.map(({ definition }) => definition.type))];
  const definition: NodeDefinition = {
    type: original.type,
    summary: original.summary,
    shape: "task",
    config: z.strictObject({}),
    role: () => role,
    inputs: () => ({ ...besides(shown.inputs, input?.shown), ...(input && { [input.shown]: input.limits }) }),
    outputs: () => outputs,
    realTime: () => first.definition.realTime(first.config),
    effects: [...new Set(all.flatMap((part) => part.definition.effects ?? []))].filter((each) => each !== "network"),
    ...(original.passes && { passes: original.passes }),
    create(_, ctx) {
      ctx.report({ type: "offline", for: original.type, by });
      const options = { local: first, input: input?.own, outputs, ctx };
      const hearing = () => new Hearing(first, detector, ctx);
      if (role === "interpret")
        return new Interpreting({ hearing: hearing(), parts: parts.slice(1), targets: wanted.targets, outputs, ctx });
      if (role === "tts") return new Speaking(options);
      return role === "asr" ? new Passing(options, hearing()) : new Passing(options);
    },
  };
  return { definition, config: {}, by };
}

/** What is spoken and what is asked for: as the type declares, else as its ports say. */
function wantedOf(original: NodeDefinition, config: unknown, outputs: OutputPorts): Wanted {
  const ports = Object.values(outputs);
  const declared = original.languages?.(config);
  const source = declared?.source ?? ports.find((port) => port.textRole === "transcript")?.language;
  const target = ports.find((port) => port.textRole === "translation")?.language;
  return {
    ...(source !== undefined && { source }),
    targets: declared?.targets ?? (target === undefined ? [] : [target]),
    partials: ports.some((port) => port.carries?.includes("partials")),
  };
}

function partsOf(role: Role, wanted: Wanted, outputs: OutputPorts, find: FindLocal): Local[] {
  if (role === "file-asr") {
    const asr = find("asr", wanted);
    return [{ ...asr, definition: byUtterance(asr.definition) }];
  }
  if (role !== "interpret") return [find(role, wanted)];
  if (wanted.targets.length === 0)
    throw new EngineError("LANGUAGE_UNSUPPORTED", "into which language it translates is not said");
  const partials = Object.values(outputs).some((port) => port.textRole === "translation" && isPartial(port));
  return [
    find("asr", wanted),
    ...wanted.targets.map((target) => find("translate", { ...wanted, targets: [target], partials })),
    ...(Object.values(outputs).some(isAudio) ? [find("tts", wanted)] : []),
  ];
}

/** What cuts a stream for a recogniser that hears utterances, where there is such a thing. */
function detectorFor({ definition, config }: Local, find: FindLocal): Local | undefined {
  const inputs = definition.inputs(config);
  const { kinds = [], requires = [] } = inputs[defaultPort(inputs) ?? ""] ?? {};
  const byUtterance = kinds.includes("speech") && !kinds.includes("recording");
  // what cannot do without audio wants all of it
  if (definition.role(config) !== "asr" || !byUtterance || requires.includes("audio")) return undefined;
  try {
    return find("vad", { targets: [], partials: false });
  } catch (error) {
    if (error instanceof EngineError) return undefined; // then all that comes is one utterance, or marks come with it
    throw error;
  }
}

interface FedPort {
  readonly shown: string;
  readonly own: string;
  readonly limits: InputPort;
}

/** The input that is fed, under the name that the workflow knows, with what its stand-in takes. */
function fedPort(
  type: string,
  shown: InputPorts,
  { definition, config }: Local,
  detector: Local | undefined,
): FedPort | undefined {
  const inputs = definition.inputs(config);
  const name = defaultPort(shown);
  const own = defaultPort(inputs);
  if (name === undefined && Object.keys(inputs).length === 0) return undefined;
  if (name === undefined || own === undefined)
    throw new EngineError("CONFIG_INVALID", `${definition.type} has no input in the place of that of ${type}`);
  const limits = { ...inputs[own]!, default: true };
  if (!detector) return { shown: name, own, limits };
  const { requires: _requires, ...free } = limits;
  const cut = detector.definition.inputs(detector.config);
  const audio = { ...cut[defaultPort(cut) ?? ""]?.audio, ...free.audio };
  return { shown: name, own, limits: { ...free, audio } };
}

const besides = (inputs: InputPorts, fed: string | undefined): InputPorts =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([name, port]) => (name === fed ? [] : [[name, { ...port, optional: true }]])),
  );

/** The outputs that are filled, each as whoever fills it says. */
function outputsOf(role: Role, shown: OutputPorts, parts: readonly Local[]): OutputPorts {
  const own = parts.flatMap(({ definition, config }) => Object.values(definition.outputs(config)));
  return Object.fromEntries(
    Object.entries(shown).flatMap(([name, port]) => {
      const filler =
        role === "tts" && !isAudio(port) ? SPOKEN : own.find((each) => sameSort(each, port) && fills(each, port));
      if (!filler) return [];
      const { default: _default, language: _language, carries: given, ...facts } = filler;
      const carries = given?.filter((detail) => detail !== "partials" || isPartial(port)); // a translator gives both by one port
      const language = port.language ?? (parts.length > 2 ? undefined : filler.language);
      return [
        [
          name,
          {
            ...facts,
            ...(carries && { carries }),
            ...(language !== undefined && { language }),
            default: port.default ?? false,
          },
        ],
      ];
    }),
  );
}

/** What a synthesiser says of the words that it speaks, their times made from the length of the sound. */
const SPOKEN: OutputPort = { kinds: ["text"], carries: ["words"] };

const isAudio = (port: OutputPort): boolean => port.kinds.includes("audio");
const sameSort = (a: OutputPort, b: OutputPort): boolean => a.kinds.some((kind) => b.kinds.includes(kind));
const fills = (own: OutputPort, shown: OutputPort): boolean =>
  shown.textRole === undefined ||
  (own.textRole === shown.textRole && (own.textRole === "translation" || isPartial(own) === isPartial(shown)));
