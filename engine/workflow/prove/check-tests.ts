import type { Finding } from "../finding.ts";
import { FIELD_KINDS, type FrameTest, isInLanguage } from "../frame-test.ts";
import type { WrittenTest } from "../read/draft.ts";
import type { DraftEdge } from "./connect.ts";

/** What `where` asks for that no frame on the edge has, or that none will ever be. */
export function checkTests(edge: DraftEdge): Finding[] {
  return (edge.options.where ?? []).flatMap((written) => {
    const fields = Object.keys(written.test).filter(isField);
    return fields.flatMap((field) => checkField(field, written, edge));
  });
}

const isField = (name: string): name is keyof FrameTest => Object.hasOwn(FIELD_KINDS, name);

function checkField(field: keyof FrameTest, { test, at }: WrittenTest, edge: DraftEdge): Finding[] {
  const kind = FIELD_KINDS[field];
  const path = [...at.path, field];
  if (!edge.kinds.includes(kind)) {
    const message = `${field} is a field of ${kind} frames, and the edge carries ${edge.kinds.join(" and ")}`;
    return [at.yaml.finding("WHERE_UNFIT", path, message, { at: "key" })];
  }
  const never = neverFits(field, test, edge);
  return never === undefined ? [] : [at.yaml.finding("WHERE_NEVER", path, never, { severity: "warning" })];
}

/** Why no frame of the output fits, as far as the output says what it gives. */
function neverFits(field: keyof FrameTest, test: FrameTest, { from, fromPort }: DraftEdge): string | undefined {
  const output = from.outputs[fromPort]!;
  const name = `${from.id}.${fromPort}`;
  if (field === "language" && output.language !== undefined && test.language !== undefined) {
    const wanted = typeof test.language === "string" ? [test.language] : test.language;
    const possible = wanted.some((range) => isInLanguage(output.language!, range));
    return possible ? undefined : `${name} gives ${output.language}`;
  }
  if (field === "role" && output.textRole !== undefined && test.role !== undefined) {
    const wanted = typeof test.role === "string" ? [test.role] : test.role;
    return wanted.includes(output.textRole) ? undefined : `${name} gives texts of role ${output.textRole}`;
  }
  const detail = field === "speaker" || field === "confidence" ? field : undefined;
  const lacks = detail && output.carries && !output.carries.includes(detail);
  return lacks ? `${name} gives no ${detail}, and a text without one does not fit` : undefined;
}
