import { describe, expect, test } from "bun:test";
import { drawSvg, drawText } from "#engine/workflow";
import { planned } from "#test/planning";

const TEXT = `parlando: 1
name: two ways
description: "a < b & c"
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad, retry: { attempts: 3 }, label: "</title><script>alert(1)</script>" }
  es: { use: apertium.translate, from: asr, with: { source: en, target: es } }
  voice: { use: espeak.tts, from: es, with: { voice: es } }
  kept: { use: core.wav, from: voice, with: { path: a.wav }, onFailure: continue }
  shown: { use: core.print, from: { from: asr.partial, buffer: { frames: 1, whenFull: latest } } }
outputs: { words: [asr.final, es] }
`;
const plan = await planned(TEXT);
const svg = drawSvg(plan);

/** Every tag that was opened and not closed in its order; nothing where it is well formed. */
function unclosed(text: string): string[] {
  const open: string[] = [];
  for (const [, close, name = "", empty] of text.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g))
    if (close) {
      if (open.at(-1) !== name) return [...open, `/${name}`];
      open.pop();
    } else if (!empty) open.push(name);
  return open;
}

describe("a picture of a workflow", () => {
  test("shows each node once, with its type and what is special about it", () => {
    for (const node of plan.nodes) expect(svg.split(`<title>${node.id}</title>`).length - 1).toBe(1);
    for (const words of ["pocketsphinx.asr", "3 attempts", "may fail", "put in by the plan"])
      expect(svg).toContain(words);
  });

  test("shows each edge with what it carries and what its queue does, and the outputs", () => {
    expect(svg.match(/<path class="wire [a-z]+( direct| out)?" d="M[-\d. CL]+"/g)?.length).toBe(
      plan.edges.length + plan.outputs.flatMap(({ from }) => from).length,
    );
    for (const words of ["16 kHz mono", "keeps the newest", "in the same call", "64 frames, then waits"])
      expect(svg).toContain(words);
  });

  test("is well formed, whatever names are in it, and needs nothing else", () => {
    expect(unclosed(svg)).toEqual([]);
    expect(svg).not.toContain("<script");
    expect(svg).toContain("a &#60; b &#38; c");
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|@import|url\(/);
  });

  test("is dark on dark screens", () => expect(svg).toContain("@media (prefers-color-scheme:dark)"));

  test("says in words what it shows", () => {
    expect(/<desc id="d">(.*)<\/desc>/.exec(svg)?.[1]).toContain("vad feeds asr");
  });
});

test("in a terminal, each node stands in full once, below what feeds it", () => {
  const lines = drawText(plan).split("\n");
  for (const { id, type, label } of plan.nodes)
    expect(lines.filter((line) => line.includes(`${label ?? id}  ${type}`)).length).toBe(1);
  expect(lines[0]).toBe("inputs.talk  inputs.unbound");
  expect(lines.join("\n")).toContain("partial: text ─▶ shown  core.print  (1 frame, keeps the newest)");
  expect(lines.join("\n")).toContain("final ⇢ output words");
});
