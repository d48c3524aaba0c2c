import { describe, expect, test } from "bun:test";
import type { NodeDefinition } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { broken, FRAME_SAMPLES, failingAt, Script, speaker, text, translator } from "./doubles.ts";
import { drive, finals } from "./driven.ts";

describe("nodes that take texts", () => {
  const said = [text("u1", "abc"), text("u2", "de"), text("u3", "f")];

  test.each([1, 2, 3])("a translation that failed at text %i is done again, and only that one", async (n) => {
    const driven = await drive([{ definition: translator(failingAt(n)), attempts: 2 }], { frames: said });
    expect(finals(driven)).toEqual(["cba", "ed", "f"]);
    expect(driven.counters.retries).toBe(1);
  });

  test.each([1, 2, 3, 4, 5, 6])("speech that broke off after frame %i goes on where it stopped", async (n) => {
    const whole = await driveNode(speaker(new Script()), {}, { frames: said });
    const failAfter = (emitted: number) => {
      if (emitted === n) throw broken();
    };
    const driven = await drive([{ definition: speaker(new Script(), { failAfter }), attempts: 2 }], { frames: said });
    expect(driven.frames()).toEqual(whole.frames());
  });

  test("another voice says a broken-off text from its beginning, with positions that go on", async () => {
    const failAfter = (emitted: number) => {
      if (emitted === 4) throw broken("VENDOR_KEY_REFUSED");
    };
    const driven = await drive(
      [{ definition: speaker(new Script(), { failAfter }) }, { definition: speaker(new Script(), { voice: 1000 }) }],
      { frames: said },
    );
    const spoken = driven.frames().flatMap((f) => (f.kind === "audio" ? [f] : []));
    expect(spoken.map((f) => f.pcm[0]! - "a".charCodeAt(0))).toEqual([0, 1, 2, 3, 1003, 1004, 1005]);
    expect(spoken.map((f) => f.startSample)).toEqual(spoken.map((_, i) => i * FRAME_SAMPLES));
  });

  test("a second final of the same utterance is another unit of work", async () => {
    const frames = [text("u1", "abc"), text("u1", "de", { revision: 2 })];
    const driven = await drive([{ definition: translator(failingAt(2)), attempts: 2 }], { frames });
    expect(finals(driven)).toEqual(["cba", "ed"]);
  });

  test("a final that went out before its text failed is not sent again", async () => {
    let failures = 1;
    const inner = translator(new Script());
    const definition: NodeDefinition = {
      ...inner,
      create: async (config, ctx) => {
        const node = await inner.create(config, ctx);
        if (!("run" in node)) return node;
        return {
          run: (input, emit, signal) =>
            node.run(
              input,
              async (frame) => {
                await emit(frame);
                if (failures-- === 1) throw broken();
              },
              signal,
            ),
        };
      },
    };
    const driven = await drive([{ definition, attempts: 2 }], { frames: said });
    expect(finals(driven)).toEqual(["cba", "ed", "f"]);
  });
});
