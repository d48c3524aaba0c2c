import type { OutputEncoding } from "#engine/control";
import { EngineError } from "#engine/errors";

/**
 * Audio in a binary message, in both directions: 24 bytes, little-endian, then the audio.
 *
 *      0  u8   1: audio (no MessagePack map begins with it)
 *      1  u8   number of the track, as `ready` lists inputs (coming in) or outputs (going out), from 0
 *      2  u8   encoding: 0 s16le, 1 mulaw, 2 alaw, 3 opus, 4 mp3, 5 ogg; coming in it is not looked at
 *      3  u8   channels; coming in it is not looked at
 *      4  u32  sample rate in Hz; coming in it is not looked at
 *      8  u64  position of the first sample, per channel, from the beginning of the track; all ones: follows what came before
 *     16  u32  generation of the run; coming in it is not looked at
 *     20  u32  0
 */
export const HEADER_BYTES = 24;
export const AUDIO_MARK = 1;

const ENCODINGS: readonly OutputEncoding[] = ["s16le", "mulaw", "alaw", "opus", "mp3", "ogg"];
const ALL_ONES = 0xffffffff;
/** The upper half of the largest position that a number holds exactly. */
const MOST_UPPER = 0x1fffff;

/** @throws EngineError MESSAGE_INVALID. */
export function requireHeader(message: Uint8Array): void {
  if (message.length < HEADER_BYTES)
    throw new EngineError(
      "MESSAGE_INVALID",
      `a binary message of audio has ${HEADER_BYTES} bytes before it; this one ends earlier`,
    );
}

/** Position of the first sample; undefined where it follows what came before. @throws EngineError MESSAGE_INVALID. */
export function startSampleOf(message: Uint8Array): number | undefined {
  const lower = u32(message, 8);
  const upper = u32(message, 12);
  if (upper === ALL_ONES && lower === ALL_ONES) return undefined;
  if (upper > MOST_UPPER) throw new EngineError("MESSAGE_INVALID", "the position of the first sample is beyond 2^53");
  return upper * 2 ** 32 + lower;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

export interface OutgoingAudio {
  readonly trackNumber: number;
  readonly encoding: OutputEncoding;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly startSample: number;
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/** One binary message. */
export function encodeAudio(audio: OutgoingAudio): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEADER_BYTES + audio.bytes.length);
  const view = new DataView(message.buffer);
  message[0] = AUDIO_MARK;
  message[1] = audio.trackNumber;
  message[2] = ENCODINGS.indexOf(audio.encoding);
  message[3] = audio.channels;
  view.setUint32(4, audio.sampleRateHz, true);
  view.setUint32(8, audio.startSample % 2 ** 32, true);
  view.setUint32(12, Math.floor(audio.startSample / 2 ** 32), true);
  view.setUint32(16, audio.generation, true);
  message.set(audio.bytes, HEADER_BYTES);
  return message;
}
