import { z } from "zod";
import {
  defineNode,
  EngineError,
  type Environment,
  hostEnvironment,
  type NodeContext,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { canonicalTag, findMode, installCommand, installedModes, type Mode, modeFolders } from "./modes.ts";
import { translatorOf } from "./translator.ts";

const language = (what: string) =>
  z
    .string()
    .refine((tag) => canonicalTag(tag) !== undefined, "no language tag: wanted one like en, es or pt-BR")
    .describe(`The language of the ${what}, as a BCP 47 tag or an ISO 639 code.`);

const config = z.strictObject({
  source: language("texts that come in"),
  target: language("translation"),
  partials: z.boolean().default(false).describe("Translates partials too, not finals only."),
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe("How long one text may take; then apertium is started again."),
});

/** Translates texts one by one, in the order they come in, through apertium on this machine. */
export const translate = defineNode({
  type: "apertium.translate",
  summary: "Translates texts by apertium, on this machine.",
  role: "translate",
  shape: "task",
  inputs: { text: { kinds: ["text"], textRoles: ["transcript", "prompt"] } },
  outputs: ({ target, partials }) => ({
    text: {
      kinds: ["text"],
      textRole: "translation",
      language: canonicalTag(target) ?? target,
      ...(partials ? { carries: ["partials"] as const } : {}),
    },
  }),
  config,
  effects: ["program"],
  retry: { attempts: 3 },
  standsIn: {
    role: "translate",
    settings({ source = "en", targets: [target], partials }) {
      if (target === undefined)
        throw new EngineError("LANGUAGE_UNSUPPORTED", "into which language it translates is not said");
      chooseMode(canonicalTag(source) ?? source, canonicalTag(target) ?? target, hostEnvironment());
      return { source, target, partials };
    },
  },
  create: (settings, ctx) => createNode(settings, ctx),
});

async function createNode(settings: z.output<typeof config>, ctx: NodeContext): Promise<TaskNode> {
  const source = canonicalTag(settings.source) ?? settings.source;
  const target = canonicalTag(settings.target) ?? settings.target;
  const env = hostEnvironment();
  const translator = await ctx.resource(translatorOf(chooseMode(source, target, env), env));
  return {
    async run(input, emit) {
      for await (const frame of input) {
        if (frame.kind !== "text" || !(frame.final || settings.partials)) continue;
        const text = await ctx.outside((signal) => translator.translate(frame.text, settings.timeoutMs, signal));
        ctx.usage("characters", frame.text.length);
        await emit(translation(frame, text, source, target));
      }
    },
  };
}

/** A translation takes the place of what it was made from: same utterance, revision and times. A partial one may change altogether. */
function translation(from: TextFrame, text: string, source: string, target: string): TextFrame {
  return {
    kind: "text",
    role: "translation",
    text,
    utterance: from.utterance,
    revision: from.revision,
    final: from.final,
    stableChars: from.final ? text.length : 0,
    startSample: from.startSample,
    endSample: from.endSample,
    sampleRateHz: from.sampleRateHz,
    language: target,
    ...(from.speaker === undefined ? {} : { speaker: from.speaker }),
    ...(from.channel === undefined ? {} : { channel: from.channel }),
    madeFrom: { text: from.text, language: from.language ?? source },
    ...(from.protected ? { protected: true } : {}),
  };
}

/**
 * The installed mode for a pair of canonical tags.
 * @throws EngineError ENGINE_MISSING when no pair at all is installed, LANGUAGE_UNSUPPORTED when this one is not.
 */
export function chooseMode(source: string, target: string, env: Environment): Mode {
  const modes = installedModes(env);
  const mode = findMode(modes, source, target);
  if (mode) return mode;
  const mend = installCommand(source, target);
  if (modes.length === 0)
    throw new EngineError(
      "ENGINE_MISSING",
      `no apertium language pair in ${modeFolders(env).join(" or ")}: ${mend ?? "apt-get install apertium-eng-spa"}`,
    );
  const installed = modes.map(({ name }) => name).join(", ");
  throw new EngineError(
    "LANGUAGE_UNSUPPORTED",
    `apertium has no pair from ${source} to ${target} here; installed: ${installed}; \
${mend ? `if the pair goes in that direction: ${mend}` : "Debian has no such pair"}`,
  );
}
