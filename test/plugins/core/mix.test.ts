import { describe, expect, test } from "bun:test";
import type { AudioFrame } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import core from "#plugins/core";
import { rejectionOf } from "#test/rejection";
import { concat, counting, framesOf } from "#test/signals";

const mix = core.nodes.find((node) => node.type === "core.mix")!;

const mixed = async (config: object, frames: Record<string, AudioFrame[]>) => {
  const driven = await driveNode(mix, config, { frames });
  const out = driven.frames("audio") as AudioFrame[];
  return {
    pcm: [...concat(...out.map(({ pcm }) => pcm))],
    starts: out.map(({ startSample }) => startSample),
    ...driven,
  };
};

describe("core.mix", () => {
  test("adds its inputs, each with its gain, where their positions say", async () => {
    const { pcm, starts } = await mixed(
      { inputs: ["talk", "music"], gainDb: { music: -20 } },
      {
        talk: framesOf(new Int16Array(640).fill(100)),
        music: framesOf(new Int16Array(320).fill(1000), { startSample: 320 }),
      },
    );
    expect(pcm).toEqual([...new Array(320).fill(100), ...new Array(320).fill(200)]);
    expect(starts).toEqual([0, 320]);
  });

  test("counts samples that did not fit", async () => {
    const loud = framesOf(new Int16Array(320).fill(20000));
    const { pcm, counters } = await mixed({}, { in1: loud, in2: loud });
    expect(new Set(pcm)).toEqual(new Set([32767]));
    expect(counters).toEqual({ clippedSamples: 320 });
  });

  test("does not wait for an input for longer than it may, and counts what comes too late", async () => {
    const { pcm, counters } = await mixed(
      { waitMs: 0 },
      { in1: framesOf(new Int16Array(640).fill(1)), in2: framesOf(new Int16Array(640).fill(5)) },
    );
    expect(pcm).toEqual(new Array(640).fill(1));
    expect(counters).toEqual({ lateSamples: 640 });
  });

  test("gives frames of the wanted length, and a shorter last one", async () => {
    const { starts } = await mixed({ frameMs: 10 }, { in1: framesOf(counting(400)), in2: [] });
    expect(starts).toEqual([0, 160, 320]);
  });

  test("its inputs follow its config and take its one format", () => {
    const ports = (config: object) => mix.inputs(mix.config.parse(config));
    expect(Object.keys(ports({}))).toEqual(["in1", "in2"]);
    expect(ports({ inputs: ["talk"], sampleRateHz: 8000, channels: 2 })).toEqual({
      talk: { kinds: ["audio"], audio: { sampleRateHz: 8000, channels: 2 } },
    });
  });

  test("audio of another format is an error that names the input", async () => {
    expect(await rejectionOf(mixed({}, { in1: [], in2: framesOf(counting(320), { rateHz: 8000 }) }))).toMatchObject({
      code: "AUDIO_FORMAT_UNSUPPORTED",
      message: expect.stringContaining("in2: 8000 Hz"),
    });
  });

  test.each([
    { config: { inputs: 0 }, name: "no input" },
    { config: { inputs: ["a", "a"] }, name: "two inputs of one name" },
    { config: { inputs: ["a", "b"], gainDb: { c: 1 } }, name: "a gain for no input" },
    { config: { inputs: ["A b"] }, name: "a name that no reference can hold" },
  ])("$name is no config", ({ config }) => {
    expect(mix.config.safeParse(config).success).toBe(false);
  });
});
