import type { AudioFormat, Frame, NodeDefinition, Plugin } from "#engine/plugin";
import { audioNodeContract } from "../contract/audio-checks.ts";
import { sinkContract, sourceContract } from "../contract/end-checks.ts";
import { type GatewaySubject, gatewayContract } from "../contract/gateway-checks.ts";
import { nodeContract } from "../contract/node-checks.ts";
import type { Check, MakeSubject, Subject } from "../contract/probe.ts";
import { recogniserContract, synthesiserContract, translatorContract } from "../contract/text-checks.ts";
import { vendorContract } from "../contract/vendor-checks.ts";
import type { VendorSubject } from "../contract/vendor-subject.ts";
import { descriptionChecks, pluginPromises } from "./describe-checks.ts";
import { hardshipChecks, unreachableCheck } from "./hardship-checks.ts";
import { typicalInput } from "./typical-input.ts";

/** How the node types and gateways of a plugin are to be tried; each says only what cannot be told from its definition. */
export interface PluginSubjects {
  /** By type: settings, and an input in which there is something to hear, to translate or to speak. */
  readonly nodes?: Readonly<Record<string, NodeSubject>>;
  readonly gateways?: Readonly<Record<string, () => GatewaySubject | Promise<GatewaySubject>>>;
}

export interface NodeSubject extends Omit<Subject, "definition"> {
  /** For a node that works through a vendor's service: the service in memory, with what can go wrong. */
  readonly vendor?: Omit<VendorSubject, "definition" | "config" | "frames" | "formats">;
}

/** Says how the plugin beside it is tried: the default export of its `contract.ts`. */
export const definePluginSubjects = (subjects: PluginSubjects): PluginSubjects => subjects;

/** The checks of one node type or gateway, or of the plugin as a whole, or why there are none. */
export interface CheckGroup {
  readonly name: string;
  readonly checks: readonly Check[];
  /** What was not tried, and what it would need. */
  readonly untried: readonly string[];
}

/** Every promise that a plugin's kind makes, as named checks; nothing is run yet. */
export function pluginChecks(plugin: Plugin, subjects: PluginSubjects = {}): CheckGroup[] {
  return [
    { name: plugin.name, checks: pluginPromises(plugin), untried: [] },
    ...plugin.nodes.map((definition) => nodeGroup(plugin, definition, subjects.nodes?.[definition.type])),
    ...(plugin.gateways ?? []).map(({ type }): CheckGroup => {
      const make = subjects.gateways?.[type];
      const name = `gateway ${type}`;
      if (!make) return { name, checks: [], untried: ["contract.ts says nothing of it"] };
      return { name, checks: unnamed(name, gatewayContract(name, make)), untried: [] };
    }),
  ];
}

function nodeGroup(plugin: Plugin, definition: NodeDefinition, given: NodeSubject | undefined): CheckGroup {
  const described = descriptionChecks(plugin, definition);
  const name = definition.type;
  const config = definition.config.safeParse(given?.config ?? {});
  if (!config.success) {
    const missing = config.error.issues.map(({ path }) => path.join(".")).join(", ");
    return { name, checks: described, untried: [`its settings need ${missing}: contract.ts can give them`] };
  }
  const frames = given?.frames ?? typicalInput(definition.inputs(config.data));
  if (!frames)
    return { name, checks: described, untried: ["nobody can make up what it takes: contract.ts can give frames"] };
  const device = definition.effects?.find((effect) => effect === "microphone" || effect === "speaker");
  if (device && !given?.open)
    return { name, checks: described, untried: [`it needs a ${device}, for which nothing stands in`] };
  const { vendor, ...rest } = given ?? {};
  const opened = vendor ? { open: () => vendor.open() } : {};
  const known = { formats: formatsOf(frames), ...rest };
  // anew for each check, so that one that is changed spoils no other
  const make = (): Subject => ({ ...known, ...opened, definition, frames: structuredClone(frames) });
  const remote = definition.effects?.includes("network") ?? false;
  if (remote && !vendor && !given?.open)
    return {
      name,
      checks: [...described, unreachableCheck(make)],
      untried: ["it needs a service: contract.ts can give one in memory"],
    };
  const suite = unnamed(name, contractOf(definition, config.data)(name, make));
  const unheard = given?.frames === undefined && suite.some((check) => check.name === HEARS);
  return {
    name,
    checks: [
      ...described,
      ...suite.filter((check) => !(unheard && check.name === HEARS)),
      ...hardshipChecks(make),
      ...(remote ? [unreachableCheck(() => ({ ...known, definition, frames: structuredClone(frames) }))] : []),
      ...(vendor
        ? unnamed(
            name,
            vendorContract(name, () => ({ ...known, ...vendor, definition, frames: structuredClone(frames) })),
          )
        : []),
    ],
    untried: unheard ? ["whether it hears words: contract.ts can give frames with speech"] : [],
  };
}

/** What made-up sound cannot show of a recogniser. */
const HEARS = "hears something";

/** Of audio, as its first frames have it. */
function formatsOf(frames: NonNullable<Subject["frames"]>): Record<string, AudioFormat> {
  if (Array.isArray(frames)) return {};
  return Object.fromEntries(
    Object.entries(frames).flatMap(([port, list]: [string, readonly Frame[]]) => {
      const audio = list.find((frame) => frame.kind === "audio");
      return audio ? [[port, { sampleRateHz: audio.sampleRateHz, channels: audio.channels }]] : [];
    }),
  );
}

/** The suite of a role. */
function contractOf(definition: NodeDefinition, config: unknown): (name: string, make: MakeSubject) => Check[] {
  switch (definition.role(config)) {
    case "source":
      return sourceContract;
    case "sink":
      return sinkContract;
    case "asr":
    case "interpret":
    case "file-asr":
      return recogniserContract;
    case "translate":
      return translatorContract;
    case "tts":
      return synthesiserContract;
    case "vad":
      return audioNodeContract;
    case "filter":
      return Object.values(definition.inputs(config)).some(({ kinds }) => kinds.includes("audio"))
        ? audioNodeContract
        : nodeContract;
  }
}

/** Checks carry the name of what they are for, which stands above them here. */
const unnamed = (name: string, checks: readonly Check[]): Check[] =>
  checks.map((check) => ({ ...check, name: check.name.replace(`${name} `, "") }));
