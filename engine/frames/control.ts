/**
 * What travels beside the frames and overtakes them. A control is handed to each node's `onControl` and cannot be swallowed there.
 * - `end`: an input has ended and all its frames were consumed (the one control that waits for the data it closes).
 * - `flush`: finish what is open now, such as an utterance, and go on.
 * - `cancel`: the run stops; nothing emitted from here on counts.
 * - `deadline`: `remainingMs` of run clock are left to finish in.
 * - `barge-in`: the user speaks over playback; what was derived from earlier utterances than the one named is dropped,
 *   but for what is protected. `voicedAtMs`, of the run's clock, is when that voice began, so that who falls silent can tell how long it took.
 */
export type Control =
  | { readonly kind: "end"; readonly port: string }
  | { readonly kind: "flush" }
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "deadline"; readonly remainingMs: number }
  | { readonly kind: "barge-in"; readonly utterance: string; readonly voicedAtMs?: number };
