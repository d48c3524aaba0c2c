import { type AudioFrame, type EncodedFrame, encodeWav, promptFrame, type RecordingFrame } from "#engine/plugin";
import { spoken } from "../toy-vendor/ears.ts";

export const SENTENCES = ["one two", "three four"];

/** A workflow of a service that hears what `SENTENCES` says. */
export const HEARS = JSON.stringify({
  parlando: 1,
  name: "hears",
  inputs: { talk: { kind: "audio" } },
  nodes: { asr: { use: "toy.ears", from: "inputs.talk" } },
  outputs: { texts: ["asr.partial", "asr.final"] },
});

/** The same, in one language, which the service has as this parameter, and in no other. */
export const hearsOnly = (parameter: string, language: string): string =>
  JSON.stringify({ ...JSON.parse(HEARS), params: { [parameter]: { type: "choice", of: [language] } } });

/** The same, and each text in capitals for a translation. */
export const INTERPRETS = JSON.stringify({
  parlando: 1,
  name: "interprets",
  inputs: { talk: { kind: "audio" } },
  nodes: {
    asr: { use: "toy.ears", from: "inputs.talk" },
    es: { use: "core.script", from: "asr", with: { as: "translate", otherwise: "upper", language: "es" } },
  },
  outputs: { texts: ["asr.partial", "asr.final", "es"] },
});

/** A workflow of a service that speaks. */
export const SPEAKS = JSON.stringify({
  parlando: 1,
  name: "speaks",
  inputs: { words: { kind: "text" } },
  nodes: { voice: { use: "bad-input.voice", from: "inputs.words" } },
  outputs: { speech: "voice" },
});

/** So much of silence, as a microphone gives it. */
export const silent = (ms: number): AudioFrame[] =>
  Array.from({ length: ms / 20 }, (_, i) => ({
    kind: "audio",
    pcm: new Int16Array(320),
    sampleRateHz: 16_000,
    channels: 1,
    startSample: i * 320,
  }));

/** Ten packets of so much audio each, in place of samples. */
export const packets = (codec: string, ms: number, packet: Uint8Array): EncodedFrame[] =>
  Array.from({ length: 10 }, (_, i) => ({
    kind: "encoded",
    codec,
    packet,
    sampleRateHz: 16_000,
    channels: 1,
    startSample: i * ms * 16,
    sampleCount: ms * 16,
  }));

/** A text that is to be spoken. */
export const prompt = (text: string, utterance = "u1") => promptFrame(text, utterance);

/** A recording of what `SENTENCES` says, or of other samples, as WAV. */
export const talkFile = (pcm?: Int16Array): RecordingFrame => {
  const said = pcm ?? Int16Array.from(spoken(SENTENCES).flatMap((frame) => [...frame.pcm]));
  return { kind: "recording", source: { bytes: encodeWav(said, { sampleRateHz: 16_000, channels: 1 }) } };
};
