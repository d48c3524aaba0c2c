/** Mirrors shim.c: what its rings hold. */

export const AUDIO_HEADER_BYTES = 128;
/** A header and 10 ms at 48 kHz. */
export const AUDIO_RECORD_BYTES = AUDIO_HEADER_BYTES + 960;
export const EVENT_RECORD_BYTES = 332;

const USER_AT = 32;
const USER_BYTES = 64;
const EVENT_USER_AT = 12;
const EVENT_TEXT_AT = EVENT_USER_AT + USER_BYTES;
const EVENT_TEXT_BYTES = 256;

/** What the vendor's label extension says of a frame; see the vendor's documents for the ranges of its generations. */
export interface FrameLabels {
  readonly farField: number;
  readonly rms: number;
  readonly voiceProb: number;
  readonly musicProb: number;
  readonly pitch: number;
}

/** 10 ms of one remote user, mono, before it is mixed with others. */
export interface AgoraFrame {
  readonly user: string;
  /** Its own memory. */
  readonly pcm: Int16Array;
  readonly sampleRateHz: number;
  readonly labels: FrameLabels;
}

const EVENTS = [
  "connected",
  "disconnected",
  "connecting",
  "reconnecting",
  "reconnected",
  "lost",
  "failed",
  "tokenWillExpire",
  "tokenExpired",
  "userJoined",
  "userLeft",
  "error",
  "warning",
  "volume",
  "oddFrame",
] as const;

export type AgoraEventType = (typeof EVENTS)[number];

export interface AgoraEvent {
  readonly type: AgoraEventType;
  /** The reason of a change, the code of an error, the volume (0 to 255), the samples of an odd frame. */
  readonly value: number;
  /** Of a volume: how many speakers this report has, with its first. Of a change: the state. */
  readonly extra: number;
  /** Decimal; empty where it is about nobody, `0` for the local user's own volume. */
  readonly user: string;
  readonly text: string;
}

/** @param bytes one record as `pa_read_audio` wrote it. */
export function audioFrame(bytes: Uint8Array): AgoraFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const label = (at: number) => view.getInt32(at, true);
  const length = view.getUint32(0, true);
  return {
    user: textAt(bytes, USER_AT, USER_BYTES),
    pcm: new Int16Array(bytes.slice(AUDIO_HEADER_BYTES, AUDIO_HEADER_BYTES + length).buffer),
    sampleRateHz: label(24),
    labels: { farField: label(4), rms: label(8), voiceProb: label(12), musicProb: label(16), pitch: label(20) },
  };
}

/** @param bytes one record as `pa_read_event` wrote it. */
export function agoraEvent(bytes: Uint8Array): AgoraEvent | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const type = EVENTS[view.getInt32(0, true) - 1];
  return (
    type && {
      type,
      value: view.getInt32(4, true),
      extra: view.getInt32(8, true),
      user: textAt(bytes, EVENT_USER_AT, USER_BYTES),
      text: textAt(bytes, EVENT_TEXT_AT, EVENT_TEXT_BYTES),
    }
  );
}

function textAt(bytes: Uint8Array, at: number, most: number): string {
  const end = bytes.indexOf(0, at);
  return new TextDecoder().decode(bytes.subarray(at, end < 0 ? at + most : Math.min(end, at + most)));
}
