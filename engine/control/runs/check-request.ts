import { EngineError } from "#engine/errors";
import type { StartRun } from "../api/runs.ts";

const MOST_LABELS = 32;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
const MOST_LABEL_CHARACTERS = 255;
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;

/** @throws EngineError REQUEST_INVALID. */
export function requireLabels(labels: Readonly<Record<string, string>>): void {
  const names = Object.keys(labels);
  if (names.length > MOST_LABELS) throw invalid(`labels: ${names.length} of them, at most ${MOST_LABELS}`);
  for (const name of names) {
    if (!LABEL.test(name)) throw invalid("labels: a name is made of up to 63 letters, digits, ., _, - and /");
    if (typeof labels[name] !== "string" || labels[name].length > MOST_LABEL_CHARACTERS)
      throw invalid(`labels.${name}: a text of at most ${MOST_LABEL_CHARACTERS} characters was wanted`);
  }
}

/** What a request says beyond its types. @throws EngineError REQUEST_INVALID. */
export function requireStartRun(request: StartRun): void {
  requireLabels(request.labels ?? {});
  for (const name of [...Object.keys(request.inputs ?? {}), ...Object.keys(request.secrets ?? {})])
    if (!NAME.test(name))
      throw invalid("inputs, secrets: a name is made of letters, digits, - and _, and begins with a letter");
  if (request.record && request.keep !== undefined && request.keep !== "all")
    throw invalid("record: what is recorded is kept, which asks for keep: all");
}

const invalid = (message: string): EngineError => new EngineError("REQUEST_INVALID", message);
