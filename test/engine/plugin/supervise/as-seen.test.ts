import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, EngineError, type NodeDefinition, supervise, withFallback, withRetry } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { audio, broken, FRAME_SAMPLES, failingAt, RATE, recogniser, Script, speaker } from "./doubles.ts";
import { drive, finals, SAID, talk } from "./driven.ts";

describe("what the workflow sees", () => {
  test("one candidate with one attempt and no limit stays as it is", () => {
    const candidate = { definition: recogniser(new Script(), "inline"), config: {}, attempts: 1 };
    expect(supervise({ candidates: [candidate] })).toBe(candidate);
  });

  test("the face of the first candidate, with the effects of all", () => {
    const first = recogniser(new Script(), "inline");
    const second = { ...recogniser(new Script(), "task", "b"), effects: ["network"] as const };
    const { definition } = supervise({
      candidates: [
        { definition: first, config: {}, attempts: 1 },
        { definition: second, config: {}, attempts: 1 },
      ],
    });
    expect(definition).toMatchObject({ type: "double.inline", shape: "task", effects: ["network"] });
    expect(definition.role({})).toBe("asr");
    expect(Object.keys(definition.outputs({}))).toEqual(["partial", "final"]);
  });

  test("ports of another name stand for each other where both are the default", async () => {
    const other = {
      ...recogniser(new Script(), "task", "b "),
      inputs: () => ({ sound: { kinds: ["audio", "speech"] as const } }),
    };
    const driven = await drive([
      { definition: recogniser(failingAt(1, broken("VENDOR_KEY_REFUSED")), "inline") },
      { definition: other },
    ]);
    expect(finals(driven)).toEqual(SAID.map((t) => `b ${t}`));
  });

  test("an output that the candidate itself does not declare is its failure", async () => {
    const inner = recogniser(new Script(), "task");
    const definition: NodeDefinition = { ...inner, outputs: () => ({ final: { kinds: ["text"] } }) };
    const driven = await drive([{ definition }, { definition: recogniser(new Script(), "inline") }]);
    expect(driven.events).toMatchObject([{ type: "fallback", code: "NODE_PROTOCOL" }]);
    expect(finals(driven)).toEqual(SAID);
  });

  test("a candidate with another audio format is refused before anything runs", () => {
    const first = speaker(new Script());
    const second: NodeDefinition = {
      ...speaker(new Script()),
      outputs: () => ({ audio: { kinds: ["audio"], audio: { sampleRateHz: 22050, channels: 1 } } }),
    };
    expect(() =>
      supervise({ candidates: [first, second].map((definition) => ({ definition, config: {}, attempts: 1 })) }),
    ).toThrow(/22050 Hz.*16000 Hz/);
  });

  test.each([0, -1, 1.5])("%p attempts are refused", (attempts) => {
    expect(() => supervise({ candidates: [{ definition: speaker(new Script()), config: {}, attempts }] })).toThrow(
      EngineError,
    );
  });

  test("a source that has sent something is not opened again", async () => {
    let opened = 0;
    const source = (sent: number) =>
      defineNode({
        type: "double.source",
        summary: "Breaks off.",
        role: "source",
        shape: "task",
        inputs: {},
        outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE, channels: 1 } } },
        config: z.strictObject({}),
        create: () => ({
          async run(_, emit) {
            opened++;
            for (let i = 0; i < sent; i++) await emit(audio(i * FRAME_SAMPLES));
            if (opened < 3) throw broken();
          },
        }),
      });
    await drive([{ definition: source(0), attempts: 3 }], {});
    expect(opened).toBe(3);
    opened = 0;
    expect(await rejectionOf(drive([{ definition: source(2), attempts: 3 }], {}))).toMatchObject({
      code: "VENDOR_FAILED",
    });
    expect(opened).toBe(1);
  });

  test("withRetry and withFallback keep the node's own config", async () => {
    const script = failingAt(3);
    const definition = withRetry(
      { ...recogniser(script, "task"), config: z.strictObject({ words: z.number().default(1) }) },
      2,
    );
    expect(finals(await driveNode(definition, { words: 2 }, { frames: talk }))).toEqual(SAID);
    const other = { definition: recogniser(new Script(), "inline"), config: {} };
    const fallback = withFallback(recogniser(failingAt(3, broken("VENDOR_KEY_REFUSED")), "task"), other);
    expect(finals(await driveNode(fallback, {}, { frames: talk }))).toEqual(SAID);
  });
});
