import type { FindingCode } from "./finding-codes.ts";

/** Stands before an example that does not say by itself what comes in. */
export const EXAMPLE_HEAD = "parlando: 1\ninputs: { talk: { kind: audio } }\n";

/** Nodes with an utterance's text in the end, for examples of what follows. */
const VAD = "  vad: { use: webrtc.vad, from: inputs.talk }\n";
const ASR = `${VAD}  asr: { use: pocketsphinx.asr, from: vad }\n`;
const nodes = (lines: string): string => `nodes:\n${lines}`;
const params = (line: string): string => `params:\n  ${line}\n${nodes(VAD)}`;

/** A workflow, or the part of one that matters, in which each code is found. What no text alone can show is a sentence after `#`. */
export const FINDING_EXAMPLES: Readonly<Partial<Record<FindingCode | (string & {}), string>>> = {
  WORKFLOW_NOT_FOUND: "# parlando lint absent.yaml",
  WORKFLOW_UNREADABLE: "# parlando lint of a folder, or of a file that may not be read",
  WORKFLOW_TOO_LARGE: "# a file of more than 1 MiB, or more than 5000 nodes with all includes",
  WORKFLOW_VERSION: "parlando: 2\nnodes: { say: { use: core.print } }\n",
  FIX_REFUSED: "# parlando lint --fix, where two misspelt keys would become one and the same",
  YAML_INVALID: nodes("  vad: { use: webrtc.vad, from: [\n"),
  YAML_ENCODING: "# a file in UTF-16 or Latin-1",
  YAML_TAB: "nodes:\n\tvad: { use: webrtc.vad, from: inputs.talk }\n",
  YAML_DUPLICATE_KEY: nodes(`${VAD}  vad: { use: webrtc.vad, from: inputs.talk }\n`),
  YAML_MULTIPLE_DOCUMENTS: `${nodes(VAD)}---\nparlando: 1\n`,
  YAML_UNQUOTED: `params: { ms: { type: integer, default: 300 } }\n${nodes("  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: ${params.ms} } }\n")}`,
  YAML_ALIAS: nodes("  vad: { use: webrtc.vad, from: inputs.talk, with: *settings }\n"),
  YAML_KEY: `? [a, list]\n: as a key\n${nodes(VAD)}`,
  YAML_TOO_DEEP: "# lists in lists in lists, more than 64 deep",
  KEY_UNKNOWN: nodes("  vad: { use: webrtc.vad, from: inputs.talk, with: { aggresiveness: 3 } }\n"),
  KEY_MISSING: nodes("  file: { use: core.wav, from: inputs.talk }\n"),
  KEY_RESERVED: nodes("  vad: { use: webrtc.vad, from: { from: inputs.talk, record: true } }\n"),
  VALUE_TYPE: nodes("  vad: { use: webrtc.vad, from: inputs.talk, with: { endpointMs: soon } }\n"),
  VALUE_NOT_ALLOWED: nodes("  vad: { use: webrtc.vad, from: inputs.talk, onFailure: contniue }\n"),
  VALUE_OUT_OF_RANGE: nodes("  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: 5000 } }\n"),
  VALUE_FORMAT: nodes("  vad: { use: webrtc.vad, from: Inputs.Talk.now }\n"),
  VALUE_INVALID: "# a rule of the node type's own, such as that one setting may not be larger than another",
  NAME_INVALID: nodes("  Vad: { use: webrtc.vad, from: inputs.talk }\n"),
  WORD_NOT_HERE: `params: { x: { type: string, default: a, of: [a, b] } }\n${nodes(VAD)}`,
  INTERPOLATION_INVALID: nodes('  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: "${env.MS}" } }\n'),
  INTERPOLATION_NOT_HERE: nodes('  vad: { use: webrtc.vad, from: "${params.input}" }\n'),
  PARAM_UNKNOWN: nodes('  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: "${params.ms}" } }\n'),
  PARAM_INVALID: params("ms: { type: integer, max: 5, default: 6 }"),
  PARAM_MISSING: params("ms: { type: integer }"),
  ENV_MISSING: nodes('  vad: { use: webrtc.vad, from: inputs.talk, with: { preRollMs: "${env:PRE_ROLL}" } }\n'),
  SECRET_MISSING: nodes('  asr: { use: aliyun.asr, from: inputs.talk, with: { appKey: "${secret:nls}" } }\n'),
  SECRET_EXPOSED: nodes('  file: { use: core.wav, from: inputs.talk, with: { path: "${secret:name}.wav" } }\n'),
  PATH_FORBIDDEN: "# posted to the API: a sink with `path: /etc/passwd`",
  EFFECT_FORBIDDEN: "# posted to the API: a node type that uses the microphone of the machine",
  NODE_TYPE_UNKNOWN: nodes("  vad: { use: webrtc.vat, from: inputs.talk }\n"),
  NODE_UNKNOWN: nodes(`${VAD}  asr: { use: pocketsphinx.asr, from: vda }\n`),
  NODE_UNREACHABLE: "# a node whose inputs may stay unfed, and that nothing feeds",
  NODE_NO_OUTPUT: nodes(
    "  file: { use: core.wav, from: inputs.talk, with: { path: a.wav } }\n  vad: { use: webrtc.vad, from: file }\n",
  ),
  NODE_BROKEN: "# a plugin whose ports cannot be told for these settings",
  CANDIDATE_LEFT_OUT: nodes(
    `${VAD}  asr: { use: pocketsphinx.asr, from: vad, fallback: [{ use: tencent.asr, with: { secretKey: "\${secret:tencent}" } }] }\n`,
  ),
  FALLBACK_UNFIT: nodes(`${VAD}  asr: { use: pocketsphinx.asr, from: vad, fallback: [{ use: core.print }] }\n`),
  GATE_UNFED: nodes("  asr: { use: pocketsphinx.asr, from: inputs.talk, gate: { mode: hold } }\n"),
  FALLBACK_POORER: "# a recogniser with word times whose fallback gives none, before a node that uses them",
  INCLUDE_NOT_FOUND: nodes("  part: { use: ./absent.yaml }\n"),
  INCLUDE_CYCLE: "# a.yaml uses ./b.yaml, and b.yaml uses ./a.yaml",
  PORT_UNKNOWN: nodes(`${ASR}  shown: { use: core.print, from: asr.finl }\n`),
  PORT_AMBIGUOUS: nodes("  mix: { use: core.mix, from: inputs.talk }\n"),
  INPUT_UNFED: nodes("  vad: { use: webrtc.vad }\n"),
  INPUT_UNWANTED: nodes(`  file: { use: core.file, from: inputs.talk, with: { path: a.wav } }\n`),
  INPUT_FED_TWICE: nodes("  vad: { use: webrtc.vad, from: inputs.talk, in: { audio: inputs.talk } }\n"),
  INPUT_REFUSED: nodes(`${VAD}  es: { use: apertium.translate, from: vad, with: { source: en, target: es } }\n`),
  INPUT_LACKS_KIND: "# a node that needs utterance marks, fed by audio alone",
  AUDIO_TWICE: `inputs: { talk: { kind: audio }, more: { kind: audio } }\n${nodes("  vad: { use: webrtc.vad, from: [inputs.talk, inputs.more] }\n")}`,
  GRAPH_CYCLE: nodes("  a: { use: core.convert, from: b }\n  b: { use: core.convert, from: a }\n"),
  CHANNEL_UNKNOWN: "# channel: 2 of a recording with two channels, of which the first is 0",
  EDGE_WITHOUT_AUDIO: nodes(`${ASR}  shown: { use: core.print, from: { from: asr, buffer: { ms: 100 } } }\n`),
  AUDIO_CONVERTED: nodes(`${ASR}  voice: { use: espeak.tts, from: asr }\n  again: { use: webrtc.vad, from: voice }\n`),
  AUDIO_UNFIT: "# audio that no plain conversion fits to the input",
  INPUT_UNBOUND: `${nodes(VAD)}# parlando run without --in talk=RECORDING\n`,
  INPUT_UNKNOWN: "# parlando run FILE --in tlak=a.wav",
  INPUT_UNUSED: `inputs: { talk: { kind: audio }, more: { kind: audio } }\n${nodes(VAD)}`,
  INPUT_FAULTY: "# parlando run FILE --in talk=notes.txt",
  INPUT_ABSENT: "# parlando run FILE --in talk=absent.wav",
  OFFLINE_UNANSWERED: "# parlando run FILE --offline, with a vendor's node for whose languages nothing is installed",
  WHERE_UNFIT: nodes(`${ASR}  shown: { use: core.print, from: { from: asr, where: { mark: start } } }\n`),
  WHERE_NEVER: "# where: { final: false } on an output that gives finals only",
};
