import { z } from "zod";
import { type DataFrame, defineNode, EngineError, type OutputPorts, type TextFrame } from "#engine/plugin";
import { issueOf } from "./issue.ts";
import { grammarSchema, type Matcher, matcherOf, type Phrases, phrasesSchema, readGrammar } from "./phrases.ts";

/** Ports that are always there. */
const OTHERWISE = "otherwise";
const MATCHED = "matched";

const config = z
  .strictObject({
    ports: z
      .record(z.string().regex(/^[a-z][a-zA-Z0-9-]*$/), phrasesSchema)
      .optional()
      .describe(
        "Outputs, and what has to be said for each: phrases such as `turn (on | off) {state} [the] lights`, or { pattern }. The first that fits counts. Left out: the public rules of the grammar.",
      ),
    grammar: grammarSchema.optional(),
    anywhere: z.boolean().default(false).describe("Words may stand before and behind a phrase."),
  })
  .superRefine((settings, issues) => {
    const own = [OTHERWISE, MATCHED].find((name) => settings.ports?.[name]);
    if (own) issues.addIssue({ code: "custom", path: ["ports", own], message: `${own} is there by itself` });
    issueOf(issues, [settings.ports ? "ports" : "grammar"], () => {
      if (portsOf(settings).size === 0)
        throw new EngineError("CONFIG_INVALID", "phrases, or a grammar with a public rule, were wanted");
    });
  });

type Settings = z.output<typeof config>;

/** The outputs by name, in the order in which they are asked. */
function portsOf({ ports, grammar, anywhere }: Settings): Map<string, Matcher> {
  const rules = readGrammar(grammar);
  const phrases: readonly (readonly [string, Phrases])[] = ports
    ? Object.entries(ports)
    : rules.open.map((name) => [name, `<${name}>`]);
  return new Map(phrases.map(([name, said]) => [name, matcherOf(said, rules, anywhere)]));
}

/** Names only: a config that is still being written may not compile. */
const portNames = ({ ports, grammar }: Settings): readonly string[] =>
  ports ? Object.keys(ports) : readGrammar(grammar).open;

/** Hands each final to the one output whose phrase it is, and to `otherwise` where it is none. */
export const match = defineNode({
  type: "core.match",
  summary: "Hands each final text to the output whose phrase, grammar or pattern it fits, else to `otherwise`.",
  role: "filter",
  inputs: { text: { kinds: ["text"] } },
  outputs: (settings): OutputPorts => ({
    ...Object.fromEntries(portNames(settings).map((name) => [name, { kinds: ["text"] as const }])),
    [OTHERWISE]: { kinds: ["text"] },
    [MATCHED]: { kinds: ["data"] },
  }),
  config,
  create(settings, ctx) {
    const ports = portsOf(settings);
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text" || !frame.final) return;
        for (const [port, matcher] of ports) {
          const slots = matcher.find(frame.text);
          if (!slots) continue;
          ctx.count("matched");
          emit(frame, port);
          return emit(told(frame, port, slots), MATCHED);
        }
        ctx.count(OTHERWISE);
        emit(frame, OTHERWISE);
      },
    };
  },
});

const told = (
  { text, utterance, endSample, sampleRateHz }: TextFrame,
  port: string,
  slots: Readonly<Record<string, string>>,
): DataFrame => ({
  kind: "data",
  topic: "core.match",
  value: { port, slots, text, utterance },
  atSample: endSample,
  sampleRateHz,
});
