import { BYTES_PER_SAMPLE, SampleDecoder } from "#engine/audio";
import { EngineError } from "#engine/errors";
import type { Frame, TextFrame } from "#engine/frames";
import type { OpusCodec } from "#engine/plugin";
import { LiveInput } from "#engine/runtime";
import type { InputTrack, TrackFormat } from "../api/live.ts";
import { OpusInput } from "./opus-input.ts";

/** A track into a run: takes chunks, counts positions, and refuses what is too far ahead. Positions are samples per channel; texts count as 1. */
export class LiveTrack {
  readonly input: LiveInput;
  /** Told and stored: everything before it is safe. */
  kept: number;
  /** As it was stored last. */
  storedKept: number;
  storedReceived: number;
  storedEnded = false;
  /** Hears every sample that is taken in; `startSample` is its position. */
  onPcm: ((pcm: Int16Array, startSample: number) => void) | undefined;
  /** Who may push; another sender takes over by putting itself here. */
  sender: object | undefined;
  /** Its sender is a gateway's client: nobody takes over. */
  reserved = false;
  #received: number;
  #decoder: SampleDecoder | undefined;
  readonly #opus: OpusInput | undefined;
  #muted = false;
  #closed = false;
  #texts = 0;
  #endsAt = Number.POSITIVE_INFINITY;

  /**
   * @param format of audio; undefined: a track of something else.
   * @param start where the run takes it up.
   * @param kind of what is no audio.
   * @param opus what decodes a format of Opus packets; without it there is no such format.
   */
  constructor(
    readonly name: string,
    readonly format: TrackFormat | undefined,
    readonly windowMs: number,
    readonly start: number,
    readonly kind: "text" | "recording" | "encoded" = "text",
    opus?: OpusCodec,
  ) {
    this.kept = start;
    this.storedKept = start;
    this.storedReceived = start;
    this.#received = start;
    if (format) {
      requireKnown(format);
      const { sampleRateHz, channels } = format;
      if (format.encoding === "opus") this.#opus = opusInput(opus, format);
      this.input = new LiveInput({ kind: "audio", format: { sampleRateHz, channels }, startSample: start });
    } else this.input = new LiveInput({ kind });
  }

  get received(): number {
    return this.#received;
  }

  get sampleRateHz(): number {
    return this.format?.sampleRateHz ?? 1;
  }

  get windowSamples(): number {
    return this.format ? Math.round((this.windowMs * this.format.sampleRateHz) / 1000) : 100;
  }

  /**
   * @param bytes samples in any pieces; of a track of Opus one packet.
   * @param startSample of the first sample in `bytes`; absent: where the last chunk ended.
   * @param fromByte where the audio begins in `bytes`. A view of that part would cost more than all that is done with it.
   * @throws EngineError TRACK_ENDED, TRACK_UNKNOWN where it takes texts, CHUNK_INVALID for a gap, FLOW_EXCEEDED.
   */
  push(bytes: Uint8Array, startSample?: number, fromByte = 0): void {
    const { format } = this;
    if (this.input.ended) throw new EngineError("TRACK_ENDED", `the track ${this.name} has ended`);
    if (!format) throw new EngineError("CHUNK_INVALID", `the track ${this.name} takes texts, and audio came`);
    if (this.#opus) return this.#pushPacket(this.#opus, bytes.subarray(fromByte), startSample, format);
    const from = startSample === undefined ? fromByte : fromByte + this.#heardBytes(startSample, format);
    if (from >= bytes.length) return;
    this.#requireRoom();
    this.#decoder ??= new SampleDecoder(encodingOf(format), format.channels);
    this.#take(this.#decoder.push(bytes, from), format);
  }

  /**
   * A frame as it is. After the end nothing happens.
   * @returns a promise where there is no room for more, until there is.
   */
  pushFrame(frame: Frame, mostWaiting: number): Promise<void> | undefined {
    if (this.input.ended) return undefined;
    if (frame.kind === "audio" && this.format) this.#take(frame.pcm, this.format);
    else {
      this.input.pushFrame(frame);
      this.#received++;
    }
    return this.input.room(mostWaiting);
  }

  pushText(text: string, more: { language?: string; utterance?: string }): void {
    if (this.input.ended) throw new EngineError("TRACK_ENDED", `the track ${this.name} has ended`);
    if (this.format) throw new EngineError("CHUNK_INVALID", `the track ${this.name} takes audio, and a text came`);
    if (this.input.waitingFrames >= this.windowSamples)
      throw new EngineError(
        "FLOW_EXCEEDED",
        `${this.name}: more than ${this.windowSamples} texts ahead of what the run takes`,
      );
    const at = this.start + this.#texts++;
    const frame: TextFrame = {
      kind: "text",
      role: "prompt",
      text,
      utterance: more.utterance ?? `${this.name}-${at + 1}`,
      revision: 1,
      final: true,
      stableChars: text.length,
      startSample: at,
      endSample: at + 1,
      sampleRateHz: 1000,
      ...(more.language !== undefined && { language: more.language }),
    };
    this.input.pushFrame(frame);
    this.#received = at + 1;
    this.#endWhereItEnded();
  }

  mute(muted: boolean): void {
    this.#muted = muted;
  }

  /** Its sender has no more, and may send no more. */
  end(): void {
    this.#closed = false;
    this.#opus?.close();
    this.input.end();
  }

  /** It ended there in an earlier process: it takes what came before once more, and drops what comes after. */
  endAt(position: number): void {
    this.#endsAt = position;
    this.storedEnded = true;
    this.#endWhereItEnded();
  }

  #endWhereItEnded(): void {
    if (this.#received < this.#endsAt || this.input.ended) return;
    this.close();
    this.input.end();
  }

  /** The run takes no more, which its sender cannot know yet. What came before goes on into the run. */
  close(): void {
    if (!this.input.ended) this.#closed = true;
  }

  /** It was not the sender who ended it: what is still under way is late, and no fault of the sender. */
  get closed(): boolean {
    return this.#closed;
  }

  /** A new sender begins at a whole sample. */
  takenBy(sender: object | undefined): void {
    this.sender = sender;
    this.#decoder = undefined;
    this.#opus?.close();
    this.#muted = false;
  }

  view(): InputTrack {
    return {
      track: this.name,
      kind: this.format ? "audio" : this.kind,
      ...(this.format && { format: this.format }),
      received: this.#received,
      kept: this.storedKept,
      windowSamples: this.windowSamples,
      ended: this.input.ended,
    };
  }

  #pushPacket(opus: OpusInput, packet: Uint8Array, startSample: number | undefined, format: TrackFormat): void {
    const heard = this.#received - (startSample ?? this.#received);
    if (heard < 0) throw this.#gap(startSample);
    this.#requireRoom();
    const pcm = opus.decode(packet, heard);
    if (pcm.length > 0) this.#take(pcm, format);
  }

  #requireRoom(): void {
    if (this.input.waitingSamples > this.windowSamples)
      throw new EngineError("FLOW_EXCEEDED", `${this.name}: more than ${this.windowMs} ms ahead of what the run takes`);
  }

  #gap(startSample: number | undefined): EngineError {
    return new EngineError(
      "CHUNK_INVALID",
      `${this.name}: a chunk begins at ${startSample}, expected at most ${this.#received}`,
    );
  }

  #take(all: Int16Array, { channels }: TrackFormat): void {
    const room = (this.#endsAt - this.#received) * channels;
    const pcm = all.length > room ? all.slice(0, room) : all;
    if (this.#muted) pcm.fill(0);
    this.onPcm?.(pcm, this.#received);
    this.input.push(pcm);
    this.#received += pcm.length / channels;
    if (this.#received >= this.#endsAt) this.#endWhereItEnded();
  }

  /** How much at the beginning of a chunk was received before. */
  #heardBytes(startSample: number, format: TrackFormat): number {
    const spare = this.#decoder?.spareBytes ?? 0;
    const ahead = startSample - this.#received;
    if (ahead === 0 && spare === 0) return 0;
    if (ahead > 0) throw this.#gap(startSample);
    this.#decoder = undefined; // a named position begins a whole sample
    return -ahead * BYTES_PER_SAMPLE[encodingOf(format)] * format.channels;
  }
}

function encodingOf({ encoding }: TrackFormat): "s16le" | "mulaw" | "alaw" {
  if (encoding === "opus") throw new Error("Opus comes in packets, not in samples");
  return encoding;
}

function opusInput(codec: OpusCodec | undefined, format: TrackFormat): OpusInput {
  if (!codec) throw new EngineError("CODEC_UNSUPPORTED", "opus cannot be decoded here: send s16le, mulaw or alaw");
  return new OpusInput(codec, format);
}

function requireKnown(format: TrackFormat): void {
  const { sampleRateHz, channels } = format;
  const sound = Number.isInteger(sampleRateHz) && sampleRateHz >= 8000 && sampleRateHz <= 96_000;
  if (!sound || !Number.isInteger(channels) || channels < 1 || channels > 8)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `${sampleRateHz} Hz, ${channels} channels: wanted 8,000 to 96,000 Hz and 1 to 8`,
    );
}
