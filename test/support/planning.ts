import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, type Plan, type PlanOptions, planWorkflow } from "#engine/workflow";
import { planningTypes } from "./node-types.ts";

export type Asked = Partial<PlanOptions> & {
  /** By name; no other is set. */
  readonly secrets?: Readonly<Record<string, string>>;
};

/** Plans a text as the file `w.yaml` in `/flows`, for lint and with nothing set unless the options say otherwise. */
export const planText = (text: string, { secrets = {}, ...options }: Asked = {}, dir = "/flows") =>
  planWorkflow({ text, name: "w.yaml", dir }, { ...planOptions(secrets), ...options });

export const planOptions = (secrets: Readonly<Record<string, string>> = {}): PlanOptions => ({
  types: planningTypes(),
  purpose: "lint",
  environment: {},
  secret: (name) => secrets[name],
  cwd: "/cwd",
});

/** The plan of a text that has to have one; what is wrong with it is the error otherwise. */
export async function planned(text: string, asked: Asked = {}): Promise<Plan> {
  const { plan, findings } = await planText(text, asked);
  if (!plan)
    throw new Error(findings.map((each) => `${each.line}:${each.column} ${each.code} ${each.message}`).join("\n"));
  return plan;
}

/** `line:column CODE` of each finding that is more than a note. */
export const brief = (findings: readonly Finding[]): string[] =>
  findings.filter((each) => each.severity !== "note").map((each) => `${each.line}:${each.column} ${each.code}`);

/** A new folder with these files. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "parlando-workflow-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/**
 * A text with what is expected of it written into it: `«CODE»` stands before the place of a finding, and is taken out.
 * @returns the bare text, and `line:column CODE` in order.
 */
export function marked(text: string): { text: string; expected: string[] } {
  const expected: string[] = [];
  const lines = text.split("\n").map((line, index) => {
    let bare = "";
    for (const part of line.split(/(«[A-Z_]+»)/)) {
      if (/^«.*»$/.test(part)) expected.push(`${index + 1}:${[...bare].length + 1} ${part.slice(1, -1)}`);
      else bare += part;
    }
    return bare;
  });
  return { text: lines.join("\n"), expected };
}
