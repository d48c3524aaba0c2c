import { EngineError } from "#engine/errors";
import { writeAudio } from "./audio-message.ts";
import { HeldAudio } from "./held-audio.ts";
import { HeldTexts } from "./held-texts.ts";
import type { LiveEvents } from "./told.ts";
import type { InputTrack } from "./types.ts";

/** What goes out of a socket. */
export interface Outlet {
  /** Takes no more now; what is sent is asked for again after a while. */
  readonly full: boolean;
  audio(message: Uint8Array<ArrayBuffer>): void;
  message(message: object): void;
}

interface Sending {
  readonly held: HeldAudio | HeldTexts;
  number: number;
  received: number;
  windowSamples: number;
  ended: boolean;
  endTold: boolean;
  /** The server takes no more, whoever ended it. */
  closed: boolean;
  muted: boolean;
}

const BYTES_PER_SAMPLE = { s16le: 2, mulaw: 1, alaw: 1, opus: 1 } as const;

/** All tracks of one sender: holds what is not safe yet, and sends as much as the server takes. */
export class Sender {
  readonly #tracks = new Map<string, Sending>();
  readonly #mostBytes: number;
  /** As the run has them; undefined until it was joined. */
  #inputs: readonly InputTrack[] | undefined;
  #flushes = 0;
  #ready = false;
  #allEnded = false;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** What is put on a track after the server closed it is dropped. */
  audio(track: string, bytes: Uint8Array): void {
    const { held, closed } = this.#openToPut(track, () => new HeldAudio(this.#mostBytes));
    if (!(held instanceof HeldAudio)) throw new EngineError("CHUNK_INVALID", `${track} takes texts`);
    if (!closed) held.put(bytes);
  }

  text(track: string, text: Parameters<HeldTexts["put"]>[0]): void {
    const { held, closed } = this.#openToPut(track, () => new HeldTexts());
    if (!(held instanceof HeldTexts)) throw new EngineError("CHUNK_INVALID", `${track} takes audio`);
    if (!closed) held.put(text);
  }

  end(track: string): void {
    const sending = this.#tracks.get(track);
    if (!sending) throw new EngineError("TRACK_UNKNOWN", `no track ${track} that anything was sent on`);
    sending.ended = true;
  }

  endAll(): void {
    this.#allEnded = true;
    for (const sending of this.#tracks.values()) sending.ended = true;
  }

  mute(track: string, muted: boolean): void {
    const sending = this.#tracks.get(track);
    if (!sending) throw new EngineError("TRACK_UNKNOWN", `no track ${track} that anything was sent on`);
    sending.muted = muted;
  }

  flush(): void {
    this.#flushes += 1;
  }

  /** By track: the first sample that is still held. */
  holds(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const [track, { held }] of this.#tracks) if (held.holds !== undefined) found[track] = held.holds;
    return found;
  }

  /**
   * The run was joined, at first or again.
   * @throws EngineError TRACK_UNKNOWN, CHUNK_INVALID where what was put before cannot be sent: it would be lost in silence.
   */
  joined(inputs: readonly InputTrack[], outlet: Outlet): void {
    this.#inputs = inputs;
    for (const [track, { held }] of this.#tracks) this.#requireFit(track, held instanceof HeldAudio);
    inputs.forEach((input, number) => {
      const sending = this.#open(input.track, () =>
        input.kind === "audio" ? new HeldAudio(this.#mostBytes) : new HeldTexts(),
      );
      const { format } = input;
      if (sending.held instanceof HeldAudio && format)
        sending.held.goOn(input.received, BYTES_PER_SAMPLE[format.encoding] * format.channels);
      else if (sending.held instanceof HeldTexts) sending.held.goOn(input.received);
      sending.held.drop(input.kept);
      Object.assign(sending, {
        number,
        received: input.received,
        windowSamples: input.windowSamples,
        endTold: input.ended,
        closed: input.ended,
      });
      if (sending.muted) outlet.message({ type: "mute", track: input.track, muted: true });
    });
    this.#ready = true;
  }

  left(): void {
    this.#ready = false;
  }

  position({ track, received, kept, ended = false }: LiveEvents["position"]): void {
    const sending = this.#tracks.get(track);
    if (!sending) return;
    if (ended) sending.closed = true;
    sending.received = received;
    sending.held.drop(kept);
  }

  /** Sends what may be sent. Returns whether something is left that only waits for the outlet. */
  pump(outlet: Outlet): boolean {
    if (!this.#ready) return false;
    for (const [track, sending] of this.#tracks) {
      if (sending.closed) continue;
      if (!this.#pumpTrack(track, sending, outlet)) return true;
      if (sending.ended && !sending.endTold && sending.held.allSent) {
        sending.endTold = true;
        outlet.message({ type: "end", track });
      }
    }
    for (; this.#flushes > 0; this.#flushes--) outlet.message({ type: "flush" });
    return false;
  }

  /** False where the outlet was full before all was sent. */
  #pumpTrack(track: string, { held, number, received, windowSamples }: Sending, outlet: Outlet): boolean {
    const limit = received + windowSamples;
    while (!outlet.full) {
      if (held instanceof HeldAudio) {
        const piece = held.next(limit);
        if (!piece) return true;
        outlet.audio(writeAudio(number, piece.startSample, piece.bytes));
      } else {
        const text = held.next(limit);
        if (!text) return true;
        outlet.message({ type: "text", track, ...text });
      }
    }
    return false;
  }

  #requireFit(track: string, isAudio: boolean): void {
    if (!this.#inputs) return;
    const input = this.#inputs.find((each) => each.track === track);
    const names = this.#inputs.map((each) => each.track).join(", ") || "none";
    if (!input) throw new EngineError("TRACK_UNKNOWN", `the run has no live input ${track}; it has ${names}`);
    if (isAudio !== (input.kind === "audio"))
      throw new EngineError("CHUNK_INVALID", `${track} takes ${isAudio ? "texts" : "audio"}`);
  }

  #openToPut(track: string, make: () => HeldAudio | HeldTexts): Sending {
    // all that the run has were opened when it was joined
    if (!this.#tracks.has(track)) this.#requireFit(track, true);
    if (this.#allEnded || this.#tracks.get(track)?.ended) throw new EngineError("TRACK_ENDED", `${track} was ended`);
    return this.#open(track, make);
  }

  #open(track: string, make: () => HeldAudio | HeldTexts): Sending {
    const known = this.#tracks.get(track);
    if (known) return known;
    const sending = {
      held: make(),
      number: 0,
      received: 0,
      windowSamples: 0,
      ended: this.#allEnded,
      endTold: false,
      closed: false,
      muted: false,
    };
    this.#tracks.set(track, sending);
    return sending;
  }
}
