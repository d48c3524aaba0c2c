import type { z } from "zod";
import { type Finding, sortFindings } from "../finding.ts";
import { check } from "./check.ts";
import { parseYaml } from "./parse-yaml.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface YamlRead<T> {
  /** Absent where there is an error among the findings. */
  readonly value?: T;
  readonly findings: readonly Finding[];
  /** The places of what was read, for findings of the caller's own; absent where the syntax is broken. */
  readonly yaml?: YamlFile;
}

/**
 * Reads a YAML 1.2 file of at most 1 MiB against a schema. Nothing is thrown: every fault of syntax and every issue of the schema is a
 * finding at its line and column.
 * @param file the name that findings carry.
 * @param hidden true for places whose values findings must not show.
 */
export function readYaml<T>(
  text: string,
  schema: z.ZodType<T>,
  file: string,
  hidden?: (path: readonly PropertyKey[]) => boolean,
): YamlRead<T> {
  const { yaml, findings: faults } = parseYaml(text, file);
  if (!yaml) return { findings: faults };
  const { value, findings: issues } = check(schema, yaml.value, {
    yaml,
    what: "the file",
    where: (path) => path,
    ...(hidden && { hidden }),
  });
  const findings = sortFindings([...faults, ...issues], file);
  const sound = value !== undefined && findings.every((finding) => finding.severity !== "error");
  return { ...(sound && { value }), findings, yaml };
}
