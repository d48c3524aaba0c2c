import { describe, expect, test } from "bun:test";
import { drawGraph, drawSvg, drawText, reportPlan } from "#engine/workflow";
import { planned } from "#test/planning";

const plan = await planned(
  `parlando: 1
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr:
    use: azure.asr
    from: vad
    gate: { mode: close }
    with: { region: here, key: "\${secret:azure}" }
    fallback: [{ use: pocketsphinx.asr }]
  speak:
    each: { target: [es, de] }
    nodes:
      translate: { use: apertium.translate, from: asr, with: { source: en, target: "\${each.target}" } }
      voice: { use: espeak.tts, from: translate, with: { voice: "\${each.target}" } }
    outputs: { audio: voice }
  speech: { use: core.wav, from: "speak[es].audio", with: { path: out.wav } }
  notes: { use: core.print, from: { from: asr, where: { language: en } } }
bargeIn: { when: vad, minMs: 250, flush: [speech] }
`,
  { secrets: { azure: "example" } },
);

const drawings = {
  svg: drawSvg(plan),
  text: drawText(plan),
  mermaid: drawGraph(plan, "mermaid"),
  dot: drawGraph(plan, "dot"),
  plan: JSON.stringify(reportPlan(plan)),
};

describe.each(Object.entries(drawings))("the drawing as %s shows", (format, drawn) => {
  test.each([
    ["what takes over", /then pocketsphinx\.asr/],
    ["the gate", format === "mermaid" || format === "dot" ? /gate: close/ : /closed in silence/],
    ["what an edge lets through", /where language en/],
    ["both copies", /speak\[es\][\s\S]*speak\[de\]/],
    ["who silences whom", /250 ms of speech/],
  ])("%s", (_what, pattern) => {
    expect(drawn).toMatch(pattern);
  });
});

test("a barge-in is a wire of its own in the picture, and in the key below it", () => {
  expect(drawings.svg).toMatch(
    /class="wire speech silences"[^>]*><title>vad\.speech silences speech after 250 ms of speech/,
  );
  expect(drawings.svg).toContain("silences who speaks");
});
