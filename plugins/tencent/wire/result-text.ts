import type { Heard } from "../wire.ts";

/** `[m:s.mmm,m:s.mmm]  text`, with a third part for the speaker or channel where they are told apart. */
const LINE = /^\[(\d+):(\d+(?:\.\d+)?),(\d+):(\d+(?:\.\d+)?)(?:,([^\],]+))?\]\s*(.*)$/;

/**
 * The sentences of a recording's result text. A text that is not laid out in lines with times is one sentence over the whole recording.
 * @param durationMs of the recording, 0 where it is not known.
 */
export function sentencesOf(text: string, durationMs: number): Heard[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const parts = lines.map((line) => LINE.exec(line));
  if (parts.some((part) => !part)) return [{ key: "0", text: text.trim(), final: true, beginMs: 0, endMs: durationMs }];
  return parts.flatMap((part, i) => {
    const [, beginMinutes, beginSeconds, endMinutes, endSeconds, speaker, words = ""] = part ?? [];
    if (words.trim() === "") return [];
    const at = (minutes = "0", seconds = "0") => Math.round(Number(minutes) * 60_000 + Number(seconds) * 1000);
    return {
      key: `${i}`,
      text: words.trim(),
      final: true,
      beginMs: at(beginMinutes, beginSeconds),
      endMs: at(endMinutes, endSeconds),
      ...(speaker !== undefined && { speaker }),
    };
  });
}

const time = (ms: number): string => {
  const whole = Math.max(0, Math.round(ms));
  return `${Math.floor(whole / 60_000)}:${((whole % 60_000) / 1000).toFixed(3)}`;
};

/** The text of a result, a line for each sentence. That a speaker goes into the brackets is this project's choice. */
export const resultText = (sentences: readonly Heard[]): string =>
  sentences
    .map(({ beginMs, endMs, speaker, text }) => {
      const who = speaker === undefined ? "" : `,${speaker}`;
      return `[${time(beginMs)},${time(endMs)}${who}]  ${text.replaceAll("\n", " ")}\n`;
    })
    .join("");
