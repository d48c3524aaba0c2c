import { describe, expect, test } from "bun:test";
import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  definePlugin,
  EngineError,
  type Frame,
  fromEnv,
  localsAmong,
  type NodeDefinition,
  NodeTypes,
  type OutputPorts,
  secret,
  standIn,
  type TextFrame,
} from "#engine/plugin";
import { newHousehold, type RunEvent, VirtualClock } from "#engine/runtime";
import { type Plan, planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import { AccountedRun } from "#test/accounted-run";
import { ears, spoken } from "#test/toy-vendor/ears";
import { microphone } from "#test/toy-vendor/run";

const RATE_HZ = 16_000;
const text = (role: "transcript" | "translation", language?: string) =>
  ({ kinds: ["text"], textRole: role, ...(language !== undefined && { language }) }) as const;
const partials = { carries: ["partials"] } as const;

/** A node type of a service that is not there. */
const far = (
  type: string,
  facts: Pick<NodeDefinition, "inputs"> & { outputs: OutputPorts; targets?: readonly string[] },
  role: "asr" | "interpret" | "tts" | "file-asr" | "sink",
) =>
  defineNode({
    type,
    summary: "Is far away.",
    role,
    inputs: facts.inputs({}),
    outputs: facts.outputs,
    config: z.strictObject({
      key: secret(fromEnv(z.string().min(3), "FAR_KEY")),
      size: z.number().int().default(1),
    }),
    ...(facts.targets && { languages: () => ({ source: "en", targets: facts.targets! }) }),
    effects: ["network"],
    create: () => {
      throw new Error("it was called");
    },
  });

const audioIn = () => ({ sound: { kinds: ["audio"] } }) as const;
const textIn = () => ({ words: { kinds: ["text"] } }) as const;
const TRANSCRIPT = { done: { ...text("transcript"), default: true }, open: { ...text("transcript"), ...partials } };
const farTypes: NodeDefinition[] = [
  far("far.asr", { inputs: audioIn, outputs: TRANSCRIPT }, "asr"),
  far("far.german", { inputs: audioIn, outputs: { done: text("transcript", "de") } }, "asr"),
  far(
    "far.interpret",
    {
      inputs: audioIn,
      outputs: {
        heard: text("transcript", "en"),
        said: { ...text("translation"), default: true },
        saying: { ...text("translation"), ...partials },
        voice: { kinds: ["audio"] },
      },
      targets: ["es", "fr"],
    },
    "interpret",
  ),
  far(
    "far.tts",
    { inputs: textIn, outputs: { voice: { kinds: ["audio"], default: true }, spoken: { kinds: ["text"] } } },
    "tts",
  ),
  far("far.mail", { inputs: textIn, outputs: {} }, "sink"),
];

const translate = defineNode({
  type: "near.translate",
  summary: "Puts the language before the text.",
  role: "translate",
  inputs: { text: { kinds: ["text"] } },
  outputs: { text: { ...text("translation"), ...partials } },
  config: z.strictObject({ target: z.string(), partials: z.boolean() }),
  standsIn: { role: "translate", settings: ({ targets, partials }) => ({ target: targets[0] ?? "", partials }) },
  create: ({ target, partials }) => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text" || !(frame.final || partials)) return;
      emit({ ...frame, role: "translation", language: target, text: `${target}: ${frame.text}` });
    },
  }),
});

/** A hundred samples for each letter, their value the length of the language's name. */
const speak = defineNode({
  type: "near.tts",
  summary: "Makes sound of letters.",
  role: "tts",
  inputs: { text: { kinds: ["text"] } },
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1 } } },
  config: z.strictObject({ voice: z.string() }),
  standsIn: { role: "tts", settings: ({ source = "unknown" }) => ({ voice: source }) },
  create: ({ voice }) => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text") return;
      const pcm = new Int16Array(frame.text.length * 100).fill(voice.length);
      emit({ kind: "audio", pcm, sampleRateHz: RATE_HZ, channels: 1, startSample: 0 });
    },
  }),
});

const hear: NodeDefinition = {
  ...ears,
  type: "near.asr",
  standsIn: {
    role: "asr",
    settings({ source }) {
      if (source === undefined || source === "en") return {};
      throw new EngineError("LANGUAGE_UNSUPPORTED", `only English is heard here, and this is ${source}`);
    },
  },
};

const near = [hear, translate, speak];
const types = (nodes: readonly NodeDefinition[] = near) =>
  new NodeTypes([core, definePlugin({ name: "near", nodes: [...nodes, ...farTypes] })]);

async function offline(workflow: string, frames: readonly Frame[], nodes: readonly NodeDefinition[] = near) {
  const known = types(nodes);
  const local = localsAmong(known.all());
  return planWorkflow(
    { text: workflow, name: "offline.yaml", dir: "/" },
    {
      types: known,
      purpose: "run",
      bindings: { talk: { definition: microphone(frames), config: {} } },
      environment: {},
      secret: () => undefined,
      cwd: "/",
      offline: ({ definition, config }) => standIn(definition, config, local),
    },
  );
}

async function run(plan: Plan) {
  const outputs: { readonly name: string; readonly frame: Frame }[] = [];
  const events: RunEvent[] = [];
  const clock = new VirtualClock();
  const stop = clock.drive();
  try {
    const options = {
      runId: "offline",
      clock,
      onOutput: (name: string, frame: Frame) => void outputs.push({ name, frame }),
      onEvent: (event: RunEvent) => void events.push(event),
    };
    const report = await new AccountedRun(plan, options, newHousehold()).done;
    return { report, outputs, events };
  } finally {
    stop();
  }
}

async function ran(workflow: string, frames: readonly Frame[], nodes: readonly NodeDefinition[] = near) {
  const { plan, findings } = await offline(workflow, frames, nodes);
  if (!plan) throw new Error(findings.map(({ code, message }) => `${code} ${message}`).join("; "));
  const { report, outputs, events } = await run(plan);
  expect(report.failures).toEqual([]);
  expect(report.state).toBe("done");
  const texts = outputs.flatMap(({ name, frame }) => (frame.kind === "text" ? [{ name, frame }] : []));
  const audio = outputs.flatMap(({ frame }) => (frame.kind === "audio" ? [frame] : []));
  const answered = events.flatMap((event) =>
    event.type === "node" && event.event.type === "offline" ? [[event.node, event.event.for, event.event.by]] : [],
  );
  return { texts, audio, answered };
}

const workflow = (nodes: string, outputs: string, kind = "audio") => `
parlando: 1
name: offline
inputs: { talk: { kind: ${kind} } }
nodes: { ${nodes} }
outputs: { ${outputs} }
`;
const words = (list: readonly { name: string; frame: TextFrame }[], name: string, final = true) =>
  list.filter((each) => each.name === name && each.frame.final === final).map(({ frame }) => frame.text);

describe("a node that needs the network, where there is none", () => {
  test("a recogniser is answered by one of this machine, under its own ports and without its key", async () => {
    const { texts, answered } = await ran(
      workflow("asr: { use: far.asr, from: inputs.talk, with: { size: 2 } }", "text: asr.done, growing: asr.open"),
      spoken(["one two", "three"]),
    );
    expect(words(texts, "text")).toEqual(["one two", "three"]);
    expect(words(texts, "growing", false)).toEqual(["one", "one two", "three"]);
    expect(answered).toEqual([["asr", "far.asr", ["near.asr"]]]);
  });

  test("an interpreter is answered by a recogniser, a translator for each target, and a voice", async () => {
    const { texts, audio, answered } = await ran(
      workflow(
        "both: { use: far.interpret, from: inputs.talk }",
        "heard: both.heard, said: both.said, saying: both.saying, voice: both.voice",
      ),
      spoken(["one two", "three"]),
    );
    expect(words(texts, "heard")).toEqual(["one two", "three"]);
    expect(words(texts, "said").sort()).toEqual(["es: one two", "es: three", "fr: one two", "fr: three"]);
    expect(words(texts, "saying", false)).toContain("fr: one");
    expect(answered).toEqual([["both", "far.interpret", ["near.asr", "near.translate", "near.tts"]]]);
    expect(audio.map(({ startSample }) => startSample)).toEqual(starts(audio));
    expect(audio.reduce((sum, { pcm }) => sum + pcm.length, 0)).toBe(
      100 * 2 * ("es: one two".length + "es: three".length),
    );
  });

  test("a synthesiser is answered by one for the language of each text, and says which words lie where", async () => {
    const { texts, audio } = await ran(
      workflow(
        "asr: { use: near.asr, from: inputs.talk }, tts: { use: far.tts, from: asr }",
        "voice: tts.voice, spoken: tts.spoken",
      ),
      spoken(["one two", "three"]),
    );
    expect(audio.map(({ pcm, startSample }) => [startSample, pcm.length])).toEqual([
      [0, 700],
      [700, 500],
    ]);
    expect(texts.map(({ frame }) => [frame.text, frame.startSample, frame.endSample])).toEqual([
      ["one two", 0, 700],
      ["three", 700, 1200],
    ]);
    expect(texts[0]?.frame.words).toEqual([
      { text: "one", startSample: 0, endSample: 350 },
      { text: "two", startSample: 350, endSample: 700 },
    ]);
  });

  test.each([
    {
      name: "a language that nothing here hears",
      use: "far.german",
      from: "inputs.talk",
      nodes: near,
      says: "LANGUAGE_UNSUPPORTED only English",
    },
    {
      name: "a role that nothing here has",
      use: "far.mail",
      from: "asr",
      nodes: near,
      says: "ENGINE_MISSING nothing here does the work of sink",
    },
    {
      name: "a part that is missing",
      use: "far.interpret",
      from: "inputs.talk",
      nodes: [hear, speak],
      says: "the work of translate",
    },
  ])("$name is an error before the run, and says what is missing", async ({ use, from, nodes, says }) => {
    const nodesText = `asr: { use: near.asr, from: inputs.talk }, it: { use: ${use}, from: ${from} }`;
    const { plan, findings } = await offline(workflow(nodesText, "text: asr"), spoken(["one"]), nodes);
    expect(plan).toBeUndefined();
    const errors = findings.filter(({ severity }) => severity === "error");
    expect(errors.map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(new RegExp(`^OFFLINE_UNANSWERED ${use} needs the network.*${says}`)),
    ]);
  });

  test("a setting that is wrong is still told of", async () => {
    const text = workflow("asr: { use: far.asr, from: inputs.talk, with: { size: big, colour: 1 } }", "text: asr.done");
    const { findings } = await offline(text, spoken(["one"]));
    expect(findings.map(({ code }) => code).sort()).toEqual(["KEY_UNKNOWN", "VALUE_TYPE"]);
  });

  test("what is no use of the network stays as it is", async () => {
    const { answered } = await ran(workflow("asr: { use: near.asr, from: inputs.talk }", "text: asr"), spoken(["one"]));
    expect(answered).toEqual([]);
  });
});

const starts = (audio: readonly AudioFrame[]): number[] => {
  let at = 0;
  return audio.map(({ pcm }) => {
    at += pcm.length;
    return at - pcm.length;
  });
};
