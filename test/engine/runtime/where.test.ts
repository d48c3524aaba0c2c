import { expect, test } from "bun:test";
import type { Frame } from "#engine/frames";
import type { FrameTest } from "#engine/workflow";
import { audio, collector, planOf, sourceOf, startPlan, text } from "#test/doubles";

const FRAMES: readonly Frame[] = [
  text("hola", 0, { language: "es-MX", confidence: 0.9, channel: 0, speaker: "ana" }),
  text("bon dia", 320, { language: "ca", confidence: 0.4, channel: 1, role: "translation" }),
  text("si", 640, { final: false, language: "ES" }),
  text("nothing is known of this", 960),
  audio(1280),
  { kind: "speech", mark: "start", utterance: "u", atSample: 1600, sampleRateHz: 16000 },
  { kind: "data", topic: "volume", value: 1, atSample: 1920, sampleRateHz: 16000 },
];
/** Frames of kinds that are not asked. */
const OTHERS = ["audio", "start", "volume"];

const nameOf = (frame: Frame): string =>
  frame.kind === "text"
    ? frame.text
    : frame.kind === "speech"
      ? frame.mark
      : frame.kind === "data"
        ? frame.topic
        : frame.kind;

test.each<{ readonly name: string; readonly where: readonly FrameTest[]; readonly passed: readonly string[] }>([
  { name: "a language, with those more precise", where: [{ language: "es" }], passed: ["hola", "si", ...OTHERS] },
  { name: "one of several languages", where: [{ language: ["ca", "es-MX"] }], passed: ["hola", "bon dia", ...OTHERS] },
  { name: "a role", where: [{ role: "translation" }], passed: ["bon dia", ...OTHERS] },
  { name: "finals", where: [{ final: true }], passed: ["hola", "bon dia", "nothing is known of this", ...OTHERS] },
  { name: "partials", where: [{ final: false }], passed: ["si", ...OTHERS] },
  { name: "a least confidence", where: [{ confidence: { min: 0.6 } }], passed: ["hola", ...OTHERS] },
  { name: "a largest confidence", where: [{ confidence: { max: 0.4 } }], passed: ["bon dia", ...OTHERS] },
  { name: "a channel", where: [{ channel: 1 }], passed: ["bon dia", ...OTHERS] },
  { name: "one of several channels", where: [{ channel: [0, 1] }], passed: ["hola", "bon dia", ...OTHERS] },
  { name: "a speaker", where: [{ speaker: "ana" }], passed: ["hola", ...OTHERS] },
  {
    name: "a topic",
    where: [{ topic: "level" }],
    passed: ["hola", "bon dia", "si", "nothing is known of this", "audio", "start"],
  },
  {
    name: "a mark",
    where: [{ mark: "end" }],
    passed: ["hola", "bon dia", "si", "nothing is known of this", "audio", "volume"],
  },
  { name: "all of several tests", where: [{ language: "es" }, { final: true }], passed: ["hola", ...OTHERS] },
])("an edge lets through $name, and counts the rest as dropped for it", async ({ where, passed }) => {
  const sink = collector();
  const plan = planOf({ source: sourceOf(FRAMES), sink: sink.definition }, [["source", "sink", { where }]]);
  const report = await startPlan(plan).run.done;
  expect(sink.got.map(nameOf).sort()).toEqual([...passed].sort());
  const [edge] = report.edges;
  expect(edge).toMatchObject({ in: { frames: FRAMES.length }, out: { frames: passed.length } });
  expect(edge?.dropped.where?.frames).toBe(FRAMES.length - passed.length);
});

test("two edges from one output are asked by themselves", async () => {
  const [spanish, catalan] = [collector(), collector()];
  const plan = planOf({ source: sourceOf(FRAMES.slice(0, 3)), es: spanish.definition, ca: catalan.definition }, [
    ["source", "es", { where: [{ language: "es" }] }],
    ["source", "ca", { where: [{ language: "ca" }] }],
  ]);
  await startPlan(plan).run.done;
  expect([spanish, catalan].map(({ got }) => got.map(nameOf))).toEqual([["hola", "si"], ["bon dia"]]);
});
