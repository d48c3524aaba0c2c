import type { AudioFrame } from "#engine/frames";
import { sampleStart } from "#test/short-recording";
import { framesOf as cut } from "#test/signals";
import type { Question } from "../harness/serve.ts";
import type { VendorName } from "./vendor.ts";

/** The sentence that each of the recognitions hears, in ms, and what the service makes of it. */
export const SENTENCE_MS = 3700;
export const SENTENCE = "go forward ten meters";
/** What is said of it: a partial for each word, then the final. */
export const RESULTS = 5;
const PARTIAL_EVERY_MS = 700;

/** What the service runs for each client. */
export const SERVICE = `
parlando: 1
name: service
inputs: { talk: { kind: audio } }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      partialEveryMs: ${PARTIAL_EVERY_MS}
      results: [{ text: ${SENTENCE}, partials: auto, fromMs: 0, untilMs: ${SENTENCE_MS - 100} }]
outputs: { texts: [asr.partial, asr.final] }
`;

/** The beginning of the sample recording, in frames of 20 ms that all recognitions share. */
export async function sentenceFrames(): Promise<readonly AudioFrame[]> {
  return cut(await sampleStart(SENTENCE_MS / 1000));
}

/** When a result was sent or had come, by one clock for all processes of the machine: Unix time in ms, with fractions. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Of each task, by its id: when its results were sent, or had come, in order. */
export type Times = Readonly<Record<string, readonly number[]>>;

/** What a process has in memory, as the system counts it. */
export async function residentBytes(pid: number | "self"): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

export interface ServiceQuestion extends Question {
  readonly ask: "open" | "times";
  readonly vendor: VendorName;
}

export interface ServiceAnswer {
  readonly url: string;
  /** When results were sent since the last question. */
  readonly times: Times;
}

export interface ClientQuestion extends Question {
  readonly ask: "recognise";
  readonly vendor: VendorName;
  readonly url: string;
  readonly sessions: number;
  /** Times real time. */
  readonly speed: number;
  /** In the midst of the sentence garbage is collected and the memory looked at, which takes a while and spoils the times. */
  readonly weigh?: boolean;
}

export interface Recognised {
  readonly times: Times;
  /** What went wrong, each once. */
  readonly failures: readonly string[];
  /** With `weigh`: resident memory in the midst of the sentence, without garbage. */
  readonly residentBytes?: number;
}
