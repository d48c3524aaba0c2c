import { expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, describeNode, fromEnv, type NodePage, path, secret } from "#engine/plugin";

const ear = defineNode({
  type: "acme.ear",
  summary: "Hears.",
  role: "asr",
  inputs: {
    audio: {
      kinds: ["audio", "speech"],
      requires: ["speech"],
      audio: { sampleRateHz: [16000, 8000], channels: 1, frameMs: 20 },
    },
    hints: { kinds: ["text"], textRoles: ["prompt"], optional: true },
  },
  outputs: ({ language, stereo }) => ({
    final: { kinds: ["text"], textRole: "transcript", language, default: true },
    echo: { kinds: ["audio"], audio: { sampleRateHz: 8000, channels: stereo ? 2 : 1, frameMs: 20 } },
    same: { kinds: ["audio"], audio: "same" },
    raw: { kinds: ["audio"] },
  }),
  config: z.strictObject({
    key: fromEnv(secret(z.string()), "ACME_KEY").describe("The key."),
    language: z.string().default("en"),
    stereo: z.boolean().default(true),
    grammar: path(z.string(), "read").optional(),
    words: z.record(z.string(), z.number()).optional(),
    range: z.tuple([z.number(), z.number()]).optional(),
    shape: z.strictObject({ rate: z.number(), depth: z.number() }).optional(),
  }),
  effects: ["network"],
  create: () => ({ onFrame() {} }),
});

const page: NodePage = describeNode(ear);
const field = (name: string) => page.fields.find((each) => each.name === name);

test("ports follow from the defaults, although a setting without one is missing", () => {
  expect(page.role).toBe("asr");
  expect(page.inputs).toEqual([
    "audio: audio, speech; 16000 or 8000 Hz, 1 channel, frames of 20 ms; needs speech",
    "hints: text; prompt; may stay unfed",
  ]);
  expect(page.outputs).toEqual([
    "final: text; transcript; en; default",
    "echo: audio; 8000 Hz, 2 channels, frames of 20 ms",
    "same: audio; the format that comes in",
    "raw: audio; a format known at the start",
  ]);
});

test("a role that a setting without a default decides is left out", () => {
  const script = defineNode({
    type: "acme.script",
    summary: "Plays a part.",
    role: ({ as }) => (as.startsWith("s") ? "source" : "sink"),
    inputs: {},
    outputs: {},
    config: z.strictObject({ as: z.string() }),
    create: () => ({ onFrame() {} }),
  });
  expect(describeNode(script).role).toBeUndefined();
});

test.each([
  ["key", "string", ["secret", "from ACME_KEY"]],
  ["grammar", "string", ["a path to read"]],
  ["words", "mapping to number", []],
  ["range", "list: number, then number", []],
  ["shape", "mapping with rate, depth", []],
])("the field %s is a %s, marked %p", (name, type, marks) => {
  expect(field(name)).toMatchObject({ type, marks });
});

test("a field is required where nothing stands in for it, its default and description are told", () => {
  expect(field("key")).toMatchObject({ required: true, description: "The key." });
  expect(field("language")).toMatchObject({ required: false, default: "en" });
});
