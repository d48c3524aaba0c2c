import { z } from "zod";
import { defineNode, path, samplesToMs, type TextFrame, type TextRole } from "#engine/plugin";
import { renderSrt, renderVtt } from "./cues/render.ts";
import { schedule } from "./cues/schedule.ts";
import { cuesOf } from "./cues/utterance.ts";
import type { SpokenText } from "./cues/word-times.ts";
import { byCodeUnit } from "./order.ts";

type SubtitleFormat = "srt" | "vtt";
type Settings = z.output<typeof config>;

const role = z.enum(["transcript", "translation"]);

const config = z
  .strictObject({
    path: path(z.string().min(1), "write").describe("The file to write."),
    format: z
      .enum(["auto", "srt", "vtt"])
      .default("auto")
      .describe("SubRip or WebVTT; auto goes by the end of `path`."),
    only: z
      .enum(["transcript", "translation", "both"])
      .default("both")
      .describe("Which texts are shown; with both, the two of one utterance stand in one cue."),
    order: z
      .tuple([role, role])
      .default(["transcript", "translation"])
      .describe("Which of the two stands above the other."),
    languages: z
      .array(z.string().min(2))
      .min(1)
      .optional()
      .describe(
        "Shows only these languages (BCP 47; `es` also means `es-MX`); several translations stand in this order.",
      ),
    lineChars: z
      .number()
      .int()
      .min(8)
      .max(200)
      .default(42)
      .describe("Longest line, in columns; a wide East Asian character takes two."),
    lines: z.number().int().min(1).max(3).default(2).describe("Most lines of a cue, for each language."),
    charsPerSecond: z
      .number()
      .min(1)
      .max(100)
      .default(17)
      .describe("Reading speed in columns a second; a cue stays longer than its speech for it, up to the next cue."),
    minMs: z.number().int().min(1).max(10_000).default(1000).describe("Shortest time of a cue."),
    maxMs: z
      .number()
      .int()
      .min(500)
      .max(60_000)
      .default(7000)
      .describe("Longest time of a cue; speech that takes longer is cut."),
    speakers: z
      .enum(["none", "prefix", "voice"])
      .default("none")
      .describe("How a cue names its speaker: not, as `NAME: ` before the utterance, or as a WebVTT voice tag."),
  })
  .superRefine((settings, ctx) => {
    const problem = (at: string, message: string) => ctx.addIssue({ code: "custom", path: [at], message });
    const format = formatOf(settings);
    if (format === undefined) problem("path", "ends in neither .srt nor .vtt: set `format` to one of them");
    if (format === "srt" && settings.speakers === "voice")
      problem("speakers", "voice tags are WebVTT; in SubRip use prefix");
    if (settings.order[0] === settings.order[1])
      problem("order", "names one role twice: give transcript and translation");
    if (settings.minMs > settings.maxMs) problem("minMs", `${settings.minMs} is more than maxMs, ${settings.maxMs}`);
  });

/** Undefined where the path does not tell. */
function formatOf(settings: {
  readonly format: "auto" | SubtitleFormat;
  readonly path: string;
}): SubtitleFormat | undefined {
  if (settings.format !== "auto") return settings.format;
  const ending = settings.path.toLowerCase().match(/\.(srt|vtt)$/)?.[1];
  return ending === "srt" || ending === "vtt" ? ending : undefined;
}

/**
 * Writes the final texts of a run as subtitles. All texts are kept until the run ends, in whatever way: only then is it known what a
 * later revision replaced and which cue comes next in time. What it keeps is text and word times, a few hundred bytes an utterance.
 */
export const subtitles = defineNode({
  type: "core.subtitles",
  summary: "Writes final texts as SubRip or WebVTT subtitles, in one language or two.",
  role: "sink",
  inputs: (settings) => ({ text: { kinds: ["text"], textRoles: rolesOf(settings) } }),
  outputs: {},
  config,
  effects: ["files"],
  async create(settings, ctx) {
    const format = formatOf(settings) ?? "srt";
    const artifact = await ctx.artifact(settings.path, {
      mediaType: format === "vtt" ? "text/vtt" : "application/x-subrip",
    });
    const kept = new KeptTexts(settings);
    artifact.onFinish(() => {
      const rules = { ...settings, prefix: settings.speakers === "prefix" };
      const cues = schedule(
        kept.utterances().flatMap((utterance) => cuesOf(utterance, rules)),
        settings,
      );
      const text = format === "vtt" ? renderVtt(cues, { voices: settings.speakers === "voice" }) : renderSrt(cues);
      artifact.write(new TextEncoder().encode(text));
    });
    return {
      onFrame(frame) {
        if (frame.kind === "text" && frame.final) kept.add(frame);
      },
    };
  },
});

const rolesOf = (settings: Settings): TextRole[] => (settings.only === "both" ? settings.order : [settings.only]);

interface KeptText extends SpokenText {
  readonly role: TextRole;
  readonly language: string;
  readonly revision: number;
  readonly speaker?: string;
}

/** The last final of each utterance in each role, and of translations in each language. */
class KeptTexts {
  readonly #byUtterance = new Map<string, Map<string, KeptText>>();

  constructor(readonly settings: Settings) {}

  add(frame: TextFrame): void {
    const language = frame.language ?? "";
    if (!rolesOf(this.settings).includes(frame.role) || this.#rank(language) < 0) return;
    const texts = this.#byUtterance.get(frame.utterance) ?? new Map<string, KeptText>();
    this.#byUtterance.set(frame.utterance, texts);
    // A transcript may change its language with a revision; a translation into another language is another text.
    const key = frame.role === "transcript" ? "transcript" : `${frame.role} ${language}`;
    const earlier = texts.get(key);
    if (earlier === undefined || frame.revision >= earlier.revision) texts.set(key, keep(frame, language));
  }

  /** By utterance id, so that what arrived first makes no difference where two begin at the same time. */
  utterances(): { texts: KeptText[]; speaker?: string }[] {
    const order: readonly TextRole[] = this.settings.order;
    return [...this.#byUtterance]
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(([, byKey]) => {
        const texts = [...byKey.values()].sort(
          (a, b) =>
            order.indexOf(a.role) - order.indexOf(b.role) ||
            this.#rank(a.language) - this.#rank(b.language) ||
            byCodeUnit(a.language, b.language),
        );
        const speaker = texts.find((text) => text.speaker)?.speaker;
        return { texts, ...(speaker === undefined ? {} : { speaker }) };
      });
  }

  /** The place of a language among those asked for; -1 where it was not. A text that names no language is always shown. */
  #rank(language: string): number {
    const wanted = this.settings.languages;
    if (wanted === undefined || language === "") return 0;
    return wanted.findIndex((tag) => `${language.toLowerCase()}-`.startsWith(`${tag.toLowerCase()}-`));
  }
}

function keep(frame: TextFrame, language: string): KeptText {
  const ms = (samples: number) => samplesToMs(samples, frame.sampleRateHz);
  const words = frame.words?.map(({ text, startSample, endSample }) => ({
    text,
    startMs: ms(startSample),
    endMs: ms(endSample),
  }));
  return {
    role: frame.role,
    language,
    revision: frame.revision,
    text: frame.text,
    startMs: ms(frame.startSample),
    endMs: ms(frame.endSample),
    ...(words === undefined ? {} : { words }),
    ...(frame.speaker === undefined ? {} : { speaker: frame.speaker }),
  };
}
