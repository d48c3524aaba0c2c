import { FORMATS } from "../tts/formats.ts";
import { waveHeader } from "../wire.ts";

/** What a head says of a length that is not known yet: readers take all that follows for audio. */
const UNKNOWN_BYTES = 0x7ffff000;
const HEAD_BYTES = 44;

/** The audio of a format, with the head that its name promises: over HTTP, other than over a socket, RIFF has one. */
export async function* withHead(format: string, audio: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const known = FORMATS[format];
  if (known?.kind === "audio" && known.riff) {
    const head = waveHeader(known.sampleRateHz, 1, known.encoding === "s16le" ? "pcm" : known.encoding);
    const view = new DataView(head.buffer);
    view.setUint32(4, UNKNOWN_BYTES + HEAD_BYTES - 8, true);
    view.setUint32(40, UNKNOWN_BYTES, true);
    yield head;
  }
  yield* audio;
}
