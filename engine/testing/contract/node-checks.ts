import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import {
  type AudioFormat,
  type Control,
  defaultPort,
  type Frame,
  msToSamples,
  type Received,
  sampleCount,
} from "#engine/plugin";
import type { DriveOptions } from "../drive.ts";
import { type Check, type MakeSubject, type Probed, probe, type Subject } from "./probe.ts";

/** Turns promises into checks named after the node that they are made for. */
export const checksOf = (
  name: string,
  make: MakeSubject,
  promises: Readonly<Record<string, (subject: Subject) => Promise<void>>>,
): Check[] =>
  Object.entries(promises).map(([promise, check]) => ({
    name: `${name} ${promise}`,
    run: async () => check(await make()),
  }));

/** What a node of any role promises. */
export const nodeContract = (name: string, make: MakeSubject): Check[] =>
  checksOf(name, make, {
    "ends without an error when nothing comes": async (subject) => {
      await probe(subject, { frames: [] });
    },
    "ends when its input has ended": async (subject) => {
      await probe(subject);
    },
    "leaves the frames that it is given as they are": keepsFrames,
    "gives on each output what it declares": async (subject) => checkOutputs(subject, await probe(subject)),
    "gives the same for the same input": async (subject) =>
      assertSame(await probe(subject), await probe(subject), "a second run of its own"),
    "shares nothing with another instance": async (subject) => {
      const alone = await probe(subject, { interleaved: true });
      const [one, other] = await Promise.all([
        probe(subject, { interleaved: true }),
        probe(subject, { interleaved: true }),
      ]);
      for (const beside of [one, other])
        assertSame(alone, beside, "one with another beside it (state belongs into create)");
    },
    "takes a flush at any time": async (subject) =>
      checkOutputs(subject, await probe(subject, { frames: flushed(subject) })),
    "ends soon when it is cancelled": async (subject) => {
      const { length } = framesOf(subject);
      for (const cancelAfter of new Set([0, 1, Math.floor(length / 2), length])) await probe(subject, { cancelAfter });
    },
    "waits where there is no room": async (subject) => {
      const { definition, config = {} } = subject;
      if (definition.shape !== "task" || definition.realTime(definition.config.parse(config))) return;
      const { impatient } = await probe(subject, { scarceRoom: true });
      assert.equal(impatient, 0, `emitted ${impatient} frames without awaiting the room for the one before`);
    },
    "bears a second close": async (subject) => {
      await probe(subject, { closeTwice: true });
    },
  });

/** All frames of a subject, port after port. */
export const framesOf = ({ frames = [] }: Subject): readonly Frame[] =>
  isList(frames) ? frames : Object.values(frames).flat();

const isList = (frames: NonNullable<Subject["frames"]>): frames is readonly Frame[] => Array.isArray(frames);

async function keepsFrames(subject: Subject): Promise<void> {
  const before = framesOf(subject).map((frame) => structuredClone(frame));
  for (const frame of framesOf(subject)) Object.freeze(frame);
  await probe(subject);
  assert.deepEqual(framesOf(subject), before, "a frame was changed");
}

/** With flushes before, between and after the frames; a subject with several inputs gets none. */
function flushed({ frames = [] }: Subject): NonNullable<DriveOptions["frames"]> {
  if (!isList(frames)) return frames;
  const flush: Control = { kind: "flush" };
  const step = Math.max(1, Math.floor(frames.length / 20));
  return [flush, ...frames.flatMap((frame, i) => (i % step === 0 ? [frame, flush] : [frame])), flush, flush];
}

/** @param what the other one is, in words */
function assertSame(one: Probed, other: Probed, what: string): void {
  const count = Math.max(one.emitted.length, other.emitted.length);
  for (let i = 0; i < count; i++) {
    const [ours, theirs] = [one.emitted[i], other.emitted[i]];
    if (isDeepStrictEqual(ours, theirs)) continue;
    assert.fail(`${what} gave otherwise: frame ${i + 1}, on ${(ours ?? theirs)?.port}, ${difference(ours, theirs)}`);
  }
  assert.deepEqual(one.artifacts, other.artifacts, `${what} wrote other files`);
}

/** Names fields alone: their values may be what somebody said. */
function difference(ours: Received | undefined, theirs: Received | undefined): string {
  if (!ours) return "came there only";
  if (!theirs) return "was missing there";
  if (ours.port !== theirs.port) return `came on ${theirs.port}`;
  const facts: Readonly<Record<string, unknown>> = { ...theirs.frame };
  const names = Object.entries(ours.frame).filter(([name, value]) => !isDeepStrictEqual(value, facts[name]));
  return names.length > 0 ? `differed in ${names.map(([name]) => name).join(", ")}` : "had more fields";
}

/** Kinds, text roles, languages, audio formats and frame lengths are those declared. Undeclared outputs fail in driving already. */
export function checkOutputs({ definition, config = {}, formats, frames = [] }: Subject, probed: Probed): void {
  const parsed = definition.config.parse(config);
  const inputs = definition.inputs(parsed);
  const port = defaultPort(inputs) ?? Object.keys(inputs)[0] ?? "";
  const given = (isList(frames) ? frames : (frames[port] ?? [])).find((frame) => frame.kind === "audio");
  const same = formats?.[port] ?? given;
  for (const [name, output] of Object.entries(definition.outputs(parsed))) {
    const emitted = probed.frames(name);
    for (const frame of emitted) {
      assert.ok(output.kinds.includes(frame.kind), `${frame.kind} on ${name}, which gives ${output.kinds.join(", ")}`);
      if (frame.kind !== "text") continue;
      assert.equal(frame.role, output.textRole ?? frame.role, `role of a text on ${name}`);
      assert.equal(frame.language, output.language ?? frame.language, `language of a text on ${name}`);
    }
    const audio = output.audio === "same" ? same : output.audio;
    if (audio) checkAudio(name, emitted, audio, output.audio === "same" ? undefined : output.audio?.frameMs);
  }
}

function checkAudio(port: string, emitted: readonly Frame[], format: AudioFormat, frameMs: number | undefined): void {
  const audio = emitted.flatMap((frame) => (frame.kind === "audio" ? [frame] : []));
  for (const [i, frame] of audio.entries()) {
    assert.equal(frame.sampleRateHz, format.sampleRateHz, `sample rate on ${port}`);
    assert.equal(frame.channels, format.channels, `channels on ${port}`);
    assert.ok(Number.isInteger(sampleCount(frame)), `${frame.pcm.length} samples on ${port}: not whole channels`);
    const wanted = frameMs === undefined ? sampleCount(frame) : msToSamples(frameMs, format.sampleRateHz);
    const last = i === audio.length - 1 || audio[i + 1]?.startSample !== frame.startSample + sampleCount(frame);
    if (!last || sampleCount(frame) > wanted) assert.equal(sampleCount(frame), wanted, `length of a frame on ${port}`);
  }
}
