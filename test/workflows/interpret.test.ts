import { expect, test } from "bun:test";
import { join } from "node:path";
import { NodeTypes } from "#engine/plugin";
import { planWorkflow } from "#engine/workflow";
import apertium from "#plugins/apertium";
import core from "#plugins/core";
import espeak from "#plugins/espeak";
import pocketsphinx from "#plugins/pocketsphinx";
import webrtc from "#plugins/webrtc";

const cwd = join(import.meta.dir, "../..");
const lint = () =>
  planWorkflow(
    { path: "workflows/interpret.yaml" },
    {
      types: new NodeTypes([core, webrtc, pocketsphinx, apertium, espeak]),
      purpose: "lint",
      environment: {},
      secret: () => undefined,
      cwd,
    },
  );

test("the interpret workflow is sound with the real node types", async () => {
  const { plan, findings } = await lint();
  expect(findings.filter((each) => each.severity !== "note")).toEqual([]);
  expect(plan?.nodes.filter((node) => !node.inserted).map((node) => `${node.id} ${node.type}`)).toEqual([
    "inputs.talk core.file",
    "vad webrtc.vad",
    "asr pocketsphinx.asr",
    "translate apertium.translate",
    "voice espeak.tts",
    "speech core.wav",
    "subtitles core.subtitles",
    "live core.print",
  ]);
  // the format of the recording and the length of its frames are known, so the detector gets them as they are
  expect(plan?.nodes.filter((node) => node.inserted)).toEqual([]);
});
