import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, NodeTypes, type TextFrame, type Word } from "#engine/plugin";
import { newHousehold, Run, type RunReport, SystemClock } from "#engine/runtime";
import { driveNode, sumWordErrors, type WordErrors, wordErrorRate, wordErrors } from "#engine/testing";
import { formatFinding, planWorkflow } from "#engine/workflow";
import { pinkNoise, whiteNoise } from "#test/detector-signals";
import { RECORDINGS_DIR, recordingPcm, recordingsInstalled } from "#test/recordings";
import { framesOf } from "#test/signals";
import core from "../../plugins/core/index.ts";
import { asr } from "../../plugins/pocketsphinx/asr.ts";
import pocketsphinx from "../../plugins/pocketsphinx/index.ts";
import webrtc from "../../plugins/webrtc/index.ts";
import detector, { withNoise } from "./detector.ts";

type Finals = "fast" | "accurate";

/** The most errors for each reference word, over the joined stream. */
const GOALS: Readonly<Record<Finals, number>> = { fast: 0.25, accurate: 0.21 };
const RATE_HZ = 16_000;
const GAP_MS = 1500;

const WORKFLOW = `
parlando: 1
name: accuracy
inputs: { talk: { kind: audio } }
params: { final: { type: string } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad, with: { final: "\${params.final}" } }
outputs: { texts: asr.final }
limits: { drainMs: 120000 } # a busy machine may be far behind when the recording has been read
`;

export interface Recording {
  readonly name: string;
  readonly said: string;
  readonly pcm: Int16Array;
  /** No error is accepted here. */
  readonly easy: boolean;
}

/**
 * Measures recognition with the default settings of detector and recogniser: every recording of pocketsphinx-testdata whose words are known, as one
 * stream through one run, and each in a run of its own. Then commands by a grammar in noise, and the detectors alone. The status is 1 when a goal is missed.
 */
export default async function accuracy(): Promise<number> {
  if (!recordingsInstalled()) {
    console.log("not measured: the recordings are missing (apt-get install pocketsphinx-testdata)");
    return 1;
  }
  const recordings = referenceRecordings();
  console.log(
    `One stream of ${recordings.length} recordings in the order below, ${GAP_MS} ms of silence before, between and after them.`,
  );
  const columns: Record<string, readonly WordErrors[]> = {};
  for (const finals of ["fast", "accurate"] as const) columns[finals] = await joined(recordings, finals);
  for (const finals of ["fast", "accurate"] as const) columns[`${finals}, alone`] = await separate(recordings, finals);
  printTable(recordings, columns);
  const misses = (["fast", "accurate"] as const).flatMap((finals) => missed(finals, recordings, columns[finals]!));
  console.log(misses.length === 0 ? "every goal is met" : misses.join("\n"));
  const commandsMissed = await commands();
  console.log("\nThe detectors alone:");
  const detectorStatus = await detector();
  return misses.length === 0 && !commandsMissed ? detectorStatus : 1;
}

const GRAMMAR = `#JSGF V1.0;
grammar robot;
public <command> = <move> | <turn> | stop;
<move> = go (forward | backward) <count> (meter | meters);
<turn> = turn (left | right) <count> degrees;
<count> = one | two | three | four | five | six | seven | eight | nine | ten | twenty | thirty;
`;
/** Where the speech of goforward.raw is. */
const COMMAND = { name: "goforward.raw", said: "go forward ten meters", speech: [{ startMs: 1960, endMs: 3620 }] };
const SEEDS = [1, 2, 3];

/** A command by a grammar, clean and under noise of 10 dB. @returns whether a word was wrong */
async function commands(): Promise<boolean> {
  const clean = recordingPcm(COMMAND.name);
  const noisy = { white: whiteNoise, pink: pinkNoise };
  const streams = [
    { name: "clean", pcm: clean },
    ...Object.entries(noisy).flatMap(([colour, make]) =>
      SEEDS.map((seed) => ({
        name: `${colour} 10 dB, seed ${seed}`,
        pcm: withNoise(clean, make(clean.length, 10_000, seed), COMMAND.speech, 10),
      })),
    ),
  ];
  console.log(`\n${COMMAND.name} by a grammar; no error is accepted:`);
  let missed = false;
  for (const { name, pcm } of streams) {
    const driven = await driveNode(asr, { grammar: GRAMMAR }, { frames: framesOf(pcm), clock: new SystemClock() });
    const text = driven.frames("final").flatMap((frame) => (frame.kind === "text" ? [frame.text] : []));
    const { errors } = wordErrors(COMMAND.said, text.join(" "));
    if (errors > 0) missed = true;
    console.log(`${name.padEnd(22)} ${errors} errors  ${text.join(" ")}`);
  }
  return missed;
}

/** In the order of the stream: the short ones, the cards, the book. `numbers.raw` is left out, for nothing says what was said in it. */
export function referenceRecordings(): Recording[] {
  const easy = [
    // The grammar beside it opens with this sentence.
    { name: "goforward.raw", said: "go forward ten meters" },
    // Nothing in the package says it: this is what one hears.
    { name: "something.raw", said: "go somewhere and do something" },
    // A recording of TIDIGITS is named after what is said in it; z is zero.
    { name: "tidigits/dhd.2934z.raw", said: "two nine three four zero" },
  ].map((recording) => ({ ...recording, easy: true }));
  const listed = [...transcription("cards", "cards.transcription"), ...transcription("librivox", "transcription")].map(
    (recording) => ({ ...recording, easy: false }),
  );
  return [...easy, ...listed].map((recording) => ({ ...recording, pcm: recordingPcm(recording.name) }));
}

/** Lines such as `<s> five five </s> (004)`. */
const transcription = (dir: string, file: string): { name: string; said: string }[] =>
  [...readFileSync(join(RECORDINGS_DIR, dir, file), "utf8").matchAll(/<s>(.*)<\/s>\s*\((.*)\)/g)].map(
    ([, said, id]) => ({ name: `${dir}/${id}.wav`, said: said!.trim() }),
  );

/** A word counts for the recording in whose time it begins, the silence around it parted in the middle. */
async function joined(recordings: readonly Recording[], finals: Finals): Promise<WordErrors[]> {
  const gap = (GAP_MS * RATE_HZ) / 1000;
  const pcm = new Int16Array(recordings.reduce((sum, recording) => sum + recording.pcm.length + gap, gap));
  const starts: number[] = [];
  let at = gap;
  for (const recording of recordings) {
    pcm.set(recording.pcm, at);
    starts.push(at - gap / 2);
    at += recording.pcm.length + gap;
  }
  const heard = recordings.map((): string[] => []);
  for (const word of await recognise(pcm, finals)) {
    const index = starts.findLastIndex((start) => start <= word.startSample);
    heard[Math.max(0, index)]!.push(word.text);
  }
  return recordings.map(({ said }, i) => wordErrors(said, heard[i]!.join(" ")));
}

async function separate(recordings: readonly Recording[], finals: Finals): Promise<WordErrors[]> {
  const found: WordErrors[] = [];
  for (const { said, pcm } of recordings) {
    const words = await recognise(pcm, finals);
    found.push(wordErrors(said, words.map((word) => word.text).join(" ")));
  }
  return found;
}

/** One run of the workflow over a recording, as fast as it goes. */
async function recognise(pcm: Int16Array, final: Finals): Promise<readonly Word[]> {
  const dir = mkdtempSync(join(tmpdir(), "parlando-accuracy-"));
  try {
    writeFileSync(join(dir, "talk.wav"), encodeWav(pcm, { sampleRateHz: RATE_HZ, channels: 1 }));
    const { plan, findings } = await planWorkflow(
      { text: WORKFLOW, name: "accuracy.yaml", dir },
      {
        types: new NodeTypes([core, webrtc, pocketsphinx]),
        purpose: "run",
        params: { final },
        bindings: { talk: { location: "talk.wav" } },
        environment: {},
        secret: () => undefined,
        run: { id: "accuracy", dir },
        cwd: dir,
      },
    );
    if (!plan) throw new Error(findings.map(formatFinding).join("\n"));
    const texts: TextFrame[] = [];
    const run = new Run(
      plan,
      {
        runId: "accuracy",
        clock: new SystemClock(),
        onOutput: (_output, frame) => void (frame.kind === "text" && texts.push(frame)),
      },
      newHousehold(),
    );
    requireDone(await run.done);
    return texts.flatMap((text) => text.words ?? []);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function requireDone(report: RunReport): void {
  if (report.error) throw report.error;
  if (report.state !== "done" || report.imbalances.length > 0)
    throw new Error(`the run is ${report.state}; ${report.imbalances.join("; ")}`);
}

function printTable(recordings: readonly Recording[], columns: Readonly<Record<string, readonly WordErrors[]>>): void {
  const name = (text: string) => text.slice(-34).padEnd(36);
  const row = (first: string, words: string, cells: readonly string[]) =>
    console.log([name(first), words.padStart(5), ...cells.map((cell) => cell.padStart(16))].join(""));
  row("errors in", "words", Object.keys(columns));
  const lists = Object.values(columns);
  for (const [i, recording] of recordings.entries())
    row(
      recording.name,
      String(lists[0]![i]!.words),
      lists.map((list) => String(list[i]!.errors)),
    );
  const sums = lists.map(sumWordErrors);
  row(
    `${recordings.length} recordings`,
    String(sums[0]!.words),
    sums.map((sum) => String(sum.errors)),
  );
  row(
    "word error rate",
    "",
    sums.map((sum) => wordErrorRate(sum).toFixed(3)),
  );
  row(
    "substituted/deleted/inserted",
    "",
    sums.map((sum) => `${sum.substituted}/${sum.deleted}/${sum.inserted}`),
  );
}

function missed(finals: Finals, recordings: readonly Recording[], found: readonly WordErrors[]): string[] {
  const rate = wordErrorRate(sumWordErrors(found));
  const wrong = recordings.filter(({ easy }, i) => easy && found[i]!.errors > 0);
  return [
    ...(rate > GOALS[finals] ? [`${finals}: word error rate ${rate.toFixed(3)}, the goal is ${GOALS[finals]}`] : []),
    ...wrong.map(({ name }) => `${finals}: ${name} has an error, the goal is none`),
  ];
}
