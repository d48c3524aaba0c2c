import { EngineError, type NodeContext, type OutputPort, type TaskNode, type TextFrame } from "#engine/plugin";
import { type ScriptConfig, tableKey } from "./config.ts";
import { suffer } from "./fault.ts";
import { forgetProgress, progressOf } from "./progress.ts";

export const translateOutput = (settings: ScriptConfig): OutputPort => ({
  kinds: ["text"],
  textRole: "translation",
  ...(settings.language === undefined ? {} : { language: settings.language }),
  ...(settings.partials ? { carries: ["partials"] } : {}),
});

type Entry = Exclude<NonNullable<ScriptConfig["table"]>[string], string>;

/** Answers texts from a table, one by one, in the order in which they come. */
export function scriptedTranslator(settings: ScriptConfig, ctx: NodeContext): TaskNode {
  const progress = progressOf(settings, ctx);
  const table = new Map<string, Entry>();
  for (const [text, entry] of Object.entries(settings.table ?? {}))
    table.set(tableKey(text), typeof entry === "string" ? { text: entry } : entry);
  return {
    async run(input, emit, signal) {
      for await (const frame of input) {
        if (frame.kind !== "text" || !(frame.final || settings.partials)) continue;
        const key = tableKey(frame.text);
        const entry = table.get(key);
        const delayMs = entry?.delayMs ?? settings.delayMs ?? 0;
        if (delayMs > 0) await ctx.clock.sleep(delayMs, signal);
        const failing = (entry?.error !== undefined || entry?.hang) && progress.fails(key, entry.times);
        if (entry && failing) await suffer(entry, `the table's entry for utterance ${frame.utterance}`, signal);
        await emit(translation(frame, entry?.text ?? untranslated(frame, settings.otherwise), settings.language));
      }
      forgetProgress(settings, ctx);
    },
  };
}

function untranslated({ text, utterance }: TextFrame, otherwise: ScriptConfig["otherwise"]): string {
  if (otherwise === "upper") return text.toUpperCase();
  if (otherwise === "error" && text.trim() !== "")
    throw new EngineError(
      "SCRIPT_INVALID",
      `the text of utterance ${utterance} is not in the table, and otherwise: error`,
    );
  return text;
}

/** It stands where its source stands: same utterance, revision and times. */
const translation = (from: TextFrame, text: string, language: string | undefined): TextFrame => ({
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
  ...(language === undefined ? {} : { language }),
  ...(from.speaker === undefined ? {} : { speaker: from.speaker }),
  ...(from.channel === undefined ? {} : { channel: from.channel }),
  madeFrom: { text: from.text, ...(from.language === undefined ? {} : { language: from.language }) },
  ...(from.protected ? { protected: true } : {}),
});
