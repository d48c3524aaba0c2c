import { describe, expect, test } from "bun:test";
import type { AudioFrame, Control, Frame } from "#engine/frames";
import type { FrameKind, NodeDefinition } from "#engine/plugin";
import type { RunReport } from "#engine/runtime";
import type { PlannedBargeIn } from "#engine/workflow";
import { audio, collector, planOf, startPlan, task, text } from "#test/doubles";

/** 20 ms at 16 kHz. */
const FRAME = 320;
const samples = (ms: number) => ms * 16;

/** A node that nothing feeds. */
const asSource = (node: NodeDefinition, kinds: readonly FrameKind[] = ["audio", "text"]): NodeDefinition => ({
  ...node,
  inputs: () => ({}),
  outputs: () => ({ out: { kinds } }),
});

interface Said {
  readonly utterance: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A paced detector: marks and audio of these utterances, each frame when its last sample was spoken. */
const listener = (
  said: readonly Said[],
  kinds: readonly ("audio" | "speech")[] = ["audio", "speech"],
): NodeDefinition =>
  asSource(
    task(async (_input, emit, signal, ctx) => {
      const until = Math.max(...said.map(({ toMs }) => toMs));
      for (let ms = 0; ms < until; ms += 20) {
        await ctx.clock.sleep(20, signal);
        const now = said.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
        if (!now) continue;
        const mark = { kind: "speech", utterance: now.utterance, sampleRateHz: 16_000 } as const;
        // as a detector does: it knows 60 ms after voice began, and goes 300 ms back
        const voicedSample = samples(now.fromMs - 60);
        if (ms === now.fromMs)
          await emit({ ...mark, mark: "start", atSample: samples(now.fromMs - 360), voicedSample });
        if (kinds.includes("audio")) await emit({ ...audio(samples(ms)), utterance: now.utterance });
        if (ms + 20 >= now.toMs) await emit({ ...mark, mark: "end", atSample: samples(now.toMs) });
      }
    }),
    kinds,
  );

const TALK: readonly Said[] = [
  { utterance: "first", fromMs: 400, toMs: 1000 },
  { utterance: "second", fromMs: 3000, toMs: 4000 },
];

interface Speech {
  readonly utterance?: string;
  readonly ms: number;
  readonly atMs?: number;
  readonly protected?: true;
}

/** Speaks each piece at its time, as fast as there is room. It knows nothing of barge-ins: its late results have to be dropped for it. */
const voice = (pieces: readonly Speech[]): NodeDefinition =>
  asSource(
    task(async (_input, emit, signal, ctx) => {
      let startSample = 0;
      for (const piece of pieces) {
        const earlyMs = (piece.atMs ?? 0) - ctx.clock.nowMs();
        if (earlyMs > 0) await ctx.clock.sleep(earlyMs, signal);
        for (let ms = 0; ms < piece.ms; ms += 20) {
          const { utterance, protected: spared } = piece;
          const frame: AudioFrame = {
            ...audio(startSample),
            ...(utterance && { utterance }),
            ...(spared && { protected: spared }),
          };
          startSample += FRAME;
          await emit(frame);
        }
      }
    }),
  );

interface Played {
  readonly utterance: string | undefined;
  /** When its last sample was heard. */
  readonly endedMs: number;
}

/** Plays one frame after the other in real time, and holds none back but the one that it plays. */
function speaker(): { definition: NodeDefinition; played: Played[]; controls: Control[] } {
  const played: Played[] = [];
  const controls: Control[] = [];
  const definition = task(
    async (input, _emit, signal, ctx) => {
      for (let got = await input.next(); got; got = await input.next()) {
        if (got.frame.kind !== "audio") continue;
        await ctx.clock.sleep(20, signal);
        played.push({ utterance: got.frame.utterance, endedMs: ctx.clock.nowMs() });
      }
    },
    { onControl: (control) => void controls.push(control) },
  );
  return { definition, played, controls };
}

const BARGE_IN: PlannedBargeIn = {
  when: [{ node: "user", port: "out" }],
  minMs: 200,
  timed: false,
  flush: ["voice", "speaker"],
};

async function converse(
  pieces: readonly Speech[],
  {
    said = TALK,
    bargeIn = {},
    user = listener(said),
  }: { said?: readonly Said[]; bargeIn?: Partial<PlannedBargeIn>; user?: NodeDefinition } = {},
) {
  const out = speaker();
  const plan = planOf(
    { user, voice: voice(pieces), speaker: out.definition },
    [["voice", "speaker", { queued: true, ms: 10_000 }]],
    {
      limits: { startMs: 1000, idleMs: 60_000, drainMs: 60_000 },
    },
  );
  const { run, events } = startPlan({ ...plan, bargeIns: [{ ...BARGE_IN, ...bargeIn }] });
  const report = await run.done;
  const triggers = events.flatMap((event) =>
    event.type === "node" && event.event.type === "bargeIn"
      ? [{ atMs: event.atMs, utterance: event.event.utterance, event: event.event }]
      : [],
  );
  return { ...out, report, triggers };
}

const droppedOf = (report: RunReport) => report.edges.find((edge) => edge.edge === "voice -> speaker")?.dropped.bargeIn;
const heardOf = (played: readonly Played[], utterance: string | undefined) =>
  played.filter((each) => each.utterance === utterance).length;

describe("a barge-in", () => {
  test("falls minMs after voice was first heard, and the loudspeaker is silent within one frame", async () => {
    const { played, triggers, report, controls } = await converse([{ utterance: "first", ms: 5000, atMs: 1000 }]);
    expect(report.state).toBe("done");
    // the first one has nothing to silence yet
    expect(triggers.map(({ utterance }) => utterance)).toEqual(["first", "second"]);
    const [, trigger] = triggers;
    // voice began at 2940 ms; the frame that ends 200 ms later is there at 3140 ms
    expect(trigger).toMatchObject({ atMs: 3140, event: { utterance: "second", heardMs: 200, flushed: ["speaker"] } });
    const silentMs = Math.max(...played.map(({ endedMs }) => endedMs));
    expect(silentMs - trigger!.atMs).toBeGreaterThanOrEqual(0);
    expect(silentMs - trigger!.atMs).toBeLessThanOrEqual(20);
    expect(controls).toContainEqual({ kind: "barge-in", utterance: "second", voicedAtMs: 2940 });
  });

  test("counts what it drops, to the sample", async () => {
    const { played, report } = await converse([{ utterance: "first", ms: 5000, atMs: 1000 }]);
    expect(droppedOf(report)).toEqual({ frames: 250 - played.length, samples: (250 - played.length) * FRAME });
  });

  test("drops what comes late of what was cut off, and of nothing else", async () => {
    const { played } = await converse([
      { utterance: "first", ms: 500, atMs: 1000 },
      { utterance: "first", ms: 500, atMs: 5000 },
      { utterance: "second", ms: 300, atMs: 6000 },
      { utterance: "reminder", ms: 200, atMs: 7000 },
    ]);
    expect(heardOf(played, "first")).toBe(25);
    expect(heardOf(played, "second")).toBe(15);
    expect(heardOf(played, "reminder")).toBe(10);
  });

  test("drops what waits without an utterance, and nothing that is protected", async () => {
    const { played } = await converse([
      { ms: 3000, atMs: 1000 },
      { utterance: "first", ms: 400, protected: true },
    ]);
    expect(heardOf(played, undefined)).toBeLessThan(120);
    expect(heardOf(played, "first")).toBe(20);
  });

  test.each([
    { name: "is shorter than minMs", toMs: 3120, minMs: 200, triggered: 0 },
    { name: "lasts minMs exactly", toMs: 3140, minMs: 200, triggered: 1 },
    { name: "need not last", toMs: 3020, minMs: 0, triggered: 1 },
    { name: "goes on and on", toMs: 6000, minMs: 200, triggered: 1 },
  ])("by an utterance that $name falls $triggered times", async ({ toMs, minMs, triggered }) => {
    const said = [{ utterance: "second", fromMs: 3000, toMs }];
    const { triggers } = await converse([{ utterance: "first", ms: 5000, atMs: 1000 }], { said, bargeIn: { minMs } });
    expect(triggers).toHaveLength(triggered);
  });

  test("is timed by the clock where no audio comes with the marks", async () => {
    const { triggers } = await converse([{ utterance: "first", ms: 5000, atMs: 1000 }], {
      user: listener(TALK.slice(1), ["speech"]),
      bargeIn: { timed: true },
    });
    expect(triggers.map(({ atMs }) => atMs)).toEqual([3220]);
  });

  test("can be followed by another, which silences the answer to the one before", async () => {
    const said = [...TALK, { utterance: "third", fromMs: 6000, toMs: 6500 }];
    const { played, triggers } = await converse(
      [
        { utterance: "first", ms: 3000, atMs: 1000 },
        { utterance: "second", ms: 5000, atMs: 4000 },
        { utterance: "third", ms: 100, atMs: 9500 },
      ],
      { said },
    );
    expect(triggers.map(({ utterance }) => utterance)).toEqual(["first", "second", "third"]);
    expect(heardOf(played, "second")).toBeLessThan(120);
    expect(heardOf(played, "third")).toBe(5);
  });

  test("silences what flushed nodes still make, on its way to anybody", async () => {
    const file = collector();
    const late: readonly Frame[] = [text("an answer", 0, { utterance: "first" }), { ...audio(0), utterance: "first" }];
    const answers = task(async (_input, emit, signal, ctx) => {
      for (const atMs of [1500, 5000]) {
        await ctx.clock.sleep(atMs - ctx.clock.nowMs(), signal);
        for (const frame of late) await emit(frame);
      }
    });
    const source = asSource(answers);
    const plan = planOf({ user: listener(TALK), voice: source, file: file.definition }, [
      ["voice", "file", { queued: true }],
    ]);
    const { run } = startPlan({ ...plan, bargeIns: [{ ...BARGE_IN, flush: ["voice"] }] });
    const report = await run.done;
    expect(file.got).toHaveLength(2);
    expect(report.edges.find(({ edge }) => edge === "voice -> file")?.dropped.bargeIn).toEqual({
      frames: 2,
      samples: FRAME,
    });
  });
});
