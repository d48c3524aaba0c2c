import { z } from "zod";
import { defineNode, EngineError } from "#engine/plugin";
import { answerTo } from "./answer.ts";
import type { Grammar } from "./grammar/parse.ts";
import { issueOf } from "./issue.ts";
import { grammarSchema, type Matcher, matcherOf, type Phrases, phrasesSchema, readGrammar } from "./phrases.ts";
import { filled, placesOf } from "./template.ts";

const said = {
  say: z
    .union([z.string().min(1).max(5000), z.array(z.string().min(1).max(5000)).min(1).max(100)])
    .describe("What is answered, {slot} and {text} filled in; of several one at random."),
  protected: z.boolean().default(false).describe("It is spoken to its end, whoever speaks over it."),
};

const config = z
  .strictObject({
    answers: z
      .array(
        z.strictObject({
          when: phrasesSchema.optional().describe("What has to be said, as in core.match; left out: anything."),
          ...said,
        }),
      )
      .min(1)
      .max(1000)
      .describe("The table: the first whose phrase fits is the answer."),
    otherwise: z
      .strictObject(said)
      .optional()
      .describe("What is answered where nothing fits. Left out: nothing, and it is counted."),
    grammar: grammarSchema.optional(),
    anywhere: z.boolean().default(false).describe("Words may stand before and behind a phrase."),
    language: z.string().min(1).optional().describe("The language of the answers, as a BCP 47 tag."),
  })
  .superRefine((settings, issues) => {
    issueOf(issues, ["grammar"], () => void readGrammar(settings.grammar));
    for (const [index, answer] of [...settings.answers, settings.otherwise].entries())
      if (answer)
        issueOf(issues, index < settings.answers.length ? ["answers", index] : ["otherwise"], () => {
          const known = answerOf(answer, readGrammar(settings.grammar), settings.anywhere).matcher?.slots ?? [];
          const unknown = listed(answer.say)
            .flatMap(placesOf)
            .find((name) => name !== "text" && !known.includes(name));
          if (unknown !== undefined) throw new EngineError("CONFIG_INVALID", `no phrase gives a slot {${unknown}}`);
        });
  });

type Settings = z.output<typeof config>;

interface Answer {
  /** Left out: whatever was said. */
  readonly matcher?: Matcher;
  readonly say: readonly string[];
  readonly protected: boolean;
}

const listed = (say: string | readonly string[]): readonly string[] => (typeof say === "string" ? [say] : say);

const answerOf = (
  { when, ...answer }: Omit<Settings["answers"][number], "when"> & { readonly when?: Phrases | undefined },
  grammar: Grammar,
  anywhere: boolean,
): Answer => ({
  say: listed(answer.say),
  protected: answer.protected,
  ...(when !== undefined && { matcher: matcherOf(when, grammar, anywhere) }),
});

/** Answers finals from a table. */
export const reply = defineNode({
  type: "core.reply",
  summary: "Answers final texts from a table: what is to be spoken for which phrase.",
  role: "filter",
  inputs: { text: { kinds: ["text"] } },
  outputs: ({ language }) => ({
    text: { kinds: ["text"], textRole: "prompt", ...(language !== undefined && { language }) },
  }),
  config,
  create(settings, ctx) {
    const { answers, otherwise, language } = settings;
    const grammar = readGrammar(settings.grammar);
    const table = [...answers, ...(otherwise ? [otherwise] : [])].map((answer) =>
      answerOf(answer, grammar, settings.anywhere),
    );
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text" || !frame.final) return;
        for (const { matcher, say, protected: kept } of table) {
          const slots = matcher ? matcher.find(frame.text) : {};
          if (!slots) continue;
          const chosen = say.length === 1 ? say[0]! : say[Math.floor(ctx.random() * say.length)]!;
          ctx.count("answered");
          return emit(
            answerTo(frame, { text: filled(chosen, { ...slots, text: frame.text }), language, protected: kept }),
          );
        }
        ctx.count("unanswered");
      },
    };
  },
});
