import { EngineError } from "#engine/errors";

/** Codes by which SQLite, PostgreSQL and the system say that there is no room left. */
const FULL = new Set(["SQLITE_FULL", "ENOSPC", "53100", "54000"]);

/** What a database threw, as one of ours. What it says of rows and values stays out of the message: it may quote a transcript. */
export function storeFailure(error: unknown): EngineError {
  const codes = [...causes(error)]
    .map((each) => (each as { code?: unknown }).code)
    .filter((code) => typeof code === "string");
  const ours = [...causes(error)].find((each) => each instanceof EngineError);
  if (ours instanceof EngineError) return ours;
  const code = codes.at(-1);
  if (codes.some((each) => FULL.has(each)))
    return new EngineError("STORE_FULL", `the store has no room left (${code})`, { cause: error });
  return new EngineError("STORE_FAILED", `the store failed (${code ?? "without a code"})`, { cause: error });
}

function* causes(error: unknown): Generator<object> {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) yield at;
}
