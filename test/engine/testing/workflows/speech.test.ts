import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { defineNode, definePlugin, EngineError, type NodeDefinition, z } from "#engine/plugin";
import { runWorkflowTests } from "#engine/testing";
import { deliveredTypes } from "#test/built-in-types";
import { enginesMissing } from "#test/engines";
import { folderWith } from "#test/planning";

setDefaultTimeout(60_000);

/** Speaks a second for each word, and counts how often it was asked. */
function speaker(): { definition: NodeDefinition; asked: string[] } {
  const asked: string[] = [];
  const definition = defineNode({
    type: "double.tts",
    summary: "Speaks a tone.",
    role: "tts",
    inputs: { text: { kinds: ["text"] } },
    outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: 8000, channels: 1 } } },
    config: z.strictObject({ missing: z.boolean().default(false) }),
    create: ({ missing }) => {
      if (missing) throw new EngineError("ENGINE_MISSING", "nothing here can speak");
      return {
        onFrame(frame, emit) {
          if (frame.kind !== "text") return;
          asked.push(frame.text);
          const pcm = new Int16Array(8000 * frame.text.split(" ").length).fill(1000);
          emit({ kind: "audio", pcm, sampleRateHz: 8000, channels: 1, startSample: 0, utterance: frame.utterance });
        },
      };
    },
  });
  return { definition, asked };
}

const workflow = (node: string, tests: string) => `parlando: 1
inputs: { talk: { kind: audio } }
nodes:
  copy: { use: core.wav, from: inputs.talk, with: { path: "\${run.dir}/copy.wav" } }
${node}tests:
${tests}`;

const spoken = (name: string, more = "") =>
  `  - { name: ${name}, in: { talk: [{ speech: one two, use: double.tts${more} }, { silence: 500 }] }, expect: { ports: { inputs.talk: { audioMs: 2500 } } } }\n`;

async function run(text: string, definition: NodeDefinition) {
  const types = deliveredTypes().with([definePlugin({ name: "double", nodes: [definition] })]);
  const cwd = folderWith({ "w.yaml": text });
  const [file] = await runWorkflowTests(["w.yaml"], { types, environment: {}, secret: () => undefined, cwd });
  return file!.tests;
}

describe("speech in a fixture", () => {
  test("is made by the node type that is named, once for all tests that say the same", async () => {
    const { definition, asked } = speaker();
    const tests = await run(workflow("", spoken("a") + spoken("b") + spoken("c")), definition);
    expect(tests.map(({ status, mediaMs }) => [status, mediaMs])).toEqual(Array(3).fill(["passed", 2500]));
    expect(asked).toEqual(["one two"]);
  });

  test("skips its test where nothing speaks, and no other", async () => {
    const { definition } = speaker();
    const tests = await run(workflow("", spoken("a", ", with: { missing: true }") + spoken("b")), definition);
    expect(tests.map(({ status, reason }) => [status, reason])).toEqual([
      ["skipped", "nothing here can speak"],
      ["passed", undefined],
    ]);
  });

  test("fails its test where the node type is not there", async () => {
    const text = workflow("", spoken("a").replace("double.tts", "double.stt"));
    const [result] = await run(text, speaker().definition);
    expect(result?.problems).toEqual([
      { what: "what the test gives cannot be made", lines: ["CONFIG_INVALID no plugin has the node type double.stt"] },
    ]);
  });

  test.skipIf(enginesMissing.includes("espeak-ng"))(
    "is made by a synthesiser of this machine where none is named",
    async () => {
      const tests = `  - { name: a, in: { talk: [{ speech: one two three }, { speech: uno dos, language: es }] }, expect: { ports: { inputs.talk: { audioMs: { min: 1000 } } } } }\n`;
      expect(await run(workflow("", tests), speaker().definition)).toMatchObject([{ status: "passed", problems: [] }]);
    },
  );
});

describe("a test whose workflow needs what is not installed", () => {
  const node =
    "  say: { use: double.tts, from: words, with: { missing: true } }\n  words: { use: core.script, with: { as: source, events: [{ atMs: 0, text: hi }] } }\n";

  test("is skipped", async () => {
    const tests = await run(
      workflow(node, "  - { name: a, in: { talk: [{ silence: 100 }] } }\n"),
      speaker().definition,
    );
    expect(tests).toMatchObject([{ status: "skipped", problems: [] }]);
    expect(tests[0]?.reason).toContain("nothing here can speak");
  });

  test("passes where the test expects just that", async () => {
    const expected = "expect: { ends: { error: ENGINE_MISSING, node: say } }";
    const text = workflow(node, `  - { name: a, in: { talk: [{ silence: 100 }] }, ${expected} }\n`);
    expect(await run(text, speaker().definition)).toMatchObject([{ status: "passed", problems: [] }]);
  });
});
