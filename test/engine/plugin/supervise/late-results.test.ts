import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, type NodeDefinition, supervise } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { recogniser, Script, text, translator } from "./doubles.ts";
import { defineWatched, drive, finals, talk, texts } from "./driven.ts";

describe("results that come late", () => {
  test("a translation that takes too long goes to the next candidate, and says why", async () => {
    const clock = new VirtualClock();
    const slow = translator(new Script(), (handed) => clock.sleep(handed === 2 ? 10_000 : 10));
    const driven = await drive(
      [{ definition: slow }, { definition: translator(new Script()) }],
      { frames: [text("u1", "abc"), text("u2", "de")], clock },
      500,
    );
    expect(finals(driven)).toEqual(["cba", "ed"]);
    expect(driven.events).toMatchObject([{ type: "fallback", code: "RESULT_LATE" }]);
    expect(clock.nowMs()).toBe(1510); // 10, then the limit, then a second for the instance that would not end
  });

  /** Reads on, and gives each final `ms(utterance)` after its closing mark; nothing for 0. */
  const readingOn = (clock: VirtualClock, ms: (utterance: string) => number, partials: boolean): NodeDefinition =>
    defineNode({
      type: "double.streaming",
      summary: "Reads on.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => ({
        async run(input, emit) {
          const owed: Promise<unknown>[] = [];
          for await (const frame of input) {
            if (frame.kind !== "speech") continue;
            if (frame.mark === "start" && partials) await emit(text(frame.utterance, "…", { final: false }));
            const wait = frame.mark === "end" ? ms(frame.utterance) : 0;
            if (wait > 0)
              owed.push(
                clock
                  .sleep(wait)
                  .then(() => emit(text(frame.utterance, "said", { revision: 2, endSample: frame.atSample }))),
              );
            await clock.sleep(20);
          }
          await Promise.all(owed);
        },
      }),
    });

  test("a recogniser that reads on owes the final of an utterance of which it has shown a partial", async () => {
    const clock = new VirtualClock();
    const late = await drive([{ definition: readingOn(clock, () => 900, true) }], { frames: talk, clock }, 500).catch(
      (e) => e,
    );
    expect(late).toMatchObject({ code: "RESULT_LATE" });
    expect(late.message).toContain("u1");
    const clock2 = new VirtualClock();
    const inTime = await drive(
      [{ definition: readingOn(clock2, () => 400, true) }],
      { frames: talk, clock: clock2 },
      500,
    );
    expect(finals(inTime)).toEqual(["said", "said", "said"]);
  });

  test("a partial that was taken back by an empty one is owed no final", async () => {
    const clock = new VirtualClock();
    const inner = readingOn(clock, () => 0, true);
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => {
        const node = await inner.create(config, ctx);
        if (!("run" in node)) return node;
        return {
          run: (input, emit, signal) =>
            node.run(
              input,
              (frame) => {
                emit(frame);
                return frame.kind === "text" ? emit({ ...frame, revision: 2, text: "" }) : undefined;
              },
              signal,
            ),
        };
      },
    };
    const driven = await drive([{ definition }], { frames: talk, clock }, 30);
    expect(texts(driven)).toHaveLength(6);
    expect(driven.events).toEqual([]);
  });

  test("an utterance in which it heard nothing is not late", async () => {
    const clock = new VirtualClock();
    const driven = await drive([{ definition: readingOn(clock, () => 0, false) }], { frames: talk, clock }, 30);
    expect(driven.emitted).toEqual([]);
    expect(driven.events).toEqual([]);
  });

  test("a partial that waits for room behind the node does not make the final late", async () => {
    const clock = new VirtualClock();
    const definition = defineNode({
      type: "double.waiting",
      summary: "Shows its partial while it reads on, and its final after that.",
      role: "asr",
      shape: "task",
      inputs: { audio: { kinds: ["audio", "speech"] } },
      outputs: { text: { kinds: ["text"] } },
      config: z.strictObject({}),
      create: () => ({
        async run(input, emit) {
          let shown: Promise<void> | undefined;
          for await (const frame of input) {
            if (frame.kind !== "speech") continue;
            if (frame.mark === "start") shown = emit(text(frame.utterance, "…", { final: false }));
            else {
              await shown;
              await emit(text(frame.utterance, "said", { revision: 2 }));
            }
          }
        },
      }),
    });
    const { definition: supervised } = supervise({
      candidates: [{ definition, config: {}, attempts: 1 }],
      resultMs: 100,
    });
    const driven = await driveNode(
      defineWatched(supervised, { emit: () => clock.sleep(450) }),
      {},
      { frames: talk, clock },
    );
    expect(finals(driven)).toEqual(["said", "said", "said"]);
  });

  test("time spent waiting for room behind the node does not count", async () => {
    const clock = new VirtualClock();
    const { definition } = supervise({
      candidates: [{ definition: recogniser(new Script(), "task"), config: {}, attempts: 1 }],
      resultMs: 100,
    });
    const arrived: string[] = [];
    const slowly = defineWatched(definition, {
      emit(frame) {
        arrived.push(frame.kind === "text" ? frame.text : "");
        return clock.sleep(1000);
      },
    });
    await driveNode(slowly, {}, { frames: talk, clock });
    expect(clock.nowMs()).toBe(1000 * arrived.length);
    expect(arrived.length).toBe(8 + 3);
  });
});
