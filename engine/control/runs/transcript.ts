import type { FinalRow } from "#engine/store";
import type { FinalView, TranscriptRequest } from "../api/runs.ts";

/** Characters of a line, lines of a cue, and how long a cue may stand: what subtitles for people usually keep to. */
const LINE_CHARACTERS = 42;
const CUE_CHARACTERS = 2 * LINE_CHARACTERS;
const CUE_MS = 7000;

interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly speaker: string | null;
}

interface TimedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export const MEDIA_TYPES = {
  json: "application/json",
  txt: "text/plain; charset=utf-8",
  srt: "application/x-subrip; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
} as const;

export const finalView = (row: FinalRow): FinalView => ({
  eventId: row.eventId,
  output: row.output,
  node: row.node,
  role: row.role,
  utterance: row.utterance,
  text: row.text,
  startMs: row.startMs,
  endMs: row.endMs,
  ...(row.language !== null && { language: row.language }),
  ...(row.speaker !== null && { speaker: row.speaker }),
  ...(row.channel !== null && { channel: row.channel }),
  ...(row.confidence !== null && { confidence: row.confidence }),
  ...(row.words && { words: row.words }),
});

/** Stored finals as a document, in the order of their times. */
export function renderTranscript(
  finals: readonly FinalRow[],
  { format, output, role, language }: TranscriptRequest,
): string {
  const chosen = finals
    .filter(
      (row) =>
        (output === undefined || row.output === output) &&
        (role === undefined || row.role === role) &&
        (language === undefined || row.language === language),
    )
    .sort((a, b) => a.startMs - b.startMs || a.eventId - b.eventId);
  if (format === "json") return JSON.stringify({ finals: chosen.map(finalView) });
  if (format === "txt") return chosen.map((row) => `${speakerOf(row)}${oneLine(row.text)}\n`).join("");
  const cues = chosen.flatMap(cuesOf);
  return format === "srt" ? cues.map(srtCue).join("\n") : ["WEBVTT\n", ...cues.map(vttCue)].join("\n");
}

const speakerOf = ({ speaker }: FinalRow): string => (speaker === null ? "" : `${oneLine(speaker)}: `);

const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim();

/** Cut where the words say when, else where an even share of the time falls. */
function cuesOf(row: FinalRow): Cue[] {
  const cues: Cue[] = [];
  let open: TimedWord[] = [];
  const close = () => {
    const [first, last] = [open[0], open.at(-1)];
    if (first && last)
      cues.push({
        startMs: first.startMs,
        endMs: Math.max(last.endMs, first.startMs + 1),
        text: open.map((word) => word.text).join(" "),
        speaker: row.speaker,
      });
    open = [];
  };
  for (const word of wordsOf(row)) {
    const characters = open.reduce((sum, each) => sum + each.text.length + 1, word.text.length);
    if (open[0] && (characters > CUE_CHARACTERS || word.endMs - open[0].startMs > CUE_MS)) close();
    open.push(word);
  }
  close();
  return cues;
}

function wordsOf(row: FinalRow): TimedWord[] {
  const texts = oneLine(row.text).split(" ").filter(Boolean);
  const { words } = row;
  if (words && words.length === texts.length)
    return texts.map((text, i) => ({ text, startMs: words[i]!.startMs, endMs: words[i]!.endMs }));
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  const msPerCharacter = (row.endMs - row.startMs) / Math.max(1, characters);
  let before = 0;
  return texts.map((text) => {
    const startMs = row.startMs + before * msPerCharacter;
    before += text.length;
    return { text, startMs, endMs: row.startMs + before * msPerCharacter };
  });
}

const srtCue = (cue: Cue, index: number): string =>
  `${index + 1}\n${clock(cue.startMs, ",")} --> ${clock(cue.endMs, ",")}\n${lines(cue.text.replaceAll("-->", "->"))}\n`;

function vttCue(cue: Cue): string {
  const voice = cue.speaker === null ? "" : `<v ${escaped(oneLine(cue.speaker))}>`;
  return `${clock(cue.startMs, ".")} --> ${clock(cue.endMs, ".")}\n${voice}${escaped(lines(cue.text))}\n`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Two lines where one is too long, broken nearest to its middle. */
function lines(text: string): string {
  if (text.length <= LINE_CHARACTERS) return text;
  const middle = text.length / 2;
  let best = -1;
  for (let at = text.indexOf(" "); at >= 0; at = text.indexOf(" ", at + 1))
    if (best < 0 || Math.abs(at - middle) < Math.abs(best - middle)) best = at;
  return best < 0 ? text : `${text.slice(0, best)}\n${text.slice(best + 1)}`;
}

function clock(ms: number, mark: "," | "."): string {
  const whole = Math.round(ms);
  const two = (count: number) => String(count).padStart(2, "0");
  const seconds = Math.floor(whole / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two);
  return `${parts.join(":")}${mark}${String(whole % 1000).padStart(3, "0")}`;
}
