import assert from "node:assert/strict";
import { type AudioFrame, endSample, type Frame, sampleCount } from "#engine/plugin";
import { checksOf, framesOf, nodeContract } from "./node-checks.ts";
import { type Check, type MakeSubject, type Probed, probe, type Subject } from "./probe.ts";

/** What a node promises that takes audio and gives audio or speech marks: a detector, a filter, a conversion. */
export const audioNodeContract = (name: string, make: MakeSubject): Check[] => [
  ...nodeContract(name, make),
  ...checksOf(name, make, {
    "accounts for every sample": async (subject) => checkAccounts(subject, await probe(subject)),
    "gives audio at rising positions": async (subject) => {
      const probed = await probe(subject);
      for (const port of outputsOf(subject)) checkRising(probed.frames(port));
    },
    "passes samples on unchanged, where it passes them on": async (subject) => {
      if (subject.definition.passes === "samples")
        checkPassed(audioOf(framesOf(subject)), audioOf((await probe(subject)).frames()));
    },
    "opens and closes utterances around their audio": async (subject) => {
      const probed = await probe(subject);
      for (const port of outputsOf(subject)) checkMarks(probed.frames(port));
    },
  }),
];

const outputsOf = ({ definition, config = {} }: Subject): string[] =>
  Object.keys(definition.outputs(definition.config.parse(config)));

export const audioOf = (frames: readonly Frame[]): AudioFrame[] =>
  frames.flatMap((frame) => (frame.kind === "audio" ? [frame] : []));

const seconds = (frames: readonly AudioFrame[]) =>
  frames.reduce((sum, frame) => sum + sampleCount(frame) / frame.sampleRateHz, 0);
const samples = (frames: readonly AudioFrame[]) => frames.reduce((sum, frame) => sum + sampleCount(frame), 0);

/** In = out + gated + held, to the sample; a conversion in media time, to one sample of the slower side. */
function checkAccounts(subject: Subject, probed: Probed): void {
  const { passes } = subject.definition;
  const came = audioOf(framesOf(subject));
  const went = audioOf(probed.frames());
  const [first] = came;
  if (!passes || !first) return;
  const { gated, held } = probed;
  if (passes === "samples") assert.equal(samples(went) + gated + held, samples(came), "out + gated + held against in");
  else {
    const slower = Math.min(first.sampleRateHz, went[0]?.sampleRateHz ?? first.sampleRateHz);
    const missing = seconds(came) - seconds(went) - (gated + held) / first.sampleRateHz;
    assert.ok(Math.abs(missing) <= 1 / slower + 1e-9, `${missing * slower} samples are neither out, gated nor held`);
  }
}

export function checkRising(frames: readonly Frame[]): void {
  let end = 0;
  for (const frame of audioOf(frames)) {
    assert.ok(frame.startSample >= end, `audio from sample ${frame.startSample} on, after some up to ${end}`);
    end = endSample(frame);
  }
}

/** Every sample that goes out stood at the same position in what came in. */
function checkPassed(came: readonly AudioFrame[], went: readonly AudioFrame[]): void {
  const at = new Map<number, number>();
  for (const { pcm, channels, startSample } of came)
    for (const [i, value] of pcm.entries()) at.set(startSample * channels + i, value);
  for (const { pcm, channels, startSample } of went)
    for (const [i, value] of pcm.entries())
      assert.equal(
        value,
        at.get(startSample * channels + i),
        `sample ${startSample + Math.floor(i / channels)} is another one`,
      );
}

function checkMarks(frames: readonly Frame[]): void {
  let open: { utterance: string; end: number } | undefined;
  for (const frame of frames)
    if (frame.kind === "speech" && frame.mark === "start") {
      assert.equal(open, undefined, `utterance ${frame.utterance} opens inside another`);
      open = { utterance: frame.utterance, end: frame.atSample };
    } else if (frame.kind === "speech") {
      assert.equal(frame.utterance, open?.utterance, "an utterance closes that was not open");
      assert.equal(frame.atSample, open?.end, `utterance ${frame.utterance} closes where its audio does not end`);
      open = undefined;
    } else if (frame.kind === "audio" && open) {
      assert.equal(frame.startSample, open.end, `utterance ${open.utterance} has a gap`);
      open.end = endSample(frame);
    }
  assert.equal(open, undefined, "an utterance is left open at the end of input");
}
