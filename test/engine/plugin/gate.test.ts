import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  type Frame,
  type GateSettings,
  gateSchema,
  type NodeDefinition,
  type SpeechMark,
  withGate,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";

const RATE = 16_000;

/** One frame of 20 ms, its samples all the frame's number. */
const audio = (n: number): AudioFrame => ({
  kind: "audio",
  pcm: new Int16Array(320).fill(n),
  sampleRateHz: RATE,
  channels: 1,
  startSample: n * 320,
});
const mark = (kind: "start" | "end", n: number, utterance = "u1"): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample: n * 320,
  sampleRateHz: RATE,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => audio(from + i));

/** Remembers what each of its sessions was given. */
function listener(kinds: readonly ("audio" | "speech")[] = ["audio"]) {
  const sessions: Frame[][] = [];
  let closed = 0;
  const definition: NodeDefinition = defineNode({
    type: "double.listener",
    summary: "Listens.",
    role: "asr",
    shape: "task",
    inputs: { audio: { kinds } },
    outputs: { final: { kinds: ["text"] } },
    config: z.strictObject({}),
    create: () => ({
      async run(input) {
        const heard: Frame[] = [];
        sessions.push(heard);
        for await (const frame of input) heard.push(frame);
      },
      close: () => void closed++,
    }),
  });
  return { definition, sessions, closed: () => closed };
}

const settings = (given: Partial<GateSettings>): GateSettings => gateSchema.parse(given);
const numbers = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame.kind === "audio" ? [frame.startSample / 320] : []));

describe("a gate", () => {
  test.each([
    {
      name: "lets speech through, with pre-roll and hang",
      preRollMs: 40,
      hangMs: 60,
      sent: [8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
    },
    {
      name: "lets through nothing but the speech where both are 0",
      preRollMs: 0,
      hangMs: 0,
      sent: [10, 11, 12, 13, 14],
    },
  ])("$name", async ({ preRollMs, hangMs, sent }) => {
    const { definition, sessions } = listener();
    // the marks come three frames late, as from a detector
    const frames = [...range(0, 13), mark("start", 10), ...range(13, 15), mark("end", 15), ...range(15, 40)];
    const gated = withGate(definition, settings({ mode: "hold", preRollMs, hangMs }));
    const driven = await driveNode(gated, {}, { frames });
    expect(sessions.map(numbers)).toEqual([[...sent]]);
    expect(driven.gated).toBe((40 - sent.length) * 320);
  });

  test("with close, ends a session in long silence and opens another for the next speech", async () => {
    const { definition, sessions, closed } = listener();
    const frames = [
      ...range(0, 5),
      mark("start", 2),
      ...range(5, 10),
      mark("end", 10),
      ...range(10, 60),
      mark("start", 58, "u2"),
      ...range(60, 62),
      mark("end", 62, "u2"),
    ];
    const gated = withGate(definition, settings({ preRollMs: 0, hangMs: 0, closeAfterMs: 200 }));
    await driveNode(gated, {}, { frames });
    expect(sessions.map(numbers)).toEqual([
      [2, 3, 4, 5, 6, 7, 8, 9],
      [58, 59, 60, 61],
    ]);
    expect(closed()).toBe(2);
  });

  test("with close, ends a session by the clock where no audio comes in silence", async () => {
    const { definition, sessions } = listener();
    const later = range(500, 503);
    const frames = [
      mark("start", 0),
      ...range(0, 3),
      mark("end", 3),
      mark("start", 500, "u2"),
      ...later,
      mark("end", 503, "u2"),
    ];
    const gated = withGate(definition, settings({ preRollMs: 0, hangMs: 0, closeAfterMs: 2000 }));
    await driveNode(gated, {}, { frames, pace: 1 });
    expect(sessions.map(numbers)).toEqual([
      [0, 1, 2],
      [500, 501, 502],
    ]);
  });

  test("opens no session before the one before has ended", async () => {
    const told: string[] = [];
    const definition: NodeDefinition = {
      ...listener().definition,
      create: (_config, ctx) => ({
        async run(input) {
          told.push("begins");
          for await (const _ of input);
          await ctx.clock.sleep(5000);
          told.push("ends");
        },
      }),
    };
    const frames = [
      mark("start", 0),
      ...range(0, 3),
      mark("end", 3),
      ...range(3, 30),
      mark("start", 30, "u2"),
      ...range(30, 33),
    ];
    await driveNode(withGate(definition, settings({ preRollMs: 0, hangMs: 0, closeAfterMs: 100 })), {}, { frames });
    expect(told).toEqual(["begins", "ends", "begins", "ends"]);
  });

  test("with close, keeps one session over a short silence", async () => {
    const { definition, sessions } = listener();
    const frames = [
      mark("start", 0),
      ...range(0, 5),
      mark("end", 5),
      ...range(5, 12),
      mark("start", 12, "u2"),
      ...range(12, 14),
    ];
    await driveNode(withGate(definition, settings({ preRollMs: 0, hangMs: 0, closeAfterMs: 200 })), {}, { frames });
    expect(sessions.map(numbers)).toEqual([[0, 1, 2, 3, 4, 12, 13]]);
  });

  test("hands marks on to a node that takes them, the opening one at the audio's beginning", async () => {
    const { definition, sessions } = listener(["audio", "speech"]);
    const frames = [...range(0, 4), mark("start", 2), ...range(4, 6), mark("end", 6)];
    await driveNode(withGate(definition, settings({ mode: "hold", preRollMs: 20 })), {}, { frames });
    const [heard = []] = sessions;
    expect(heard[0]).toMatchObject({ kind: "speech", mark: "start", atSample: 320 });
    expect(heard.at(-1)).toMatchObject({ kind: "speech", mark: "end", atSample: 6 * 320 });
    expect(numbers(heard)).toEqual([1, 2, 3, 4, 5]);
  });

  test("takes marks by an input of their own too", async () => {
    const { definition, sessions } = listener();
    const gated = withGate(definition, settings({ mode: "hold", preRollMs: 0, hangMs: 0 }));
    await driveNode(gated, {}, { frames: { speech: [mark("start", 0), mark("end", 3)], audio: range(0, 6) } });
    expect(sessions.map(numbers)).toEqual([[0, 1, 2]]);
    expect(gated.inputs({})).toMatchObject({ audio: { kinds: ["audio", "speech"] }, speech: { optional: true } });
  });

  test("fails with the code of its node", async () => {
    const definition = { ...listener().definition, create: () => Promise.reject(new Error("broken")) };
    const frames = [mark("start", 0), ...range(0, 3)];
    expect(await rejectionOf(driveNode(withGate(definition, settings({})), {}, { frames }))).toHaveProperty(
      "message",
      expect.stringContaining("broken"),
    );
  });

  test("is no use for a node that takes no audio", () => {
    const definition: NodeDefinition = { ...listener().definition, inputs: () => ({ text: { kinds: ["text"] } }) };
    expect(() => withGate(definition, settings({})).inputs({})).toThrow("takes no audio");
  });
});
