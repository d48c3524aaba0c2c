import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AudioFrame } from "#engine/frames";
import { driveNode, type TestResult } from "#engine/testing";
import webrtc from "#plugins/webrtc";
import { runCommand } from "#test/command-line";
import { SAMPLES_DIR } from "#test/make-recording";
import { sampleStart, scratchFolder } from "#test/short-recording";
import { summarise } from "./measure.ts";
import type { Benchmark } from "./measurement.ts";

const FILES = 12;
/** Repeats of the sample recording in each file's test: with it they come to more than an hour. */
const REPEATS = 8;
/** Utterances in the sample recording. */
const UTTERANCES = 7;

/** An interpreter of which only the detector and the files are real: recogniser, translator and voice are mocked by id. */
const workflow = (recording: string): string => `parlando: 1
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk, with: { aggressiveness: 3 } }
  asr: { use: pocketsphinx.asr, from: vad, retry: { attempts: 2 } }
  translate: { use: apertium.translate, from: asr, with: { source: en, target: es } }
  voice: { use: espeak.tts, from: translate, with: { voice: es } }
  speech: { use: core.wav, from: voice, with: { path: "\${run.dir}/speech.wav" } }
  subtitles: { use: core.subtitles, from: [asr, translate], with: { path: "\${run.dir}/subtitles.srt" } }
limits: { idleMs: 600000, drainMs: 600000 }
tests:
  - name: every utterance is recognised, translated, spoken and subtitled
    in: { talk: [{ repeat: ${REPEATS}, of: [{ file: ${JSON.stringify(recording)} }] }] }
    mock:
      asr: { results: [{ text: what was said, partials: [what, what was], delayMs: 200 }], afterLast: repeat }
      translate: { table: { what was said: lo que se dijo } }
      voice: { results: [{ audioMs: 1500 }], afterLast: repeat }
    expect:
      ports:
        asr: { count: ${REPEATS * UTTERANCES}, latencyMs: { min: 200, max: 1000 } }
        translate: { count: ${REPEATS * UTTERANCES} }
        voice: { audioMs: ${REPEATS * UTTERANCES * 1500} }
      order: [vad, asr, translate, voice]
      accounts: { dropped: 0 }
      files: { speech.wav: { audioMs: ${REPEATS * UTTERANCES * 1500} }, subtitles.srt: { pattern: lo que se dijo } }
`;

const SAMPLE_RATE_HZ = 16_000;
/** Longer than the sample recording. */
const ALL_SECONDS = 3600;

/** How much of the sample recording is speech: what a detector lets through that adds no pre-roll and as little silence as it can. */
async function speechShare(): Promise<number> {
  const pcm = await sampleStart(ALL_SECONDS);
  const vad = webrtc.nodes.find(({ type }) => type === "webrtc.vad")!;
  const samples = SAMPLE_RATE_HZ / 50;
  const frames = Array.from({ length: Math.floor(pcm.length / samples) }, (_, i): AudioFrame => {
    const startSample = i * samples;
    const stretch = pcm.subarray(startSample, startSample + samples);
    return { kind: "audio", pcm: stretch, sampleRateHz: SAMPLE_RATE_HZ, channels: 1, startSample };
  });
  const { frames: given } = await driveNode(vad, { preRollMs: 0, endpointMs: 100 }, { frames });
  const heard = given().reduce((sum, frame) => sum + (frame.kind === "audio" ? frame.pcm.length : 0), 0);
  return heard / pcm.length;
}

/** Calls `parlando test` in a process of its own. @returns ms from before its start to its end, and of the audio given */
async function timeTests(files: readonly string[]): Promise<{ readonly wallMs: number; readonly mediaMs: number }> {
  const { status, out, err, wallMs } = await runCommand(["test", ...files, "--json"], { limitMs: 300_000 });
  if (status !== 0) throw new Error(`test ended with status ${status}: ${(out + err).slice(-1500)}`);
  const results = out.split("\n").filter((line) => line.startsWith('{"file":') && line.includes('"status"'));
  const mediaMs = results.reduce((sum, line) => sum + (JSON.parse(line) as TestResult).mediaMs, 0);
  return { wallMs, mediaMs };
}

export default {
  name: "workflow-tests",
  summary: "parlando test on more than an hour of recordings, recogniser, translator and voice mocked by id",
  async run({ repetitions = 3, say }) {
    const recording = join(SAMPLES_DIR, "recording.wav");
    const folder = scratchFolder();
    const files = Array.from({ length: FILES }, (_, i) => join(folder, `interpreter-${i}.yaml`));
    for (const file of files) writeFileSync(file, workflow(recording));
    const times: number[] = [];
    let mediaMs = 0;
    for (let i = 0; i < repetitions; i++) {
      const found = await timeTests(files);
      say(`${(found.mediaMs / 60_000).toFixed(1)} min in ${(found.wallMs / 1000).toFixed(1)} s`);
      times.push(found.wallMs / 1000);
      mediaMs = found.mediaMs;
    }
    rmSync(folder, { recursive: true });
    const share = await speechShare();
    return [
      {
        key: "wall time",
        unit: "s",
        goal: { op: "<=", value: 30 },
        note: `${repetitions} processes`,
        ...summarise(times),
      },
      {
        key: "audio given",
        unit: "min",
        goal: { op: ">=", value: 60 },
        value: mediaMs / 60_000,
        note: `${FILES} files`,
      },
      {
        key: "of it speech",
        unit: "%",
        goal: { op: ">=", value: 50 },
        value: 100 * share,
        note: "by the detector, without pre-roll",
      },
    ];
  },
} satisfies Benchmark;
