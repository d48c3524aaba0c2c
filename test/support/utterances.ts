import type { Frame, SpeechMark } from "#engine/plugin";
import { framesOf, silence } from "./signals.ts";
import { spoken } from "./toy-vendor/ears.ts";

/** Silence behind which `markedSpeech` ends an utterance. */
const ENDPOINT_MS = 200;
const FRAME_MS = 20;

/** One side of an utterance at 16 kHz, as a detector marks it. */
const mark = (kind: SpeechMark["mark"], utterance: string, atSample: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample,
  sampleRateHz: 16_000,
});

/** Utterances of so many ms each, with a second between them. */
export const utterances = (count: number, ms = 1000): Frame[] =>
  Array.from({ length: count }, (_, i) => {
    const at = i * (ms * 16 + 16_000);
    return [
      mark("start", `u${i + 1}`, at),
      ...framesOf(silence({ ms }), { startSample: at }),
      mark("end", `u${i + 1}`, at + ms * 16),
    ];
  }).flat();

/** Made-up speech, with the marks that a detector would set around each sentence, and without the silence between them. */
export function markedSpeech(sentences: readonly string[]): Frame[] {
  const frames: Frame[] = [];
  let open: string | undefined;
  let count = 0;
  let silentMs = 0;
  for (const frame of spoken(sentences, FRAME_MS)) {
    const voiced = frame.pcm.some((sample) => sample !== 0);
    silentMs = voiced ? 0 : silentMs + FRAME_MS;
    if (voiced && open === undefined) {
      open = `u${++count}`;
      frames.push(mark("start", open, frame.startSample));
    }
    if (open !== undefined && silentMs > ENDPOINT_MS) {
      frames.push(mark("end", open, frame.startSample));
      open = undefined;
    }
    if (open !== undefined) frames.push({ ...frame, utterance: open });
  }
  return frames;
}
