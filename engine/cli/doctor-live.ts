import { join, resolve } from "node:path";
import { WavReader } from "#engine/audio";
import { EngineError, fieldFacts, type NodeDefinition, needsStandIn } from "#engine/plugin";
import { type Console, EXIT, type World } from "./command.ts";

export interface LiveRequest {
  /** The name of a plugin. */
  readonly vendor: string;
  /** `NAME=VALUE` for settings that the environment does not fill. */
  readonly settings: Readonly<Record<string, string>>;
  /** A recording of speech, in a language that the service is set to; left out: the English sample. */
  readonly recording?: string;
  /** Where what the vendor said is kept, scrubbed; left out: nowhere. */
  readonly record?: string;
}

/** How much of a recording a recogniser is given; of the sample a sentence. */
const SPEECH_MS = 4000;
export const TEXTS = ["Hello.", "Good morning to you."];
/** By the machine's clock, for one check. */
const CHECK_MS = 120_000;

/** Runs the suites of a vendor's nodes against the service itself, with the user's own key; exit status 1 when a promise was broken. */
export async function doctorLive(request: LiveRequest, console: Console, world: World): Promise<number> {
  const { vendor, settings, record } = request;
  const plugin = world.types.plugins.find(({ name }) => name === vendor);
  const nodes = plugin?.nodes.filter(needsStandIn) ?? [];
  if (nodes.length === 0)
    throw new EngineError("CONFIG_INVALID", `--live ${vendor}: no plugin of that name calls a service`);
  const speech = await speechOf(request.recording, world.cwd);
  let broken = 0;
  let tried = 0;
  for (const definition of nodes) {
    const config = settingsOf(definition, settings, world.environment);
    const unset = missing(definition, config);
    if (unset.length > 0) {
      console.err(`left out ${definition.type}: ${unset.join(", ")}`);
      continue;
    }
    tried++;
    broken += await tryNode(
      { definition, config, speech, ...(record !== undefined && { record: resolve(world.cwd, record) }) },
      console,
      world,
    );
  }
  if (tried === 0)
    throw new EngineError("SECRET_MISSING", `--live ${vendor}: credentials are missing; set what is named above`);
  console.err(broken === 0 ? `${vendor} keeps its promises, live, on ${today()}` : `${broken} broken`);
  return broken === 0 ? EXIT.done : EXIT.failed;
}

export interface Trial {
  readonly definition: NodeDefinition;
  readonly config: Readonly<Record<string, unknown>>;
  readonly speech: { readonly pcm: Int16Array; readonly sampleRateHz: number };
  readonly record?: string;
}

/** How many checks were broken. */
async function tryNode({ definition, config, speech, record }: Trial, console: Console, world: World): Promise<number> {
  const { liveChecks, RecordingNetwork } = await import("#engine/testing");
  const kept: string[] = [];
  const network = new RecordingNetwork(world.household.network, {
    secrets: secretsOf(definition, config),
    record: (message) => void kept.push(JSON.stringify(message)),
  });
  const checks = liveChecks({ definition, config, network, speech, texts: TEXTS });
  if (!checks) {
    console.err(`left out ${definition.type}: its role has no suite that runs against a service`);
    return 0;
  }
  let broken = 0;
  for (const { name, run } of checks) {
    const error = await within(run());
    console.out(`${error === undefined ? "ok    " : "BROKEN"} ${name}${error === undefined ? "" : `: ${error}`}`);
    if (error !== undefined) broken++;
  }
  if (record !== undefined) {
    const path = join(record, `${definition.type}.${today()}.jsonl`);
    await Bun.write(path, network.blotted(kept.map((line) => `${line}\n`).join("")));
    console.err(`wrote ${path} (${kept.length} messages)`);
  }
  return broken;
}

/** What went wrong, in words without secrets: messages of errors hold none. */
async function within(work: Promise<void>): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it has not ended after ${CHECK_MS / 1000} s`), CHECK_MS);
  });
  const done = work.then(
    () => undefined,
    (error: unknown) =>
      error instanceof EngineError
        ? `${error.code} ${error.message}`
        : error instanceof Error
          ? error.message
          : String(error),
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the command line says, else what the environment says by the names that fields declare. */
export function settingsOf(
  definition: NodeDefinition,
  given: LiveRequest["settings"],
  environment: World["environment"],
) {
  const config: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(definition.config.shape)) {
    const fromEnvironment = fieldFacts(schema)
      .env?.map((variable) => environment[variable])
      .find(Boolean);
    const value = given[name] ?? fromEnvironment;
    if (value !== undefined) config[name] = schema.safeParse(value).success ? value : jsonOf(value);
  }
  return config;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What its settings still need, in words that show no value. */
export function missing(definition: NodeDefinition, config: unknown): string[] {
  const { error } = definition.config.safeParse(config);
  return (error?.issues ?? []).map(({ path }) => {
    const name = String(path[0] ?? "settings");
    const schema = definition.config.shape[name];
    const variables = (schema && fieldFacts(schema).env) ?? [];
    return variables.length > 0 ? `${name} (${variables.join(" or ")})` : `${name} (--with ${name}=…)`;
  });
}

export const secretsOf = (definition: NodeDefinition, config: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(config).flatMap(([name, value]) => {
    const schema = definition.config.shape[name];
    const facts = schema ? fieldFacts(schema) : {};
    return (facts.secret || facts.env) && (typeof value === "string" || typeof value === "number")
      ? [String(value)]
      : [];
  });

const SAMPLE = join(import.meta.dir, "../../workflows/samples/recording.wav");

/** What recognisers are told. @param recording relative to `cwd`; left out: the sample. */
export async function speechOf(recording: string | undefined, cwd: string): Promise<Trial["speech"]> {
  const path = recording === undefined ? SAMPLE : resolve(cwd, recording);
  const file = Bun.file(path);
  if (!(await file.exists())) throw new EngineError("FILE_NOT_FOUND", `${path}: there is no such recording`);
  const reader = new WavReader();
  const pcm = reader.push(await file.bytes());
  const { sampleRateHz, channels } = reader.info!;
  if (channels !== 1) throw new EngineError("AUDIO_FORMAT_UNSUPPORTED", `${path}: ${channels} channels, wanted one`);
  return { pcm: pcm.slice(0, (SPEECH_MS * sampleRateHz) / 1000), sampleRateHz };
}

export const today = (): string => new Date().toISOString().slice(0, 10);
