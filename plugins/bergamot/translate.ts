import { z } from "zod";
import { defineNode, path } from "#engine/plugin";
import { BergamotEngine } from "#native/bergamot";

const config = z.strictObject({
  model: path(z.string().min(1), "read").describe("The folder of the model, unpacked."),
  source: z.string().min(2).describe("The language of the texts that come in (BCP 47), as the model has it."),
  target: z.string().min(2).describe("The language of the translation (BCP 47), as the model has it."),
  partials: z.boolean().default(false).describe("Translates partials too, not finals only."),
});

/** Translates texts one by one with a model of one's own. */
export const translate = defineNode({
  type: "bergamot.translate",
  summary: "Translates texts on this machine with a bergamot model of your own (those of Firefox).",
  role: "translate",
  shape: "task",
  inputs: { text: { kinds: ["text"], textRoles: ["transcript", "prompt"] } },
  outputs: ({ target, partials }) => ({
    text: {
      kinds: ["text"],
      textRole: "translation",
      language: target,
      ...(partials ? { carries: ["partials"] as const } : {}),
    },
  }),
  effects: ["files"],
  languages: ({ source, target }) => ({ source, targets: [target] }),
  config,
  async create({ model, source, target, partials }, ctx) {
    const engine = await ctx.outside((signal) => BergamotEngine.open(model, signal));
    return {
      async run(input, emit) {
        for await (const frame of input) {
          if (frame.kind !== "text" || !(frame.final || partials)) continue;
          const text = await ctx.outside((signal) => engine.translate(frame.text, signal));
          ctx.usage("characters", frame.text.length);
          // words and confidence are those of what it was made from
          const { words: _words, confidence: _confidence, ...facts } = frame;
          const stableChars = frame.final ? text.length : 0;
          const madeFrom = { text: frame.text, language: source };
          await emit({ ...facts, role: "translation", text, stableChars, language: target, madeFrom });
        }
      },
      close: () => engine.close(),
    };
  },
});
