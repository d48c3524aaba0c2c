import { z } from "zod";
import { defineNode, path, type TextRole } from "#engine/plugin";
import { tidy } from "./cues/units.ts";
import { byCodeUnit } from "./order.ts";
import { type TextFacts, textFacts } from "./text-facts.ts";

const config = z
  .strictObject({
    path: path(z.string().min(1), "write").describe("The file to write."),
    format: z
      .enum(["auto", "jsonl", "text"])
      .default("auto")
      .describe(
        "One JSON object a line, or text to read; auto goes by the end of `path`: .jsonl or .ndjson, .txt or .md.",
      ),
    live: z
      .boolean()
      .default(false)
      .describe(
        "Writes each text as it comes, a revision after what it revises, instead of all in time order at the end.",
      ),
    partials: z.boolean().default(false).describe("Writes the partials too."),
    times: z.boolean().default(true).describe("In the text format, begins each transcript with its time."),
  })
  .superRefine((settings, ctx) => {
    const problem = (at: string, message: string) => ctx.addIssue({ code: "custom", path: [at], message });
    const format = formatOf(settings);
    if (format === undefined)
      problem("path", "ends in none of .jsonl, .ndjson, .txt and .md: set `format` to jsonl or text");
    if (format === "text" && settings.live)
      problem("live", "needs jsonl: in text, a revision cannot be told from a repetition");
    if (format === "text" && settings.partials)
      problem("partials", "needs jsonl: in text, a partial cannot be told from a final");
  });

const FORMATS: Readonly<Record<string, "jsonl" | "text">> = {
  jsonl: "jsonl",
  ndjson: "jsonl",
  txt: "text",
  md: "text",
};

/** Undefined where the path does not tell. */
function formatOf(settings: {
  readonly format: "auto" | "jsonl" | "text";
  readonly path: string;
}): "jsonl" | "text" | undefined {
  if (settings.format !== "auto") return settings.format;
  const ending = settings.path.toLowerCase().match(/\.([a-z]+)$/)?.[1];
  return ending === undefined ? undefined : FORMATS[ending];
}

/**
 * Writes the texts of a run, from all that feeds it merged in the order of their times. Unless `live`, they are kept until the run ends,
 * in whatever way: a recogniser may answer late, and a revision replaces what came before.
 */
export const transcript = defineNode({
  type: "core.transcript",
  summary: "Writes texts as JSON lines or plain text, merged in time order.",
  role: "sink",
  inputs: { text: { kinds: ["text"] } },
  outputs: {},
  config,
  effects: ["files"],
  async create(settings, ctx) {
    const format = formatOf(settings) ?? "jsonl";
    const mediaType = format === "text" ? "text/plain" : "application/jsonl";
    const artifact = await ctx.artifact(settings.path, { mediaType });
    const write = (line: string) => artifact.write(new TextEncoder().encode(`${line}\n`));
    const kept = new Map<string, TextFacts>();
    artifact.onFinish(() => {
      const line = format === "text" ? textLine(settings.times) : JSON.stringify;
      for (const facts of [...kept.values()].sort(inTime)) write(line(facts));
    });
    return {
      onFrame(frame) {
        if (frame.kind !== "text" || !(frame.final || settings.partials)) return;
        const facts = textFacts(frame);
        if (settings.live) write(JSON.stringify(facts));
        else keep(kept, facts);
      },
    };
  },
});

/** A final replaces its earlier revisions; each partial is a line of its own. */
function keep(kept: Map<string, TextFacts>, facts: TextFacts): void {
  // A translation into another language is another text; a transcript may change its language with a revision.
  const language = facts.role === "translation" ? facts.language : "";
  const key = JSON.stringify([facts.id, facts.role, language, facts.final ? "final" : facts.revision]);
  const earlier = kept.get(key);
  if (earlier === undefined || facts.revision >= earlier.revision) kept.set(key, facts);
}

const ROLES: readonly TextRole[] = ["transcript", "translation", "prompt"];

/** Nothing in it depends on the order of arrival. The texts of one utterance stand together: transcript, translations, then the rest. */
const inTime = (a: TextFacts, b: TextFacts): number =>
  a.startMs - b.startMs ||
  (a.channel ?? 0) - (b.channel ?? 0) ||
  byCodeUnit(a.id, b.id) ||
  ROLES.indexOf(a.role) - ROLES.indexOf(b.role) ||
  byCodeUnit(a.language ?? "", b.language ?? "") ||
  a.revision - b.revision;

/** One line for a text; a translation is indented below its transcript and names its language. */
const textLine =
  (times: boolean) =>
  ({ role, startMs, speaker, language, text }: TextFacts): string => {
    const head =
      role === "translation"
        ? `  ${language === undefined ? "" : `${language}: `}`
        : times
          ? `[${time(startMs)}] `
          : "";
    return `${head}${speaker === undefined || role === "translation" ? "" : `${tidy(speaker)}: `}${tidy(text)}`;
  };

function time(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((count) => String(count).padStart(2, "0"))
    .join(":");
}
