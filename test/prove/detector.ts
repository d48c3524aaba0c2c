import type { AudioFrame, Frame, NodeDefinition } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { pinkNoise, whiteNoise } from "#test/detector-signals";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { vad as silero } from "../../plugins/silero/vad.ts";
import { vad } from "../../plugins/webrtc/vad.ts";
import boundaries from "./fixtures/speech-boundaries.json";

/** What the measurement says of one stream. */
export interface Quality {
  /** Of frames of 10 ms: the harmonic mean of how much of what was called speech is, and how much of the speech was. */
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  readonly utterances: number;
}

export interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

const RATE_HZ = 16000;
const GAP_MS = 1500;
const SEEDS = [1, 2, 3];
const SNR_DB = [20, 10, 5, 0];

/**
 * Figures below these are a fault: what the node reaches with its default settings, less two points for another machine's rounding. In
 * louder noise webrtc.vad hears speech everywhere, which is printed and not judged.
 */
const FLOORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "webrtc.vad": {
    clean: 0.93,
    "white 20 dB": 0.94,
    "white 10 dB": 0.94,
    "white 5 dB": 0.93,
    "pink 20 dB": 0.94,
    "pink 10 dB": 0.91,
  },
  "silero.vad": {
    clean: 0.91,
    "white 20 dB": 0.91,
    "white 10 dB": 0.91,
    "white 5 dB": 0.91,
    "white 0 dB": 0.87,
    "pink 20 dB": 0.91,
    "pink 10 dB": 0.91,
    "pink 5 dB": 0.9,
    "pink 0 dB": 0.82,
  },
};

/** Prints how well both detectors, as they are by default, find the speech of all recordings under noise, and none where there is none. */
export default async function detector(): Promise<number> {
  if (!recordingsInstalled()) {
    console.log("not measured: the recordings are missing (apt-get install pocketsphinx-testdata)");
    return 1;
  }
  const { pcm, speech } = composite();
  console.log(
    `${speech.length} recordings, ${(pcm.length / RATE_HZ).toFixed(1)} s, ${GAP_MS} ms apart; ${SEEDS.length} seeds`,
  );
  const named = conditions(pcm, speech);
  let status = 0;
  for (const definition of [vad, silero]) {
    console.log(`\n${definition.type}`);
    console.log("condition       F1     precision  recall  utterances (right: one each)");
    for (const { name, streams } of named) if (await judge(definition, name, streams, speech)) status = 1;
    console.log("no speech, 20 s each: seconds that were taken for speech");
    for (const [name, sound] of Object.entries(nonSpeech()))
      if (await judgeSilence(definition, name, sound)) status = 1;
  }
  return status;
}

/** One line of the table. @returns whether it is below its floor */
async function judge(
  definition: NodeDefinition,
  name: string,
  streams: readonly Int16Array[],
  speech: readonly Stretch[],
): Promise<boolean> {
  const found: Quality[] = [];
  for (const stream of streams) found.push(await measure(stream, speech, definition));
  const mean = (of: (quality: Quality) => number) => found.reduce((sum, q) => sum + of(q), 0) / found.length;
  const f1 = mean((q) => q.f1);
  const floor = FLOORS[definition.type]?.[name];
  const fails = floor !== undefined && f1 < floor;
  const cells = [
    name.padEnd(14),
    f1.toFixed(3),
    mean((q) => q.precision)
      .toFixed(3)
      .padStart(9),
    mean((q) => q.recall)
      .toFixed(3)
      .padStart(9),
    found
      .map((q) => q.utterances)
      .join(" ")
      .padStart(11),
    fails ? `  below ${floor}` : "",
  ];
  console.log(cells.join(" "));
  return fails;
}

/** Silero's own floor: it tells speech from other sound. The other detector does not claim to. */
const MOST_FALSE_SECONDS: Readonly<Record<string, number>> = { "silero.vad": 0.5 };

async function judgeSilence(definition: NodeDefinition, name: string, sound: Int16Array): Promise<boolean> {
  const driven = await driveNode(definition, {}, { frames: framesOf(sound) });
  const seconds = utterances(driven.frames()).reduce((sum, { startMs, endMs }) => sum + (endMs - startMs) / 1000, 0);
  const most = MOST_FALSE_SECONDS[definition.type];
  const fails = most !== undefined && seconds > most;
  console.log(`${name.padEnd(14)} ${seconds.toFixed(1)}${fails ? `  above ${most}` : ""}`);
  return fails;
}

const SILENT_SECONDS = 20;

/** Sounds that no voice makes, over a faint hiss. */
function nonSpeech(): Record<string, Int16Array> {
  const samples = SILENT_SECONDS * RATE_HZ;
  const hiss = whiteNoise(samples, 60, 9);
  const over = (value: (i: number) => number) => hiss.map((noise, i) => noise + Math.round(value(i)));
  const sine = (hz: number, i: number) => Math.sin((2 * Math.PI * hz * i) / RATE_HZ);
  const within = (i: number, everyMs: number, ms: number) => i % ((everyMs * RATE_HZ) / 1000) < (ms * RATE_HZ) / 1000;
  const loud = whiteNoise(samples, 12_000, 4);
  const scale = [262, 294, 330, 349, 392, 440, 494, 523];
  return {
    beeps: over((i) => (within(i, 1000, 200) ? 9000 * sine(1000, i) : 0)),
    clicks: over((i) => (within(i, 400, 2) ? 20_000 : 0)),
    "noise bursts": over((i) => (within(i, 1500, 300) ? loud[i]! : 0)),
    melody: over((i) => {
      const note = scale[Math.floor(i / (RATE_HZ / 3)) % scale.length]!;
      return 5000 * (sine(note, i) + 0.4 * sine(2 * note, i)) * Math.exp(-(i % (RATE_HZ / 3)) / 2500);
    }),
  };
}

/** All recordings with silence between, and where their speech is. */
export function composite(): { pcm: Int16Array; speech: Stretch[] } {
  const parts = Object.entries(boundaries.speechMs).map(([name, stretches]) => ({
    pcm: recordingPcm(name),
    stretches,
  }));
  const gap = (GAP_MS * RATE_HZ) / 1000;
  const pcm = new Int16Array(parts.reduce((sum, part) => sum + part.pcm.length + gap, gap));
  const speech: Stretch[] = [];
  let at = gap;
  for (const part of parts) {
    pcm.set(part.pcm, at);
    const offsetMs = (at * 1000) / RATE_HZ;
    for (const [startMs, endMs] of part.stretches)
      speech.push({ startMs: offsetMs + startMs!, endMs: offsetMs + endMs! });
    at += part.pcm.length + gap;
  }
  return { pcm, speech };
}

function conditions(pcm: Int16Array, speech: readonly Stretch[]): { name: string; streams: Int16Array[] }[] {
  const colours = [
    { colour: "white", make: whiteNoise },
    { colour: "pink", make: pinkNoise },
  ];
  return [
    { name: "clean", streams: [pcm] },
    ...colours.flatMap(({ colour, make }) =>
      SNR_DB.map((db) => ({
        name: `${colour} ${db} dB`,
        streams: SEEDS.map((seed) => withNoise(pcm, make(pcm.length, 10_000, seed), speech, db)),
      })),
    ),
  ];
}

/** @param db power of the speech, over its stretches only, to power of the noise. */
export function withNoise(pcm: Int16Array, noise: Int16Array, speech: readonly Stretch[], db: number): Int16Array {
  const spoken = speech.map(({ startMs, endMs }) => pcm.subarray((startMs * RATE_HZ) / 1000, (endMs * RATE_HZ) / 1000));
  const samples = spoken.reduce((sum, part) => sum + part.length, 0);
  const speechPower = spoken.reduce((sum, part) => sum + energy(part), 0) / samples;
  const gain = Math.sqrt(speechPower / 10 ** (db / 10) / (energy(noise) / noise.length));
  return pcm.map((value, i) => Math.max(-32768, Math.min(32767, Math.round(value + gain * noise[i]!))));
}

const energy = (pcm: Int16Array): number => pcm.reduce((sum, value) => sum + value * value, 0);

/**
 * One stream through the node, scored without the silence that the node adds on purpose: an utterance counts from its pre-roll's end to
 * where the endpoint's silence began.
 */
export async function measure(
  pcm: Int16Array,
  speech: readonly Stretch[],
  definition: NodeDefinition = vad,
): Promise<Quality> {
  const settings = definition.config.parse({}) as { preRollMs: number; endpointMs: number; maxSegmentMs: number };
  const found = utterances((await driveNode(definition, {}, { frames: framesOf(pcm) })).frames());
  const frames = Math.floor((pcm.length * 100) / RATE_HZ);
  const [wanted, got] = [new Uint8Array(frames), new Uint8Array(frames)];
  for (const { startMs, endMs } of speech) wanted.fill(1, Math.round(startMs / 10), Math.round(endMs / 10));
  let continues = false;
  for (const { startMs, endMs } of found) {
    const full = endMs - startMs > settings.maxSegmentMs - 20;
    const from = continues ? startMs : startMs + settings.preRollMs;
    got.fill(1, Math.round(from / 10), Math.round((full ? endMs : endMs - settings.endpointMs) / 10));
    continues = full;
  }
  return { ...score(wanted, got), utterances: found.length };
}

/** Precision, recall and their harmonic mean, of flags that say where speech is. */
export function score(wanted: Uint8Array, got: Uint8Array): Omit<Quality, "utterances"> {
  let [both, said, is] = [0, 0, 0];
  for (let i = 0; i < wanted.length; i++) {
    both += wanted[i]! & got[i]!;
    said += got[i]!;
    is += wanted[i]!;
  }
  const [precision, recall] = [both / Math.max(1, said), both / Math.max(1, is)];
  return { precision, recall, f1: both === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}

function utterances(frames: readonly Frame[]): Stretch[] {
  const marks = frames.filter((frame) => frame.kind === "speech");
  return marks.flatMap((mark, i) =>
    mark.mark === "end" ? [{ startMs: marks[i - 1]!.atSample / 16, endMs: mark.atSample / 16 }] : [],
  );
}

function framesOf(pcm: Int16Array): AudioFrame[] {
  return Array.from({ length: Math.ceil(pcm.length / 320) }, (_, i) => ({
    kind: "audio",
    pcm: pcm.subarray(i * 320, (i + 1) * 320),
    sampleRateHz: RATE_HZ,
    channels: 1,
    startSample: i * 320,
  }));
}
