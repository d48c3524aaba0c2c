import { check } from "../yaml/check.ts";
import type { DraftBargeIn, FlushedName } from "./draft.ts";
import { fillNumbers, readFeeds, splitReference } from "./feeds.ts";
import { bargeInSchema } from "./format.ts";
import type { FileContext } from "./loading.ts";

export function readBargeIn(written: unknown, context: FileContext): DraftBargeIn | undefined {
  const { loading, yaml, words } = context;
  const { findings } = loading;
  const path = ["bargeIn"];
  const request = { yaml, path, words, findings };
  const filled =
    typeof written === "object" && written !== null && "minMs" in written
      ? { ...written, minMs: fillNumbers(written.minMs, request, [...path, "minMs"]) }
      : written;
  const checked = check(bargeInSchema, filled, { yaml, what: "bargeIn", where: (inner) => [...path, ...inner] });
  findings.push(...checked.findings);
  if (!checked.value) return undefined;
  const { when, minMs, flush } = checked.value;
  const at = [...path, "when"];
  const names = flush.flatMap((name, index): FlushedName[] => {
    const place = [...path, "flush", index];
    const reference = splitReference(name);
    if (reference && reference.port === undefined && reference.node !== "inputs")
      return [{ node: reference.node, ...(reference.copy !== undefined && { copy: reference.copy }), path: place }];
    findings.push(yaml.finding("VALUE_FORMAT", place, "flush names nodes: node, or node[copy]"));
    return [];
  });
  return { when: readFeeds(when, { ...request, path: at, edges: false }), minMs, flush: names, path };
}
