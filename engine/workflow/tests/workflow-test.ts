import type { Finding } from "../finding.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";
import type { Expectation, Fixture, Mock } from "./format.ts";

/** One entry of `tests`, checked by itself; whether the workflow has what it names is another question. */
export interface WorkflowTest {
  readonly name: string;
  /** Where it stands, from 1. */
  readonly line: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly in: Readonly<Record<string, Fixture>>;
  readonly mock: Readonly<Record<string, Mock>>;
  readonly expect: Expectation;
  /** Why it cannot pass on this machine, though the workflow can be run: a recording that is not there. */
  readonly faults: readonly Finding[];
  /** Absolute; what its paths are relative to. */
  readonly dir: string;
  /** For findings about it. */
  readonly yaml: YamlFile;
  readonly path: Path;
}

/** A reference to a port as a test writes it, to any node of the plan: `part/asr.final`, `speak[es]`, `inputs.talk`, `outputs.captions`. */
export interface TestedPort {
  readonly node: string;
  readonly port?: string;
}

const ID = String.raw`[a-z][a-z0-9-]*(?:\[[^\]/]+\])?`;
const TESTED = new RegExp(String.raw`^((?:${ID}\/)*(?:inputs\.[A-Za-z][\w-]*|${ID}))(?:\.([A-Za-z][\w-]*))?$`);

/** Undefined where it is none. */
export function testedPort(written: string): TestedPort | undefined {
  const parts = TESTED.exec(written);
  if (!parts) return undefined;
  return { node: parts[1]!, ...(parts[2] !== undefined && { port: parts[2] }) };
}
