import type { Cue } from "./schedule.ts";

/** How a cue says who speaks: not at all, or by a WebVTT voice tag. A prefix is part of the lines. */
export interface RenderOptions {
  readonly voices: boolean;
}

/** A whole SubRip file. Cues are numbered from 1; no cues make an empty file, which is valid. */
export const renderSrt = (cues: readonly Cue[]): string =>
  cues
    .map((cue, i) => `${i + 1}\n${time(cue.startMs, ",")} --> ${time(cue.endMs, ",")}\n${srtText(cue.lines)}\n`)
    .join("\n");

/**
 * A whole WebVTT file.
 * @see https://www.w3.org/TR/webvtt1/
 */
export const renderVtt = (cues: readonly Cue[], { voices }: RenderOptions): string =>
  ["WEBVTT\n", ...cues.map((cue) => vttCue(cue, voices))].join("\n");

function vttCue(cue: Cue, voices: boolean): string {
  const voice = voices && cue.speaker !== undefined ? `<v ${escapeVtt(cue.speaker)}>` : "";
  const text = cue.lines.map(escapeVtt).join("\n");
  return `${time(cue.startMs, ".")} --> ${time(cue.endMs, ".")}\n${voice}${text}\n`;
}

const escapeVtt = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** SubRip has no escapes; only an arrow in the text would be taken for a line of times. */
const srtText = (lines: readonly string[]): string => lines.join("\n").replaceAll("-->", "->");

function time(ms: number, decimalMark: "," | "."): string {
  const two = (count: number) => String(count).padStart(2, "0");
  const seconds = Math.floor(ms / 1000);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return `${clock}${decimalMark}${String(ms % 1000).padStart(3, "0")}`;
}
