import { expect, test } from "bun:test";
import { drawGraph } from "#engine/workflow";
import { INTERPRET } from "#test/example-workflows";
import { planned } from "#test/planning";

test("a drawing shows nodes, ports, formats, conversions, fallbacks, policies and outputs", async () => {
  const drawing = drawGraph(await planned(INTERPRET, { secrets: { azure: "key" } }), "mermaid");
  expect(drawing).toContain('n0(["inputs.talk<br/>core.file"])');
  expect(drawing).toContain('n1{{"inputs.talk~1<br/>core.convert"}}');
  expect(drawing).toContain("asr<br/>pocketsphinx.asr<br/>then azure.asr<br/>up to 3 attempts");
  expect(drawing).toContain("subtitles<br/>core.subtitles<br/>may fail");
  expect(drawing).toContain('n0 ==>|"audio → audio<br/>audio<br/>44000 Hz, 2 ch"| n1');
  expect(drawing).toContain('n3 -->|"partial → text<br/>text<br/>1 frame, coalesce"| n8');
  expect(drawing).toContain('out1[/"outputs.speech"/]');
});

test.each(["mermaid", "dot"] as const)("nothing in a %s drawing can leave its quotes", async (format) => {
  const text = `parlando: 1
name: 'a "quoted" name'
inputs: { talk: { kind: audio } }
nodes: { v: { use: webrtc.vad, from: inputs.talk, label: 'x"] <b>; \\" {y}' } }
`;
  const drawing = drawGraph(await planned(text), format);
  for (const line of drawing.split("\n")) {
    const quotes = line.replace(/\\./g, "").split('"').length - 1;
    expect(quotes % 2).toBe(0);
  }
  expect(drawing).not.toContain(format === "mermaid" ? '"x"]' : 'label="x"]');
  if (format === "mermaid") expect(drawing).not.toContain("<b>");
});

test("a dot drawing is one graph", async () => {
  const drawing = drawGraph(await planned(INTERPRET), "dot");
  expect(drawing.startsWith('digraph "interpret" {\n')).toBe(true);
  expect(drawing.trimEnd().endsWith("}")).toBe(true);
  expect(drawing).toContain('n0 -> n1 [label="audio → audio\\naudio\\n44000 Hz, 2 ch", style=bold];');
});
