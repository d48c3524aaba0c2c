import type { AudioPiece } from "./types.ts";

/** Audio in a binary message: 24 bytes, little-endian, then the audio. `docs/api.md` draws it. */
const HEADER_BYTES = 24;
const ENCODINGS = ["s16le", "mulaw", "alaw", "opus", "mp3", "ogg"] as const;

/** A message for an input, by its number in `ready.inputs`. */
export function writeAudio(trackNumber: number, startSample: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEADER_BYTES + bytes.length);
  const view = new DataView(message.buffer);
  message[0] = 1;
  message[1] = trackNumber;
  view.setUint32(8, startSample % 2 ** 32, true);
  view.setUint32(12, Math.floor(startSample / 2 ** 32), true);
  message.set(bytes, HEADER_BYTES);
  return message;
}

/** A piece of an output; undefined for what is none. @param tracks the outputs in the order of `ready.outputs`. */
export function readAudio(message: ArrayBuffer, tracks: readonly { readonly track: string }[]): AudioPiece | undefined {
  if (message.byteLength < HEADER_BYTES) return undefined;
  const view = new DataView(message);
  const track = tracks[view.getUint8(1)]?.track;
  const encoding = ENCODINGS[view.getUint8(2)];
  if (view.getUint8(0) !== 1 || track === undefined || encoding === undefined) return undefined;
  return {
    track,
    encoding,
    channels: view.getUint8(3),
    sampleRateHz: view.getUint32(4, true),
    startSample: view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32,
    generation: view.getUint32(16, true),
    bytes: new Uint8Array(message, HEADER_BYTES),
  };
}
