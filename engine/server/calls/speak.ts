import { decodeSamples, wavHeader } from "#engine/audio";
import type { Caller, Control, LiveSession, SessionMessage, StartRun, TrackEncoding } from "#engine/control";
import { EngineError } from "#engine/errors";
import { type EncodedContainer, openEncoder } from "#engine/plugin";
import { requireDone } from "./transcribe.ts";

/** What one answer may hold: half an hour at 48 kHz. */
const MOST_BYTES = 180 * 2 ** 20;

export interface SpeakRequest {
  readonly start: StartRun;
  readonly input: string;
  readonly text: string;
  readonly language?: string;
  /** Of the workflow; the only one with audio where left out. */
  readonly output?: string;
  readonly encoding: TrackEncoding;
}

export interface Spoken {
  readonly run: string;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

/**
 * Runs a workflow on one text and waits for all the audio that it makes.
 * @param gone aborts when nobody waits any more: then the run is cancelled.
 * @throws EngineError OUTPUT_UNKNOWN, AUDIO_EMPTY, AUDIO_TOO_LONG, what the run failed with, and what `Runs.start` throws.
 */
export async function speak(
  { runs }: Pick<Control, "runs">,
  caller: Caller,
  request: SpeakRequest,
  gone: AbortSignal,
): Promise<Spoken> {
  const run = await runs.start(caller, request.start);
  const cancel = () => void runs.cancel(caller, run.id, "the caller has gone").catch(() => undefined);
  const collected = new Collected();
  let session: LiveSession | undefined;
  try {
    const output = theOutput(run.outputs, request.output);
    gone.addEventListener("abort", cancel, { once: true });
    if (gone.aborted) throw new EngineError("RUN_CANCELLED", "the caller has gone");
    session = await runs.attach(
      caller,
      run.id,
      { after: 0, audio: [output], partials: false, sends: true, encoding: request.encoding },
      { send: (message) => collected.take(message) },
    );
    session.pushText(request.input, request.text, request.language === undefined ? {} : { language: request.language });
    session.end();
    return { run: run.id, ...(await collected.whole()) };
  } catch (error) {
    cancel();
    throw error;
  } finally {
    gone.removeEventListener("abort", cancel);
    session?.close();
  }
}

function theOutput(
  outputs: readonly { track: string; kinds: readonly string[] }[],
  wanted: string | undefined,
): string {
  const spoken = outputs.filter(({ kinds }) => kinds.includes("audio")).map(({ track }) => track);
  if (wanted !== undefined && spoken.includes(wanted)) return wanted;
  if (wanted === undefined && spoken.length === 1) return spoken[0]!;
  throw new EngineError(
    "OUTPUT_UNKNOWN",
    `the workflow has these outputs with audio: ${spoken.join(", ") || "none"}; name one`,
  );
}

/** The audio of one output until the run ends. */
class Collected {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #format: { sampleRateHz: number; channels: number } | undefined;
  readonly #ended = Promise.withResolvers<void>();

  constructor() {
    // a failure that comes before anybody waits is still thrown to who waits later
    this.#ended.promise.catch(() => undefined);
  }

  take(message: SessionMessage): boolean {
    if (message.type === "audio") this.#keep(message);
    else if (message.type === "missed" && message.audioMs > 0)
      this.#ended.reject(new EngineError("READER_TOO_SLOW", "audio was lost between the run and its answer"));
    else if (message.type === "event" && message.event.type === "run.ended") this.#end(message.event.data);
    else if (message.type === "closed")
      this.#ended.reject(new EngineError(message.code ?? "RUN_CANCELLED", message.reason));
    return true;
  }

  async whole(): Promise<Omit<Spoken, "run">> {
    await this.#ended.promise;
    if (!this.#format) throw new EngineError("AUDIO_EMPTY", "the run ended without any audio");
    return { ...this.#format, chunks: this.#chunks, bytes: this.#bytes };
  }

  #keep({ bytes, sampleRateHz, channels }: Extract<SessionMessage, { type: "audio" }>): void {
    this.#format ??= { sampleRateHz, channels };
    this.#bytes += bytes.length;
    if (this.#bytes > MOST_BYTES)
      this.#ended.reject(new EngineError("AUDIO_TOO_LONG", "more audio than one answer holds"));
    else this.#chunks.push(bytes);
  }

  #end(ended: Parameters<typeof requireDone>[0]): void {
    try {
      requireDone(ended);
      this.#ended.resolve();
    } catch (error) {
      this.#ended.reject(error);
    }
  }
}

/** As a WAV file. */
export function wavParts({ chunks, bytes, sampleRateHz, channels }: Spoken): Uint8Array[] {
  return [wavHeader({ sampleRateHz, channels }, bytes), ...chunks];
}

/** Speech that an encoder takes in some milliseconds: other runs go on between two such pieces. */
const PIECE_BYTES = 32_768;

/** As a file of a codec. @param spoken in 16 bits. @throws EngineError AUDIO_FORMAT_UNSUPPORTED, ENGINE_MISSING. */
export async function encodedParts(spoken: Spoken, container: EncodedContainer): Promise<Uint8Array[]> {
  const encoder = await openEncoder(container, spoken);
  try {
    const parts: Uint8Array[] = [];
    let since = 0;
    for (const chunk of spoken.chunks) {
      parts.push(encoder.encode(decodeSamples(chunk, "s16le")));
      since += chunk.length;
      if (since < PIECE_BYTES) continue;
      since = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return [...parts, encoder.end()];
  } finally {
    encoder.close();
  }
}
