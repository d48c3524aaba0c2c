import assert from "node:assert/strict";
import { type AudioFrame, EngineError, type Frame, type TextFrame } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { framesOf } from "../contract/node-checks.ts";
import { type Check, type MakeSubject, probe, type Subject } from "../contract/probe.ts";
import { driveNode } from "../drive.ts";

const SESSIONS = 200;
/** Frames of each of them: enough to begin something. */
const BRIEF = 12;
/** By the machine's clock. */
const LONG_MS = 60_000;
/** Of the run's clock: no failure to reach a service may take longer to be told. */
const TOLD_MS = 180_000;

/** What a node does when things are not as they should be; only what there can be of its input is tried. */
export const hardshipChecks = (make: () => Subject): Check[] => [
  ...Object.entries(ODDITIES).flatMap(([what, odd]): Check[] => {
    const frames = odd(framesOf(make()));
    return frames ? [{ name: `bears or refuses by a code ${what}`, run: () => bearsOrRefuses(make(), frames) }] : [];
  }),
  {
    name: `leaves nothing behind after ${SESSIONS} runs`,
    timeoutMs: LONG_MS,
    run: () => leavesNothing(make()),
  },
];

/** The same for a node that reaches the network, where nobody answers there. */
export const unreachableCheck = (make: MakeSubject): Check => ({
  name: "says by a code, in time, that its service cannot be reached",
  timeoutMs: LONG_MS,
  run: async () => {
    const { definition, config = {}, frames, formats } = await make();
    const clock = new VirtualClock();
    const network = new MemoryNetwork(clock);
    const driving = driveNode(definition, config, {
      frames: frames ?? [],
      clock,
      network,
      ...(formats && { formats }),
    });
    const error = await driving.then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error !== undefined, "it ended as if all were well");
    assert.ok(error instanceof EngineError, `no error with a code, but ${error}`);
    assert.ok(error.traits.retryable || !error.traits.usable, `${error.code} tells nobody whether to try again`);
    assert.ok(clock.nowMs() < TOLD_MS, `it took ${clock.nowMs()} ms to be told`);
    assert.equal(network.sockets, 0, "sockets left open");
  },
});

type Odd = (frames: readonly Frame[]) => readonly Frame[] | undefined;

const isAudio = (frame: Frame): frame is AudioFrame => frame.kind === "audio";
const isText = (frame: Frame): frame is TextFrame => frame.kind === "text";

/** Input as a faulty neighbour would give it; undefined where it says nothing to a node of that sort. */
const ODDITIES: Readonly<Record<string, Odd>> = {
  "audio with a hole in it": (frames) =>
    some(
      frames.filter((_, i) => i % 7 !== 3),
      isAudio,
    ),
  "audio that steps back": (frames) =>
    some(
      frames.flatMap((frame, i) => (i % 9 === 8 ? [frame, frame] : [frame])),
      isAudio,
    ),
  "frames without a sample": (frames) =>
    some(
      frames.flatMap((frame): Frame[] => (isAudio(frame) ? [{ ...frame, pcm: new Int16Array(0) }, frame] : [frame])),
      isAudio,
    ),
  "the loudest sound there is": (frames) =>
    some(
      frames.map((frame) =>
        isAudio(frame) ? { ...frame, pcm: frame.pcm.map((_, i) => (i % 2 ? 32767 : -32768)) } : frame,
      ),
      isAudio,
    ),
  "marks without audio": (frames) =>
    some(
      frames.filter((frame) => frame.kind === "speech"),
      (frame) => frame.kind === "speech",
    ),
  "a closing mark that nothing opened": (frames) =>
    some(
      frames.filter((frame) => frame.kind !== "speech" || frame.mark === "end"),
      (frame) => frame.kind === "speech",
    ),
  "an utterance that nothing closes": (frames) =>
    some(
      frames.filter((frame) => frame.kind !== "speech" || frame.mark === "start"),
      (frame) => frame.kind === "speech",
    ),
  "a very long text": (frames) => changed(frames, (frame) => frame.text.repeat(2000)),
  "texts of signs that are no letters": (frames) => changed(frames, () => "\u0000\uFFFD\u202E<&\"'\\\n\u{1F600}\uD800"),
  "the same utterance twice": (frames) => some([...frames, ...frames], isText),
};

/** The frames, where one of them is of the kind that the oddity is about. */
const some = (frames: readonly Frame[], is: (frame: Frame) => boolean): readonly Frame[] | undefined =>
  frames.some(is) ? frames : undefined;

const changed = (frames: readonly Frame[], words: (frame: TextFrame) => string): readonly Frame[] | undefined =>
  some(
    frames.map((frame) => {
      if (!isText(frame)) return frame;
      const text = words(frame);
      return { ...frame, text, stableChars: frame.final ? text.length : 0 };
    }),
    isText,
  );

/** It ends: with an error that has a code, or without any. */
async function bearsOrRefuses(subject: Subject, frames: readonly Frame[]): Promise<void> {
  try {
    await probe(subject, { frames });
  } catch (error) {
    assert.ok(error instanceof EngineError, `it fails without a code: ${error}`);
  }
}

async function leavesNothing(subject: Subject): Promise<void> {
  const { definition, config = {}, frames = [], formats } = subject;
  const around = await subject.open?.();
  const clock = around?.clock ?? new VirtualClock();
  const network = around?.network ?? new MemoryNetwork(clock);
  const brief = Array.isArray(frames) ? frames.slice(0, BRIEF) : frames;
  for (let session = 0; session < SESSIONS; session++)
    await driveNode(definition, config, { frames: brief, clock, network, ...(formats && { formats }) });
  const left = { timers: clock.pending, sockets: network.sockets };
  await around?.close();
  assert.deepEqual(left, { timers: 0, sockets: 0 }, "timers and sockets left");
}
