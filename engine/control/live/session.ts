import { encodeALaw, encodeMuLaw, encodeS16le } from "#engine/audio";
import { EngineError } from "#engine/errors";
import { type AudioFrame, durationMs } from "#engine/frames";
import type {
  AttachRequest,
  AudioInlet,
  InputTrack,
  LiveSession,
  OutputEncoding,
  OutputTrack,
  SessionListener,
  SessionMessage,
} from "../api/live.ts";
import type { Journal } from "../journal.ts";
import type { RunMessage } from "../messages.ts";
import { Follower } from "./follower.ts";
import type { LiveRun } from "./live-run.ts";
import type { AudioListener } from "./live-run-options.ts";
import type { LiveTrack } from "./live-track.ts";
import type { OutputCoder, Piece } from "./output-coder.ts";

/** Audio for a socket that has no room is held this long, then the oldest is dropped. */
const HELD_AUDIO_MS = 2000;

interface HeldAudio {
  readonly output: string;
  readonly frame: AudioFrame;
  readonly generation: number;
}

/** What sessions of a process have in common. */
export interface SessionHost {
  /** Seconds of audio that went out to sockets, and live messages that slow readers missed. */
  audioSecondsOut: number;
  missedEvents: number;
  /** Audio and texts for tracks that somebody else had ended: they are dropped. */
  lateMessages: number;
  /** A session began or ended: somebody may have to look after the run. */
  changed(session: Session, run: LiveRun): void;
}

/** One socket on one run. */
export class Session implements LiveSession, AudioListener {
  readonly #follower: Follower;
  readonly #encoding: OutputEncoding;
  readonly #audio: ReadonlySet<string>;
  readonly #held: HeldAudio[] = [];
  /** By output, where audio is coded: some of it waits for what follows. */
  readonly #coders = new Map<string, OutputCoder>();
  #heldMs = 0;
  #missedMs = 0;
  #missedEvents = 0;
  #blocked = false;
  #over = false;
  /** Tracks whose positions are to be told once there is room. */
  readonly #moved = new Set<LiveTrack>();
  readonly #onPositions = (track: LiveTrack): void => this.#position(track);

  constructor(
    private readonly run: LiveRun,
    request: AttachRequest,
    readonly outputs: readonly OutputTrack[],
    private readonly listener: SessionListener,
    private readonly host: SessionHost,
    private readonly coder?: () => OutputCoder,
  ) {
    this.#encoding = request.encoding ?? "s16le";
    this.#audio = new Set(request.audio ?? []);
    for (const name of [...this.#audio, ...(request.outputs ?? [])])
      if (!outputs.some((output) => output.track === name))
        throw new EngineError("OUTPUT_UNKNOWN", `the run has no output ${name}`);
    const reserved = request.sends ? [...run.tracks.values()].find((track) => track.reserved) : undefined;
    if (reserved)
      throw new EngineError("TRACK_TAKEN", `the client of a gateway sends to ${reserved.name}, and nobody else`);
    if (this.#audio.size > 0) run.listen(this);
    if (request.sends) for (const track of run.tracks.values()) track.takenBy(this);
    run.onPositions.add(this.#onPositions);
    this.#follower = new Follower(
      run,
      {
        take: (event) => this.#event(event),
        missed: (messages) => this.#missed(messages),
        failed: () => this.#finish("READER_TOO_SLOW", "what is stored could not be read"),
      },
      request.after,
      wanted(request),
    );
    run.followers.add(this.#follower);
    host.changed(this, run);
  }

  get closed(): boolean {
    return this.#over;
  }

  get runId(): string {
    return this.run.id;
  }

  get project(): string {
    return this.run.row.project;
  }

  get inputs(): readonly InputTrack[] {
    return [...this.run.tracks.values()].map((track) => track.view());
  }

  push(track: string, bytes: Uint8Array, startSample?: number, fromByte = 0): void {
    this.#inletOf(this.#named(track)).push(bytes, startSample, fromByte);
  }

  inlet(number: number): AudioInlet | undefined {
    const track = [...this.run.tracks.values()][number];
    return track && this.#inletOf(track);
  }

  #inletOf(track: LiveTrack): SessionInlet {
    return new SessionInlet(track, this, this.run.options.journal, this.host);
  }

  pushText(track: string, text: string, options: { language?: string; utterance?: string } = {}): void {
    const taken = this.#track(track);
    if (taken.closed) return void this.host.lateMessages++;
    taken.pushText(text, options);
  }

  flush(): void {
    this.run.run.control({ kind: "flush" });
  }

  mute(track: string, muted: boolean): void {
    this.#track(track).mute(muted);
  }

  end(track?: string): void {
    if (track !== undefined) this.#track(track).end();
    else for (const each of this.run.tracks.values()) if (each.sender === this) each.end();
    this.run.options.journal.touch(this.run);
  }

  writable(): void {
    if (!this.#blocked || this.#over) return;
    this.#blocked = false;
    if (!this.#tellMissed()) return;
    for (const track of this.#moved) {
      this.#moved.delete(track);
      if (!this.#positionNow(track)) return;
    }
    while (!this.#blocked) {
      const next = this.#held.shift();
      if (!next) break;
      this.#heldMs -= durationMs(next.frame);
      this.#sendAudio(next);
    }
    if (!this.#blocked) this.#follower.resume();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#follower.close();
    this.run.followers.delete(this.#follower);
    this.run.unlisten(this);
    for (const coder of this.#coders.values()) coder.close();
    this.run.onPositions.delete(this.#onPositions);
    for (const track of this.run.tracks.values()) if (track.sender === this) track.takenBy(undefined);
    this.host.changed(this, this.run);
  }

  /** The process ends. */
  dismiss(): void {
    this.#finish("SERVER_DRAINING", "the server ends; the run goes on when it is back");
  }

  audio(output: string, frame: AudioFrame, generation: number): void {
    if (this.#over || !this.#audio.has(output)) return;
    const heard = { output, frame, generation };
    if (!this.#blocked) return this.#sendAudio(heard);
    this.#held.push(heard);
    this.#heldMs += durationMs(frame);
    while (this.#heldMs > HELD_AUDIO_MS) {
      const dropped = durationMs(this.#held.shift()!.frame);
      this.#heldMs -= dropped;
      this.#missedMs += dropped;
    }
  }

  #event(event: RunMessage): boolean {
    if (event.type === "run.ended") this.#sendRests();
    const more = this.#send({ type: "event", event });
    if (event.type === "run.ended") this.#finish(undefined, "the run has ended");
    // an interruption that was overcome is history
    else if (this.run.state === "interrupted" && event.type === "run.state" && event.data.state === "interrupted")
      this.dismiss();
    return more;
  }

  #missed(messages: number): boolean {
    this.#missedEvents += messages;
    this.host.missedEvents += messages;
    return this.#tellMissed();
  }

  #tellMissed(): boolean {
    if (this.#missedEvents === 0 && this.#missedMs === 0) return true;
    const told = { events: this.#missedEvents, audioMs: Math.round(this.#missedMs), lastId: this.#follower.lastId };
    this.#missedEvents = 0;
    this.#missedMs = 0;
    return this.#send({ type: "missed", ...told });
  }

  #position(track: LiveTrack): void {
    if (this.#blocked) this.#moved.add(track);
    else this.#positionNow(track);
  }

  #positionNow(track: LiveTrack): boolean {
    const { name, storedReceived: received, storedKept: kept, closed } = track;
    return this.#send({ type: "position", track: name, received, kept, ...(closed && { ended: true }) });
  }

  #sendAudio({ output, frame, generation }: HeldAudio): void {
    this.host.audioSecondsOut += durationMs(frame) / 1000;
    if (this.coder)
      this.#coderOf(output, this.coder).push(frame, (piece) => this.#sendPiece(output, piece, generation));
    else this.#sendPiece(output, { ...frame, bytes: plain(frame, this.#encoding) }, generation);
  }

  #coderOf(output: string, make: () => OutputCoder): OutputCoder {
    const coder = this.#coders.get(output) ?? make();
    this.#coders.set(output, coder);
    return coder;
  }

  /** The last of each output, which no more audio completes. */
  #sendRests(): void {
    const generation = this.run.row.generation;
    for (const [output, coder] of this.#coders) coder.flush((piece) => this.#sendPiece(output, piece, generation));
  }

  #sendPiece(track: string, { startSample, sampleRateHz, channels, bytes }: Piece, generation: number): void {
    const encoding = this.#encoding;
    this.#send({ type: "audio", track, startSample, sampleRateHz, channels, encoding, generation, bytes });
  }

  #send(message: SessionMessage): boolean {
    if (this.#over) return false;
    if (!this.listener.send(message)) this.#blocked = true;
    return !this.#blocked;
  }

  #finish(code: "SERVER_DRAINING" | "READER_TOO_SLOW" | undefined, reason: string): void {
    if (this.#over) return;
    this.listener.send({ type: "closed", ...(code && { code }), reason });
    this.close();
  }

  #named(name: string): LiveTrack {
    const track = this.run.tracks.get(name);
    if (!track) throw new EngineError("TRACK_UNKNOWN", `the run has no live input ${name}`);
    return track;
  }

  #track(name: string): LiveTrack {
    const track = this.#named(name);
    if (track.sender !== this) throw taken(track);
    return track;
  }
}

/** A chunk touches this and the track, and nothing else of a session: what it touches is seldom in a cache, with thousands of sessions. */
class SessionInlet implements AudioInlet {
  constructor(
    private readonly track: LiveTrack,
    private readonly session: Session,
    private readonly journal: Journal,
    private readonly host: SessionHost,
  ) {}

  push(bytes: Uint8Array, startSample?: number, fromByte = 0): void {
    const { track } = this;
    if (track.sender !== this.session) throw taken(track);
    if (track.closed) return void this.host.lateMessages++;
    this.journal.requireRoom();
    track.push(bytes, startSample, fromByte);
  }
}

const taken = ({ name }: LiveTrack): EngineError =>
  new EngineError("TRACK_TAKEN", `another sender has taken over ${name}, or this one did not ask to send`);

/** What of a run a reader asked for. */
export function wanted(request: { readonly partials?: boolean; readonly outputs?: readonly string[] }) {
  const outputs = request.outputs && new Set(request.outputs);
  return (message: RunMessage): boolean => {
    if (message.type === "text.partial" && request.partials === false) return false;
    return !outputs || !("output" in message.data) || outputs.has(String(message.data.output));
  };
}

function plain({ pcm }: AudioFrame, encoding: OutputEncoding): Uint8Array {
  return encoding === "mulaw" ? encodeMuLaw(pcm) : encoding === "alaw" ? encodeALaw(pcm) : encodeS16le(pcm);
}
