import { expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, EngineError } from "#engine/plugin";
import { covers } from "#test/covers";
import { microphone, planningTypes, typesWithoutConverter } from "#test/node-types";
import { type Asked, brief, marked, planText } from "#test/planning";

interface Case extends Asked {
  readonly name: string;
  /** With `«CODE»` before the place of each finding. */
  readonly text: string;
}

const HEAD = "parlando: 1\nname: w\n";
/** A workflow with an input that lint leaves open, and these nodes. */
const nodes = (lines: string): string => `${HEAD}inputs: { talk: { kind: audio } }\nnodes:\n${lines}`;
const TALKING = nodes(`  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad }
  voice: { use: espeak.tts, from: asr, with: { voice: es } }
`);
const table = (title: string, cases: readonly Case[]) =>
  test.each([...cases])(`${title}: $name`, async ({ text: written, name: _, ...options }) => {
    covers("E8");
    const { text, expected } = marked(written);
    const { plan, findings } = await planText(text, options);
    expect(brief(findings)).toEqual(expected);
    expect(plan === undefined).toBe(findings.some((finding) => finding.severity === "error"));
  });

table("the file", [
  { name: "is empty", text: "«VALUE_TYPE»" },
  { name: "is a list", text: "«VALUE_TYPE»- a\n- b\n" },
  { name: "is a word", text: "«VALUE_TYPE»hello\n" },
  { name: "lacks version and nodes", text: "«KEY_MISSING»«KEY_MISSING»name: w\n" },
  { name: "has no nodes", text: "parlando: 1\n«KEY_MISSING»nodes: {}\n" },
  {
    name: "is of a later version",
    text: "parlando: «WORKFLOW_VERSION»2\nnodes: { say: { use: core.print, from: «NODE_UNKNOWN»x } }\n",
  },
  {
    name: "has a key twice",
    text: nodes("  a: { use: webrtc.vad, from: inputs.talk }\n  «YAML_DUPLICATE_KEY»a: { use: core.print }\n"),
  },
  { name: "is indented with a tab", text: `${HEAD}nodes:\n«YAML_TAB»\ta: 1\n` },
  { name: "holds two documents", text: `${HEAD}nodes: {}\n«YAML_MULTIPLE_DOCUMENTS»---\na: 1\n` },
  { name: "leaves a bracket open", text: `${HEAD}nodes: { a: [\n«YAML_INVALID»` },
  {
    name: "names no anchor",
    text: nodes("  a: { use: core.wav, from: inputs.talk, with: { path: «VALUE_TYPE»«YAML_ALIAS»*x } }\n"),
  },
  {
    name: "has an anchor inside itself",
    text: nodes("  a: { use: webrtc.vad, from: inputs.talk, with: &w { x: «YAML_ALIAS»*w } }\n").replace(
      "{ x:",
      "{ «KEY_UNKNOWN»x:",
    ),
  },
  {
    name: "has a list as a key",
    text: `${HEAD}? «YAML_KEY»[a]\n: 1\nnodes: { v: { use: test.microphone } }\n`,
    types: planningTypes(microphone),
  },
  {
    name: "has a key that is an object's own",
    text: `${HEAD}«YAML_KEY»__proto__: 1\n«KEY_UNKNOWN»constructor: 1\nnodes: { v: { use: test.microphone } }\n`,
    types: planningTypes(microphone),
  },
]);

table("barge-in", [
  { name: "of nothing", text: `${TALKING}bargeIn: «VALUE_TYPE»7\n` },
  { name: "without flush", text: `${TALKING}«KEY_MISSING»bargeIn: { when: vad }\n` },
  {
    name: "with a misspelt word",
    text: `${TALKING}bargeIn: { when: vad, flush: [voice], «KEY_UNKNOWN»minMss: 100 }\n`,
  },
  {
    name: "with too long a time",
    text: `${TALKING}bargeIn: { when: vad, flush: [voice], minMs: «VALUE_OUT_OF_RANGE»60000 }\n`,
  },
  { name: "that flushes nothing", text: `${TALKING}bargeIn: { when: vad, flush: «VALUE_OUT_OF_RANGE»[] }\n` },
  {
    name: "that flushes a node that is not there",
    text: `${TALKING}bargeIn: { when: vad, flush: [«NODE_UNKNOWN»voise] }\n`,
  },
  {
    name: "that flushes a copy that is not there",
    text: `${TALKING}bargeIn: { when: vad, flush: [«NODE_UNKNOWN»"voice[es]"] }\n`,
  },
  { name: "that flushes a port", text: `${TALKING}bargeIn: { when: vad, flush: [«VALUE_FORMAT»voice.audio] }\n` },
  { name: "that flushes who is listened to", text: `${TALKING}bargeIn: { when: vad, flush: [«BARGE_IN_UNFIT»vad] }\n` },
  { name: "by a node that is not there", text: `${TALKING}bargeIn: { when: «NODE_UNKNOWN»vadd, flush: [voice] }\n` },
  { name: "by texts", text: `${TALKING}bargeIn: { when: «BARGE_IN_UNFIT»asr, flush: [voice] }\n` },
]);

table("words", [
  {
    name: "a misspelt top key",
    text: `${HEAD}«KEY_UNKNOWN»ouputs: {}\nnodes: { v: { use: test.microphone } }\n`,
    types: planningTypes(microphone),
  },
  {
    name: "a misspelt node key",
    text: nodes("  a: { use: webrtc.vad, «KEY_UNKNOWN»form: inputs.talk, from: inputs.talk }\n"),
  },
  {
    name: "a setting beside use",
    text: nodes("  a: { use: webrtc.vad, from: inputs.talk, «KEY_UNKNOWN»preRollMs: 3 }\n"),
  },
  {
    name: "an engine word inside with",
    text: nodes("  a: { use: webrtc.vad, from: inputs.talk, with: { «KEY_UNKNOWN»retry: 3 } }\n"),
  },
  {
    name: "a misspelt setting",
    text: nodes("  a: { use: webrtc.vad, from: inputs.talk, with: { «KEY_UNKNOWN»aggresiveness: 3 } }\n"),
  },
  {
    name: "a misspelt setting inside a list",
    text: nodes(
      "  a:\n    use: core.subtitles\n    from: inputs.words\n    with: { path: a.srt, lines: [{ language: en, max: 3, «KEY_UNKNOWN»maxx: 3 }] }\n",
    ).replace("talk: { kind: audio }", "words: { kind: text }"),
  },
  { name: "a node without use", text: nodes("  «KEY_MISSING»a: { from: inputs.talk }\n") },
  { name: "a node that is no mapping", text: nodes("  a: «VALUE_TYPE»7\n") },
  {
    name: "a bad node id",
    text: nodes(
      "  «NAME_INVALID»Vad: { use: webrtc.vad, from: inputs.talk }\n  b: { use: webrtc.vad, from: inputs.talk }\n",
    ),
  },
  {
    name: "a node called inputs",
    text: nodes("  «NAME_INVALID»inputs: { use: webrtc.vad }\n  b: { use: webrtc.vad, from: inputs.talk }\n"),
  },
  {
    name: "a misspelt node type",
    text: nodes(
      "  a: { use: «NODE_TYPE_UNKNOWN»webrtc.vat, from: inputs.talk }\n  b: { use: pocketsphinx.asr, from: a.anything }\n",
    ),
  },
  {
    name: "a gate that no speech mark reaches",
    text: nodes("  a: { use: pocketsphinx.asr, from: inputs.talk, «GATE_UNFED»gate: { mode: close } }\n"),
  },
  {
    name: "a gate before what takes no audio",
    text: nodes(`  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad, gate: { mode: hold } }
  shown: { use: core.print, from: asr, «WORD_NOT_HERE»gate: {} }
`),
  },
  {
    name: "words of a later version",
    text: nodes(`  a: { use: webrtc.vad, from: inputs.talk }
  c: { use: core.print, from: { from: inputs.words, «KEY_RESERVED»record: true } }
`).replace("talk: { kind: audio }", "talk: { kind: audio }, words: { kind: text }"),
  },
  {
    name: "a copy of a node that has none",
    text: nodes(
      '  a: { use: webrtc.vad, from: inputs.talk }\n  b: { use: pocketsphinx.asr, from: «NODE_UNKNOWN»"a[es]" }\n',
    ),
  },
  {
    name: "values out of range and of the wrong type",
    text: nodes(`  a:
    use: webrtc.vad
    from: inputs.talk
    with: { aggressiveness: «VALUE_NOT_ALLOWED»7, preRollMs: «VALUE_OUT_OF_RANGE»5000, endpointMs: «VALUE_TYPE»soon, maxSegmentMs: «VALUE_TYPE»1000.5 }
    retry: { attempts: «VALUE_OUT_OF_RANGE»0 }
    onFailure: «VALUE_NOT_ALLOWED»contniue
    timeouts: { openMs: «VALUE_TYPE»x }
    label: «VALUE_TYPE»[a]
limits: { startMs: «VALUE_OUT_OF_RANGE»0, «KEY_UNKNOWN»idelMs: 3 }
`),
  },
  {
    name: "a setting that is needed",
    text: nodes(
      "  a: { use: core.wav, from: inputs.talk, «KEY_MISSING»with: {} }\n  «KEY_MISSING»b: { use: core.wav, from: inputs.talk }\n",
    ),
  },
  {
    name: "defaults of unknown types and settings",
    text: `${nodes("  a: { use: webrtc.vad, from: inputs.talk }\n")}defaults:\n  «NODE_TYPE_UNKNOWN»webrtc.vod: {}\n  core.wav: { «KEY_UNKNOWN»paht: x }\n  webrtc.vad: { aggressiveness: «VALUE_NOT_ALLOWED»9 }\n`,
  },
]);

table("params and interpolation", [
  {
    name: "an unknown param",
    text: `${nodes('  a: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: «PARAM_UNKNOWN»"${params.prerol}" } }\n')}params: { preroll: { type: integer, default: 3 } }\n`,
  },
  {
    name: "unknown forms",
    text: nodes(`  a:
    use: espeak.tts
    from: inputs.talk
    with: { voice: «INTERPOLATION_INVALID»"\${parms.x}" }
  b: { use: espeak.tts, from: inputs.talk, with: { voice: «INTERPOLATION_INVALID»"a \${open" } }
`).replace("kind: audio", "kind: text"),
  },
  {
    name: "an unquoted one inside braces is one finding, and the rest is still read",
    text: `${nodes("  a: { use: webrtc.vad, with: { preRollMs: «YAML_UNQUOTED»${params.p} }, from: inputs.talk }\n  b: { use: webrtc.vad, from: «NODE_UNKNOWN»inputs.tolk }\n")}params: { p: { type: integer, default: 3 } }\n`,
  },
  {
    name: "the type of a param is kept",
    text: `${nodes('  a: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: «VALUE_TYPE»"${params.p}" } }\n')}params: { p: { type: string, default: "300" } }\n`,
  },
  {
    name: "faulty declarations",
    text: `${nodes("  a: { use: webrtc.vad, from: inputs.talk }\n")}params:
  a: { type: «VALUE_NOT_ALLOWED»sting }
  «KEY_MISSING»b: { type: choice }
  c: { type: string, «WORD_NOT_HERE»of: [a] }
  d: { type: string, pattern: «VALUE_FORMAT»"(" }
  e: { type: integer, min: «VALUE_OUT_OF_RANGE»3, max: 2 }
  f: { type: integer, default: «PARAM_INVALID»x }
  g: { type: integer, max: 5, default: «PARAM_INVALID»6 }
  h: { type: language, default: «PARAM_INVALID»english_british }
  i: { type: url, default: «PARAM_INVALID»nowhere }
  j: { type: string, pattern: "[a-z]+", default: «PARAM_INVALID»A }
  k: { type: choice, of: [x, y], default: «PARAM_INVALID»z }
  l: { type: list, max: 1, default: «PARAM_INVALID»[a, b] }
  m: { type: boolean, default: «PARAM_INVALID»yes }
  n: { type: string, default: «INTERPOLATION_NOT_HERE»"\${params.a}" }
`,
  },
  {
    name: "params from outside",
    params: { rate: "fast", colour: "red" },
    text: `${nodes("  a: { use: webrtc.vad, from: inputs.talk }\n")}«PARAM_UNKNOWN»params:\n  rate: «PARAM_INVALID»{ type: integer, default: 3 }\n`,
  },
  {
    name: "a param without a value, for a run",
    purpose: "run",
    run: { id: "r", dir: "/r" },
    text: `${HEAD}params:\n  «PARAM_MISSING»rate: { type: integer }\nnodes:\n  a: { use: test.microphone }\n`,
    types: planningTypes(microphone),
  },
  {
    name: "an unset variable is a warning for lint",
    text: nodes('  a: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: «ENV_MISSING»"${env:PREROLL}" } }\n'),
  },
  {
    name: "and an error for a run",
    purpose: "run",
    run: { id: "r", dir: "/r" },
    text: `${HEAD}nodes:\n  m: { use: test.microphone }\n  a: { use: webrtc.vad, from: m, with: { preRollMs: «ENV_MISSING»"\${env:PREROLL}" } }\n`,
    types: planningTypes(microphone),
  },
  {
    name: "a variable that does not fit its field",
    environment: { PREROLL: "5000" },
    text: nodes(
      '  a: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: «VALUE_OUT_OF_RANGE»"${env:PREROLL}" } }\n',
    ),
  },
  {
    name: "a reference is not filled in",
    text: nodes(
      '  a: { use: webrtc.vad, from: «INTERPOLATION_NOT_HERE»"${params.x}" }\n  b: { use: «INTERPOLATION_NOT_HERE»"${params.x}.asr", from: a }\n',
    ),
  },
]);

const azure = (key: string): string => nodes(`  a: { use: azure.asr, from: inputs.talk, ${key} }\n`);
table("secrets", [
  { name: "missing in the first place", text: azure('with: { region: r, key: «SECRET_MISSING»"${secret:azure}" }') },
  { name: "neither written nor in the environment", text: azure("«SECRET_MISSING»with: { region: r }") },
  {
    name: "outside of a secret field",
    secrets: { azure: "k" },
    text: azure('with: { key: "${secret:azure}", region: «SECRET_EXPOSED»"x${secret:azure}" }'),
  },
  {
    name: "through a param, outside of a secret field",
    params: { k: "k" },
    text: `${azure('with: { key: "${params.k}", region: «SECRET_EXPOSED»"${params.k}" }')}params: { k: { type: secret } }\n`,
  },
  {
    name: "written into the file",
    text: azure('with: { key: «SECRET_WRITTEN»"written-here-by-mistake", region: r }'),
  },
  {
    name: "in a label",
    secrets: { azure: "k" },
    text: azure('label: «SECRET_EXPOSED»"${secret:azure}", with: { key: k, region: r }'),
  },
  {
    name: "in a param that is no secret",
    secrets: { azure: "k" },
    text: `${nodes("  a: { use: webrtc.vad, from: inputs.talk }\n")}params: { k: { type: string, default: «SECRET_EXPOSED»"\${secret:azure}" } }\n`,
  },
  {
    name: "of a fallback leaves it out",
    text: nodes(
      '  v: { use: webrtc.vad, from: inputs.talk }\n  a: { use: pocketsphinx.asr, from: v, fallback: [{ use: azure.asr, with: { region: r, key: «CANDIDATE_LEFT_OUT»"${secret:azure}" } }] }\n',
    ),
  },
]);

const fussy = defineNode({
  type: "test.fussy",
  summary: "Refuses some settings in its own words, and some not before it is asked for its ports.",
  role: "sink",
  inputs: ({ least }) => {
    if (least === 0) throw new EngineError("CONFIG_INVALID", "least may not be 0 here");
    if (least === 1) throw new Error("a fault of the plugin's");
    return { audio: { kinds: ["audio"] } };
  },
  outputs: {},
  config: z
    .strictObject({ least: z.number().default(2), most: z.number().default(9) })
    .refine(({ least, most }) => least <= most, { message: "least is more than most", path: ["least"] }),
  create: () => ({ onFrame() {} }),
});

table("node types with a will of their own", [
  {
    name: "a refinement",
    types: planningTypes(fussy),
    text: nodes("  f: { use: test.fussy, from: inputs.talk, with: { least: «VALUE_INVALID»10 } }\n"),
  },
  {
    name: "a refusal in the ports",
    types: planningTypes(fussy),
    text: nodes("  f: { use: «NODE_BROKEN»test.fussy, from: inputs.talk, with: { least: 0 } }\n"),
  },
  {
    name: "a fault in the ports",
    types: planningTypes(fussy),
    text: nodes("  f: { use: «NODE_BROKEN»test.fussy, from: inputs.talk, with: { least: 1 } }\n"),
  },
  {
    name: "a run without a folder",
    purpose: "run",
    types: planningTypes(microphone),
    text: `${HEAD}nodes:\n  m: { use: test.microphone }\n  w: { use: core.wav, from: m, with: { path: «INTERPOLATION_NOT_HERE»"\${run.dir}/a.wav" } }\n`,
  },
]);

table("references and ports", [
  {
    name: "a node that is not there",
    text: nodes(
      "  vad: { use: webrtc.vad, from: inputs.talk }\n  a: { use: pocketsphinx.asr, from: «NODE_UNKNOWN»vda }\n",
    ),
  },
  { name: "an input that is not there", text: nodes("  vad: { use: webrtc.vad, from: «NODE_UNKNOWN»inputs.tlak }\n") },
  { name: "an input without the word inputs", text: nodes("  vad: { use: webrtc.vad, from: «NODE_UNKNOWN»talk }\n") },
  {
    name: "a port that is not there",
    text: nodes(
      "  vad: { use: webrtc.vad, from: inputs.talk }\n  a: { use: pocketsphinx.asr, from: vad }\n  p: { use: core.print, from: [«PORT_UNKNOWN»a.finl, «PORT_UNKNOWN»a.words] }\n",
    ),
  },
  {
    name: "an input port that is not there",
    text: nodes("  vad: { use: webrtc.vad, in: { «PORT_UNKNOWN»adio: inputs.talk } }\n"),
  },
  {
    name: "a node with several inputs and no default",
    text: nodes("  m: { use: core.mix, «PORT_AMBIGUOUS»from: inputs.talk }\n"),
  },
  {
    name: "a sink is no source",
    text: nodes(
      "  w: { use: core.wav, from: inputs.talk, with: { path: a.wav } }\n  v: { use: webrtc.vad, from: «NODE_NO_OUTPUT»w }\n",
    ),
  },
  {
    name: "a source takes no input",
    text: nodes("  m: { use: test.microphone, «INPUT_UNWANTED»from: inputs.talk }\n"),
    types: planningTypes(microphone),
  },
  {
    name: "fed by from and in",
    text: nodes("  v: { use: webrtc.vad, from: inputs.talk, in: { «INPUT_FED_TWICE»audio: inputs.talk } }\n"),
  },
  {
    name: "the same output twice",
    text: nodes(
      "  v: { use: webrtc.vad, from: inputs.talk }\n  a: { use: pocketsphinx.asr, from: v }\n  p: { use: core.print, from: [a, «INPUT_FED_TWICE»a.final] }\n",
    ),
  },
  {
    name: "no reference at all",
    text: nodes(
      "  v: { use: webrtc.vad, from: «VALUE_TYPE»7 }\n  w: { use: webrtc.vad, from: «VALUE_OUT_OF_RANGE»[] }\n  x: { use: webrtc.vad, from: «VALUE_FORMAT»A.b.c }\n",
    ),
  },
  {
    name: "a faulty edge",
    text: nodes(
      "  v: { use: webrtc.vad, from: { from: inputs.talk, buffer: { «KEY_UNKNOWN»msec: 3, whenFull: «VALUE_NOT_ALLOWED»drop } } }\n  w: { use: webrtc.vad, «KEY_MISSING»from: { buffer: { ms: 3 } } }\n",
    ),
  },
  {
    name: "outputs that lead nowhere",
    text: `${nodes("  v: { use: webrtc.vad, from: inputs.talk }\n")}outputs: { a: «NODE_UNKNOWN»x, b: [v, «PORT_UNKNOWN»v.y], c: «VALUE_TYPE»{ from: v } }\n`,
  },
  {
    name: "unfed inputs",
    text: nodes("  «INPUT_UNFED»v: { use: webrtc.vad }\n  a: { use: pocketsphinx.asr, from: v }\n"),
  },
  {
    name: "a node that no source reaches",
    text: nodes("  «NODE_UNREACHABLE»m: { use: core.mix }\n  w: { use: core.wav, from: m, with: { path: a.wav } }\n"),
  },
  {
    name: "kinds that do not fit",
    text: nodes(
      "  v: { use: webrtc.vad, from: inputs.talk }\n  t: { use: apertium.translate, from: «INPUT_REFUSED»v, with: { source: en, target: es } }\n",
    ),
  },
  {
    name: "a text of another role",
    text: nodes(
      "  t: { use: apertium.translate, from: inputs.talk, with: { source: en, target: es } }\n  u: { use: apertium.translate, from: «INPUT_REFUSED»t, with: { source: en, target: es } }\n",
    ).replace("kind: audio", "kind: text"),
  },
  {
    name: "a kind that is needed and does not come",
    text: nodes("  a: { use: pocketsphinx.asr, from: «INPUT_LACKS_KIND»inputs.talk }\n"),
  },
  {
    name: "two streams of audio into one input",
    text: nodes("  v: { use: webrtc.vad, from: [inputs.talk, «AUDIO_TWICE»inputs.more] }\n").replace(
      "audio }",
      "audio }, more: { kind: audio }",
    ),
  },
  {
    name: "options that say nothing",
    text: nodes(
      "  v: { use: webrtc.vad, from: inputs.talk }\n  a: { use: pocketsphinx.asr, from: v }\n  p: { use: core.print, from: { from: «EDGE_WITHOUT_AUDIO»«EDGE_WITHOUT_AUDIO»a, channel: 1, buffer: { ms: 5 } } }\n",
    ),
  },
]);

table("circles", [
  {
    name: "of two",
    text: nodes(
      "  a: { use: core.mix, in: { a: «GRAPH_CYCLE»b } }\n  b: { use: core.mix, in: { a: a, b: inputs.talk } }\n",
    ),
  },
  {
    name: "of one, and what hangs behind is not blamed",
    text: nodes(
      "  a: { use: core.mix, in: { a: «GRAPH_CYCLE»a, b: inputs.talk } }\n  w: { use: core.wav, from: a, with: { path: a.wav } }\n",
    ),
  },
]);

table("audio", [
  {
    name: "nothing converts",
    types: typesWithoutConverter(),
    bindings: { talk: { location: "44k-2.wav" } },
    text: nodes("  v: { use: webrtc.vad, from: «AUDIO_UNFIT»inputs.talk }\n"),
  },
  {
    name: "a channel that is not there",
    bindings: { talk: { location: "44k-2.wav" } },
    text: nodes("  v: { use: webrtc.vad, from: { from: «CHANNEL_UNKNOWN»inputs.talk, channel: 2 } }\n"),
  },
  {
    name: "a broken default is a warning for lint",
    text: `${HEAD}inputs: { talk: { kind: audio, default: «INPUT_FAULTY»broken.wav } }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
  {
    name: "a broken default is an error for a run",
    purpose: "run",
    run: { id: "r", dir: "/r" },
    text: `${HEAD}inputs: { talk: { kind: audio, default: «INPUT_FAULTY»broken.wav } }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
  {
    name: "an absent default is an error for a run",
    purpose: "run",
    run: { id: "r", dir: "/r" },
    text: `${HEAD}inputs: { talk: { kind: audio, default: «INPUT_ABSENT»absent.wav } }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
]);

table("the workflow's own inputs", [
  {
    name: "unbound for a run",
    purpose: "run",
    run: { id: "r", dir: "/r" },
    text: `${HEAD}inputs:\n  «INPUT_UNBOUND»talk: { kind: audio }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
  {
    name: "a binding that is not declared",
    bindings: { tolk: { location: "16k-1.wav" } },
    text: `${HEAD}«INPUT_UNKNOWN»inputs:\n  talk: { kind: audio }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
  {
    name: "a kind that nothing opens",
    text: `${HEAD}inputs: { talk: { kind: text, default: «INPUT_FAULTY»a.txt } }\nnodes:\n  p: { use: core.print, from: inputs.talk }\n`,
  },
  {
    name: "read by nobody",
    text: `${HEAD}inputs: { talk: { kind: audio }, «INPUT_UNUSED»more: { kind: audio } }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
  {
    name: "a kind that is none",
    text: `${HEAD}inputs: { talk: { kind: «VALUE_NOT_ALLOWED»adio } }\nnodes:\n  v: { use: webrtc.vad, from: inputs.talk }\n`,
  },
]);
