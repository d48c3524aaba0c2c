import { type DecodedContainer, encodeWav, openDecoder, openEncoder, WavReader } from "#engine/plugin";
import { encodeFlac } from "#test/flac";
import { costOf, interleave, summarise } from "../measure.ts";
import type { Measurement } from "../measurement.ts";

const FORMAT = { sampleRateHz: 16000, channels: 1 };
/** As `core.file` hands coded recordings over. */
const PIECE_BYTES = 16_384;
const GOAL_TIMES = 300;

type Decode = () => Promise<number>;

/** How many times faster than real time each format is decoded, from the file's bytes to 16-bit samples. */
export async function decodingSpeeds(speech: Int16Array, repetitions: number): Promise<Measurement[]> {
  const seconds = speech.length / FORMAT.sampleRateHz;
  const decoders: Record<string, Decode> = { wav: wav(speech), flac: coded("flac", encodeFlac(speech, FORMAT)) };
  for (const container of ["mp3", "vorbis", "opus"] as const) {
    const encoder = await openEncoder(container, FORMAT);
    decoders[container] = coded(container, new Uint8Array(Buffer.concat([encoder.encode(speech), encoder.end()])));
    encoder.close();
  }
  const { encode } = await import("silk-wasm");
  decoders.silk = coded("silk", (await encode(speech, FORMAT.sampleRateHz)).data);
  const timed = Object.fromEntries(
    Object.entries(decoders).map(([name, decode]) => [
      name,
      async () => {
        let samples = 0;
        const { wallMs } = await costOf(async () => {
          samples = await decode();
        });
        if (samples < 0.99 * speech.length) throw new Error(`${name}: ${samples} samples came of ${speech.length}`);
        return (seconds * 1000) / wallMs;
      },
    ]),
  );
  const speeds = await interleave(timed, repetitions);
  return Object.entries(speeds).map(([name, values]) => ({
    key: `local.decode.${name}`,
    ...summarise(values),
    unit: "x real time",
    goal: { op: ">=", value: GOAL_TIMES },
    note: `${seconds.toFixed(0)} s of speech, 16 kHz mono${name === "opus" ? "; comes out at 48 kHz" : ""}`,
  }));
}

const coded = (container: DecodedContainer, bytes: Uint8Array): Decode =>
  async function decode() {
    const decoder = await openDecoder(container);
    let samples = 0;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      samples += (await decoder.push(bytes.subarray(at, at + PIECE_BYTES))).length;
    samples += (await decoder.end()).length;
    decoder.close();
    return samples;
  };

function wav(speech: Int16Array): Decode {
  const bytes = encodeWav(speech, FORMAT);
  return async () => {
    const reader = new WavReader();
    let samples = 0;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      samples += reader.push(bytes.subarray(at, at + PIECE_BYTES)).length;
    return samples;
  };
}
