import type { TextFrame } from "#engine/plugin";

type Words = readonly (readonly [text: string, startMs: number, endMs: number])[];

/** A final transcript in English at 1 kHz, so that its samples are milliseconds, but for what is given. */
export function textFrame(
  from: Partial<Omit<TextFrame, "kind" | "words">> & { text: string; atMs: readonly [number, number]; words?: Words },
): TextFrame {
  const { atMs, words, ...facts } = from;
  return {
    kind: "text",
    role: "transcript",
    utterance: "u1",
    revision: 1,
    final: true,
    stableChars: from.text.length,
    startSample: atMs[0],
    endSample: atMs[1],
    sampleRateHz: 1000,
    language: "en",
    ...facts,
    ...(words ? { words: words.map(([text, startSample, endSample]) => ({ text, startSample, endSample })) } : {}),
  };
}

/** What a run left in a file that the node asked for by this path. */
export const textOf = (artifacts: Readonly<Record<string, Uint8Array>>, path: string): string =>
  new TextDecoder().decode(artifacts[path] ?? new TextEncoder().encode(`no artifact ${path}`));
