import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import {
  EngineError,
  type FindLocal,
  type Local,
  localsAmong,
  type NodeTypes,
  needsStandIn,
  standIn,
} from "#engine/plugin";
import { type Finding, type PlanOptions, readYaml } from "#engine/workflow";

const answer = z.strictObject({ use: z.string(), with: z.record(z.string(), z.unknown()).default({}) });

/** What answers, by node id or node type: one node, or several where a node does the work of several. */
const answersSchema = z.strictObject({
  answers: z.record(z.string(), z.union([answer, z.array(answer).min(1).max(20)])),
});
type Answers = z.output<typeof answersSchema>["answers"];

export interface Offline {
  /** Absent where there is an error among the findings. */
  readonly offline?: NonNullable<PlanOptions["offline"]>;
  readonly findings: readonly Finding[];
}

/**
 * What answers where there is no network: what the file says of a node or its type, else what node types of this machine declare.
 * @param file relative to `cwd`; left out: what is declared alone.
 */
export async function readOffline(types: NodeTypes, cwd: string, file?: string): Promise<Offline> {
  await types.loadAll(); // whatever is here may be what answers
  const { value, findings } =
    file === undefined ? { value: { answers: {} }, findings: [] } : await read(resolve(cwd, file), file);
  if (!value) return { findings };
  return {
    findings,
    offline: ({ id, definition, config }) =>
      standIn(definition, config, finder(types, value.answers, id, definition.type)),
  };
}

async function read(path: string, name: string) {
  const text = await readFile(path, "utf8").catch(() => {
    throw new EngineError("FILE_NOT_FOUND", `--answers ${name}: there is no such file`);
  });
  return readYaml(text, answersSchema, name);
}

function finder(types: NodeTypes, answers: Answers, id: string, type: string): FindLocal {
  const key = Object.hasOwn(answers, id) ? id : type;
  const given = Object.hasOwn(answers, key) ? [answers[key]!].flat().map((each) => localOf(types, each, key)) : [];
  const declared = localsAmong(types.all());
  return (role, wanted) => {
    const at = given.findIndex(({ definition, config }) => definition.role(config) === role);
    return at < 0 ? declared(role, wanted) : given.splice(at, 1)[0]!;
  };
}

function localOf(types: NodeTypes, { use, with: settings }: z.output<typeof answer>, key: string): Local {
  const where = `answers.${key}`;
  const definition = types.get(use);
  if (!definition) throw new EngineError("CONFIG_INVALID", `${where}.use: no plugin has the node type ${use}`);
  if (needsStandIn(definition))
    throw new EngineError("CONFIG_INVALID", `${where}.use: ${use} needs the network itself`);
  const { data, error } = definition.config.safeParse(settings);
  if (error) throw new EngineError("CONFIG_INVALID", `${where}.with: ${z.prettifyError(error)}`);
  return { definition, config: data };
}
