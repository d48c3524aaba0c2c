import { expect, test } from "bun:test";
import { nodeFiles, verifiedBy } from "./node-pages.ts";

test("the page of every node that calls a service says what verified it, and whether the service itself did", () => {
  const pages = [
    "aliyun.asr",
    "aliyun.tts",
    "rtvt.asr",
    "rtvt.interpret",
    "tencent.asr",
    "tencent.file-asr",
    "tencent.tts",
  ];
  for (const type of pages)
    expect(nodeFiles.get(`docs/nodes/${type}.md`)).toMatch(
      /## What verified it\n\n- offline: .+\n- live: (?:not yet|20\d\d-)/,
    );
});

test("a node of this machine says nothing of services", () => {
  expect(verifiedBy({ type: "espeak.tts", effects: ["program"], role: "tts" })).toBe("");
  expect(verifiedBy({ type: "core.webhook", effects: ["network"], role: "sink" })).toBe("");
});
