/** What the process of a model is asked. It is opened once, first, and then asked what its kind of model does. */
export type SherpaAsk =
  | { readonly do: "open"; readonly kind: SherpaKind; readonly config: object }
  /** The next piece of an utterance. Answered by the text so far, of a streaming recogniser; by audio, of a denoiser. */
  | { readonly do: "feed"; readonly pcm: Int16Array }
  /** The last piece of an utterance, or the whole of it; answered by what was heard. Of a denoiser: by the rest of its audio. */
  | { readonly do: "end"; readonly pcm: Int16Array }
  | { readonly do: "speak"; readonly text: string; readonly speaker: number; readonly speed: number }
  | { readonly do: "diarise"; readonly pcm: Int16Array };

export type SherpaKind = "streaming" | "offline" | "tts" | "denoiser" | "diariser";

/** What is known of a model once it is open; 0 where it does not apply. */
export interface SherpaOpened {
  readonly sampleRateHz: number;
  readonly speakers: number;
}

export interface SherpaHeard {
  readonly text: string;
  /** As the model has them: a blank in front begins a word. */
  readonly tokens: readonly string[];
  /** Seconds from the beginning of the utterance at which each token was heard; empty where the model does not tell. */
  readonly timestamps: readonly number[];
}

/** Who spoke from when to when, in seconds. */
export interface SpokenPart {
  readonly start: number;
  readonly end: number;
  /** From 0, in the order of their first words. */
  readonly speaker: number;
}
