import { expect, test } from "bun:test";
import { describeNode } from "#engine/workflow";
import { cloudAsr, mix, vad, wav } from "#test/node-types";

test("a node type's page follows from its declaration", () => {
  expect(describeNode(vad)).toMatchObject({
    type: "webrtc.vad",
    role: "vad",
    inputs: ["audio: audio (16000 | 8000 | 32000 Hz; 1 ch; frames of 20 | 10 | 30 ms)"],
    outputs: ["speech: speech, audio (as it comes in)"],
  });
  expect(describeNode(vad).fields.slice(0, 2)).toEqual([
    {
      name: "aggressiveness",
      type: "0 | 1 | 2 | 3",
      required: false,
      default: 3,
      marks: [],
      description: "how strict",
    },
    {
      name: "preRollMs",
      type: "integer from 0 to 1000",
      required: false,
      default: 300,
      marks: [],
      description: "before the first voiced frame",
    },
  ]);
});

test("secret fields, environment names and paths are marked, and needed ones told", () => {
  expect(describeNode(cloudAsr).fields.map((field) => [field.name, field.required, field.marks])).toEqual([
    ["key", true, ["secret", "or from AZURE_SPEECH_KEY"]],
    ["region", true, []],
    ["model", false, []],
    ["timeoutMs", false, ["or from AZURE_TIMEOUT"]],
  ]);
  expect(describeNode(wav).fields[0]?.marks).toEqual(["path to write"]);
  expect(describeNode(cloudAsr).inputs).toEqual([]); // ports wait for settings that have no default
  expect(describeNode(mix).inputs).toEqual(["a: audio (1 ch; optional)", "b: audio (1 ch; optional)"]);
});
