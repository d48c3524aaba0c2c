/**
 * What moves along an edge. A frame that was sent is read-only: a fan-out hands the same object to several nodes.
 *
 * Positions are counts of samples per channel from the start of the stream that the frame belongs to; `sampleRateHz` beside them makes
 * them time. Milliseconds and microseconds are derived (`time.ts`), never added up.
 */
export type Frame = AudioFrame | SpeechMark | TextFrame | EncodedFrame | RecordingFrame | DataFrame;

export type FrameKind = Frame["kind"];

/** Signed 16-bit PCM. */
export interface AudioFrame {
  readonly kind: "audio";
  /** Interleaved; the length is a multiple of `channels`. */
  readonly pcm: Int16Array;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly startSample: number;
  /** The utterance it belongs to or was made from; absent outside utterances. */
  readonly utterance?: string;
  /** A barge-in does not drop it. */
  readonly protected?: true;
}

/** Opens or closes an utterance. After an opening mark the audio begins with the pre-roll, at `atSample`. */
export interface SpeechMark {
  readonly kind: "speech";
  readonly mark: "start" | "end";
  readonly utterance: string;
  readonly atSample: number;
  /** Of an opening mark: where voice was first heard, behind the pre-roll; absent where the detector cannot tell. */
  readonly voicedSample?: number;
  readonly sampleRateHz: number;
}

export type TextRole = "transcript" | "translation" | "prompt";

/** A transcript, a translation of one, or a text to be spoken. A revision replaces all earlier ones of its utterance and role. */
export interface TextFrame {
  readonly kind: "text";
  readonly role: TextRole;
  readonly text: string;
  readonly utterance: string;
  /** From 1, rising with every change of the same utterance. */
  readonly revision: number;
  /** False: a partial, which later revisions may change. */
  readonly final: boolean;
  /** How many leading characters (UTF-16 units) no later revision changes; a final's whole length. */
  readonly stableChars: number;
  readonly startSample: number;
  readonly endSample: number;
  readonly sampleRateHz: number;
  /** BCP 47. */
  readonly language?: string;
  readonly words?: readonly Word[];
  readonly speaker?: string;
  /** Of a recording with several, from 0. */
  readonly channel?: number;
  /** From 0 to 1; absent where the engine's own figure is not calibrated. */
  readonly confidence?: number;
  /** What a translation or an answer was made from. */
  readonly madeFrom?: { readonly text: string; readonly language?: string };
  /** The vendor's own ids and times, as it named them. */
  readonly vendor?: Readonly<Record<string, string | number | bigint>>;
  readonly protected?: true;
}

export interface Word {
  readonly text: string;
  readonly startSample: number;
  readonly endSample: number;
  readonly confidence?: number;
}

/** One packet of a codec that passes through undecoded, such as Opus. */
export interface EncodedFrame {
  readonly kind: "encoded";
  readonly codec: string;
  readonly packet: Uint8Array;
  readonly startSample: number;
  /** How many samples per channel of its stream the packet stands for: the last of a stretch may decode to more, which is silence. */
  readonly sampleCount: number;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly utterance?: string;
}

/** A whole recording as it is, for services that take files. */
export interface RecordingFrame {
  readonly kind: "recording";
  readonly source: { readonly path: string } | { readonly url: string } | { readonly bytes: Uint8Array };
  /** A short name of the container: `wav`, `mp3`, `silk`, … */
  readonly container?: string;
  readonly durationMs?: number;
  readonly sampleRateHz?: number;
  readonly channels?: number;
}

/** Anything else that a node tells another, such as a volume report. */
export interface DataFrame {
  readonly kind: "data";
  /** Names the shape of `value`: `agora.volume`, … */
  readonly topic: string;
  readonly value: unknown;
  readonly atSample: number;
  readonly sampleRateHz: number;
}
