import type { AudioFormat, FrameKind, TextRole } from "../frames/index.ts";

/** What a node's input takes. Kinds that are not named are not offered to it; they are no loss. */
export interface InputPort {
  readonly kinds: readonly FrameKind[];
  /** Kinds without which the node cannot work: a recogniser that needs utterance marks names `speech`. Defaults to none. */
  readonly requires?: readonly FrameKind[];
  /** Limits on audio; what is left out is free. The first rate and the first length of a list are the preferred ones. */
  readonly audio?: AudioLimits;
  /** Only texts of these roles are offered. Defaults to all. */
  readonly textRoles?: readonly TextRole[];
  /** May stay unfed. Defaults to false. */
  readonly optional?: boolean;
  /** What `from:` feeds; needed only where a node has several inputs. */
  readonly default?: boolean;
}

export interface AudioLimits {
  readonly sampleRateHz?: number | readonly number[];
  readonly channels?: number | readonly number[];
  /** Every frame has exactly one of these lengths; the last of a stream may be shorter unless `wholeFrames`. */
  readonly frameMs?: number | readonly number[];
}

/** What a node's output gives. */
export interface OutputPort {
  readonly kinds: readonly FrameKind[];
  /** Of its audio: a format, or `same` as the default input's. Left out: known only when frames come. */
  readonly audio?: OutputAudio | "same";
  readonly textRole?: TextRole;
  /** BCP 47, where the config tells it. */
  readonly language?: string;
  /** What a reference to the node alone means; needed only where a node has several outputs. */
  readonly default?: boolean;
  /** What its texts carry beside the text, so that lint knows what a consumer may rely on. */
  readonly carries?: readonly TextDetail[];
}

export interface OutputAudio extends AudioFormat {
  readonly frameMs?: number;
}

export type TextDetail = "words" | "speaker" | "confidence" | "partials";

export type InputPorts = Readonly<Record<string, InputPort>>;
export type OutputPorts = Readonly<Record<string, OutputPort>>;

/** The name of the port that a bare reference means: the only one, or the one marked `default`; undefined where there is none. */
export function defaultPort(ports: Readonly<Record<string, { readonly default?: boolean }>>): string | undefined {
  const names = Object.keys(ports);
  return names.length === 1 ? names[0] : names.find((name) => ports[name]?.default);
}
