import { EngineError } from "#engine/errors";
import { type Frame, samplesToMs, type TextFrame } from "#engine/frames";
import type { RunReport } from "#engine/runtime";
import type { FinalRow } from "#engine/store";
import { RUN_MESSAGES, type RunMessage, type RunMessageType } from "../messages.ts";

/** Whose message it is, and when. */
export interface About {
  readonly run: string;
  readonly atMs: number;
  readonly generation: number;
  readonly labels: Readonly<Record<string, string>>;
}

export type DataOf<Type extends RunMessageType> = Extract<RunMessage, { type: Type }>["data"];

/** Puts a message together. Only durable ones have an id. */
export function message<Type extends RunMessageType>(
  about: About,
  type: Type,
  data: DataOf<Type>,
  id?: number,
): RunMessage {
  const { version } = RUN_MESSAGES[type];
  return { ...(id !== undefined && { id }), ...about, type, version, data } as RunMessage;
}

/** A text as messages carry it. */
export function textData(output: string, node: string, frame: TextFrame): DataOf<"text.final"> {
  const { kind: _kind, protected: _protected, vendor, madeFrom, words, ...facts } = frame;
  return {
    output,
    node,
    ...facts,
    ...(words && { words: words.map((word) => ({ ...word })) }),
    ...(madeFrom && {
      madeFrom: { text: madeFrom.text, ...(madeFrom.language !== undefined && { language: madeFrom.language }) },
    }),
    ...(vendor && {
      vendor: Object.fromEntries(
        Object.entries(vendor).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
      ),
    }),
  };
}

/** The row of a final. */
export function finalRow(
  runId: string,
  eventId: number,
  at: { readonly output: string; readonly node: string; readonly latencyMs: number | undefined },
  frame: TextFrame,
): FinalRow {
  const ms = (samples: number) => samplesToMs(samples, frame.sampleRateHz);
  return {
    runId,
    eventId,
    output: at.output,
    node: at.node,
    role: frame.role,
    utterance: frame.utterance,
    text: frame.text,
    startMs: ms(frame.startSample),
    endMs: ms(frame.endSample),
    language: frame.language ?? null,
    speaker: frame.speaker ?? null,
    channel: frame.channel ?? null,
    confidence: frame.confidence ?? null,
    words:
      frame.words?.map((word) => ({ text: word.text, startMs: ms(word.startSample), endMs: ms(word.endSample) })) ??
      null,
    latencyMs: at.latencyMs ?? null,
  };
}

/** What a run that ended says last. */
export const endData = (report: RunReport): DataOf<"run.ended"> => ({
  state: report.state,
  drained: report.drained,
  ...(report.error && { error: { code: report.error.code, message: report.error.message } }),
  failures: report.failures.map(({ node, code, message: words }) => ({ node, code, message: words })),
  durationMs: report.durationMs,
});

/** A frame that is neither text, audio nor mark, as messages carry it. */
export const dataOf = (output: string, node: string, frame: Extract<Frame, { kind: "data" }>): DataOf<"data"> => ({
  output,
  node,
  topic: frame.topic,
  value: plain({ value: frame.value }).value,
  atSample: frame.atSample,
  sampleRateHz: frame.sampleRateHz,
});

/** What a node tells, as JSON carries it: big integers as texts, audio and bytes as their lengths, errors by their codes. */
export const plain = <T extends object>(told: T): T => JSON.parse(JSON.stringify(told, replaced));

function replaced(_key: string, value: unknown): unknown {
  if (value instanceof EngineError) return { code: value.code, message: value.message };
  if (value instanceof Int16Array) return { samples: value.length };
  if (value instanceof Uint8Array) return { bytes: value.length };
  return typeof value === "bigint" ? value.toString() : value;
}
