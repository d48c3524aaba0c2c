import { join } from "node:path";
import { z } from "zod";
import { EngineError } from "#engine/errors";
import type { GatewayStream } from "#engine/plugin";
import type { EmulatorOptions } from "#engine/server";
import { readYaml } from "#engine/workflow";

/** What is behind an emulated vendor, and how it is told to people. */
export interface Behind {
  readonly workflows: EmulatorOptions["workflows"];
  readonly told: readonly string[];
}

/** Of the workflows that come with Parlando. */
const WORKFLOWS = join(import.meta.dir, "../../workflows");
const RECOGNISER = join(WORKFLOWS, "transcribe.yaml");
/** The vendors' clients ask for the vendors' voices, which this machine does not have: it speaks with its own. */
const SPEAKER = { file: join(WORKFLOWS, "speak.yaml"), params: { voice: "en" } };

/** A sentence for each stretch of this length, for ten minutes. */
const STRETCH_MS = 2000;
const STRETCHES = 300;

const scriptFile = z.strictObject({
  results: z.array(z.looseObject({ text: z.string() })).min(1),
  table: z.record(z.string(), z.string()).optional(),
});
type Script = z.output<typeof scriptFile>;

/** @throws EngineError CONFIG_INVALID with what is wrong where. */
export function readScript(text: string, file: string): Script {
  const { value, findings } = readYaml(text, scriptFile, file);
  const [first] = findings;
  if (value) return value;
  throw new EngineError("CONFIG_INVALID", `${file}:${first?.line}:${first?.column} ${first?.message}`);
}

const standard = (): Script => ({
  results: Array.from({ length: STRETCHES }, (_, i) => ({
    text: `scripted sentence ${i + 1}`,
    partials: "auto",
    words: "auto",
    fromMs: i * STRETCH_MS,
    untilMs: (i + 1) * STRETCH_MS,
  })),
});

/** A recogniser that says what its script says, with translations into capitals, or by the script's table. */
function scripted({ results, table }: Script): string {
  const byTime = results.some((result) => "untilMs" in result);
  const translated = { as: "translate", otherwise: "upper", language: "${each.target}", ...(table && { table }) };
  return JSON.stringify({
    parlando: 1,
    name: "scripted-recogniser",
    inputs: { talk: { kind: "audio" } },
    params: { source: { type: "string", default: "en" }, targets: { type: "list", default: ["es"] } },
    nodes: {
      ...(!byTime && { vad: { use: "webrtc.vad", from: "inputs.talk" } }),
      asr: {
        use: "core.script",
        from: byTime ? "inputs.talk" : "vad",
        with: {
          as: "asr",
          language: "${params.source}",
          blocking: false,
          results,
          ...(!byTime && { afterLast: "repeat" }),
        },
      },
      translate: {
        each: { target: "${params.targets}" },
        use: "core.script",
        from: "asr.final",
        with: translated,
      },
    },
    outputs: { texts: ["asr.partial", "asr.final", "translate"] },
  });
}

/** What answers where nothing was named: a script where text is wanted, this machine's voice where audio is. */
export function behindByDefault(
  streams: readonly GatewayStream[],
  given: { readonly script?: Script; readonly local: boolean },
): Behind {
  const listens = streams.some(({ output }) => output === "text");
  const speaks = streams.some(({ output }) => output === "audio");
  const script = given.script ?? standard();
  const heard = given.script
    ? `a script of ${script.results.length} results`
    : `a script: "scripted sentence 1", 2, 3, …, one for each ${STRETCH_MS / 1000} s of audio, whatever is said`;
  return {
    workflows: [
      ...(listens ? [given.local ? { file: RECOGNISER } : { text: scripted(script) }] : []),
      ...(speaks ? [SPEAKER] : []),
    ],
    told: [
      ...(listens ? [`recognition: ${given.local ? "this machine, English (workflows/transcribe.yaml)" : heard}`] : []),
      ...(speaks ? ["synthesis: this machine (workflows/speak.yaml), whatever voice is asked for"] : []),
    ],
  };
}
