import { EngineError } from "#engine/errors";

/** Codes by which SQLite, PostgreSQL and the system say that there is no room left. */
const FULL = new Set(["SQLITE_FULL", "ENOSPC", "53100", "54000"]);

/** What stands in the way of opening a store, by code, for whoever set it up. */
const NOT_OPENED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  CONNECT_TIMEOUT: "it does not answer",
  EACCES: "this user may not write there",
  EROFS: "nothing can be written there",
  ENOENT: "the folder cannot be made",
  ENOTDIR: "a file stands where a folder was wanted",
  SQLITE_NOTADB: "it is no file of SQLite",
  SQLITE_CANTOPEN: "it cannot be read and written",
  "28P01": "user or password was refused",
  "28000": "this user is not let in",
  "3D000": "there is no such database",
};

/**
 * What a database threw, as one of ours. What it says of rows and values stays out of the message: it may quote a transcript.
 * @param opening the place of a store that was to be opened, without password.
 */
export function storeFailure(error: unknown, opening?: string): EngineError {
  const codes = [...causes(error)]
    .map((each) => (each as { code?: unknown }).code)
    .filter((code) => typeof code === "string");
  const ours = [...causes(error)].find((each) => each instanceof EngineError);
  if (ours instanceof EngineError) return ours;
  const code = codes.at(-1);
  if (codes.some((each) => FULL.has(each)))
    return new EngineError("STORE_FULL", `the store has no room left (${code})`, { cause: error });
  const what = opening === undefined ? "the store failed" : `store: ${opening} cannot be opened`;
  const why = opening === undefined ? undefined : codes.map((each) => NOT_OPENED[each]).find((known) => known);
  const found = code ?? "without a code";
  return new EngineError("STORE_FAILED", `${what} (${why ? `${why}, ${found}` : found})`, { cause: error });
}

function* causes(error: unknown): Generator<object> {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) yield at;
}
