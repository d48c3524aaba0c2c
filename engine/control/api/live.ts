import type { Frame } from "#engine/frames";
import type { RunMessage } from "../messages.ts";

/** How the audio of a track lies in its chunks, in both directions. */
export type TrackEncoding = "s16le" | "mulaw" | "alaw" | "opus";

/** How audio goes out. `mp3` and `ogg` (Vorbis) are a file that grows: its chunks, put one behind the other. */
export type OutputEncoding = TrackEncoding | "mp3" | "ogg";

export interface TrackFormat {
  readonly encoding: TrackEncoding;
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** A track into a run. Positions are samples per channel from the beginning of the track. */
export interface InputTrack {
  readonly track: string;
  /** Recordings and packets come through gateways only. */
  readonly kind: "audio" | "text" | "recording" | "encoded";
  /** Of audio. */
  readonly format?: TrackFormat;
  /** Everything before it has arrived; a sender may be `windowSamples` ahead of the last one it was told. */
  readonly received: number;
  /** Everything before it is safe: its finals are stored, or it was silence. A sender holds what comes after. */
  readonly kept: number;
  readonly windowSamples: number;
  readonly ended: boolean;
}

export interface OutputTrack {
  readonly track: string;
  /** What may come: `audio`, `text`, `speech`, … */
  readonly kinds: readonly Frame["kind"][];
  readonly sampleRateHz?: number;
  readonly channels?: number;
}

/** What a socket wants of a run. */
export interface AttachRequest {
  /** Replays durable events after this id before live ones; absent: live ones only. 0: all. */
  readonly after?: number;
  /** Names of outputs whose audio is wanted. Default none. */
  readonly audio?: readonly string[];
  /** Names of outputs whose texts, marks and data are wanted. Default all. */
  readonly outputs?: readonly string[];
  /** Partials too. Default true. */
  readonly partials?: boolean;
  /** Encoding of outgoing audio. Default s16le. */
  readonly encoding?: OutputEncoding;
  /** Sends audio or text; one sender a track, and a new one takes over from the one before it. */
  readonly sends?: boolean;
  /** By track: the first sample that the sender still holds. What is named here was told as kept before. */
  readonly holds?: Readonly<Record<string, number>>;
  /** Per-run secrets, for a run that goes on in a new process: they are never stored. A secret param is named `params.NAME` here. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** What a session tells its socket, in order. */
export type SessionMessage =
  | { readonly type: "event"; readonly event: RunMessage }
  | {
      readonly type: "audio";
      readonly track: string;
      /** Of the first sample, from the beginning of the track in this generation of the run. */
      readonly startSample: number;
      readonly sampleRateHz: number;
      readonly channels: number;
      readonly encoding: OutputEncoding;
      readonly generation: number;
      /** Belongs to the receiver. */
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: "position";
      readonly track: string;
      readonly received: number;
      readonly kept: number;
      /** Somebody else than the sender has ended the track: what still comes is dropped, and counted. */
      readonly ended?: true;
    }
  /** The reader was too slow: so many events that are told live only, and so much audio, were dropped before this message. */
  | { readonly type: "missed"; readonly events: number; readonly audioMs: number; readonly lastId: number }
  /** Nothing follows. `code` is absent when the run ended by itself. */
  | {
      readonly type: "closed";
      readonly code?: "TRACK_TAKEN" | "SERVER_DRAINING" | "READER_TOO_SLOW";
      readonly reason: string;
    };

export interface SessionListener {
  /**
   * Takes one message. False: it was taken, and there is no room for more until `LiveSession.writable()`. Meanwhile a thousand events wait;
   * beyond, durable ones are read from the store again later, none is lost, and live ones are dropped. So is audio older than 2 s. What was
   * dropped is told as `missed`. Must not block.
   */
  send(message: SessionMessage): boolean;
}

/** Where audio of one track goes in, chunk by chunk: nothing is looked up any more. */
export interface AudioInlet {
  /** As `LiveSession.push`. */
  push(bytes: Uint8Array, startSample?: number, fromByte?: number): void;
}

/** One socket on one run. All methods are synchronous and cheap; failures throw coded errors, which end the socket and nothing else. */
export interface LiveSession {
  readonly runId: string;
  readonly project: string;
  readonly inputs: readonly InputTrack[];
  readonly outputs: readonly OutputTrack[];
  /**
   * Audio as it came, in chunks of any length. Bytes before the position that the server named are dropped unheard.
   * @param startSample of the first sample; absent: follows what came before. A gap is an error.
   * @throws EngineError TRACK_UNKNOWN, TRACK_TAKEN, CHUNK_INVALID, FLOW_EXCEEDED (more than the window ahead), TRACK_ENDED (by this sender).
   */
  push(track: string, bytes: Uint8Array, startSample?: number, fromByte?: number): void;
  /** Of an input, by its number in `inputs`; undefined where there is none. It is as good as the session. */
  inlet(number: number): AudioInlet | undefined;
  /** One finished text. */
  pushText(track: string, text: string, options?: { readonly language?: string; readonly utterance?: string }): void;
  /** Finishes what is open now, such as an utterance. */
  flush(): void;
  /** What comes in on the track counts as silence while muted. */
  mute(track: string, muted: boolean): void;
  /** No more will come on the track; all tracks where left out. */
  end(track?: string): void;
  /** The socket has room again after `send` returned false. */
  writable(): void;
  /** The socket has gone. The run goes on. */
  close(): void;
}
