import type { Path } from "../yaml/yaml-file.ts";

/** Something written in a file, which may have been put together of several places. */
export interface Written {
  readonly value: unknown;
  /** Of it as a whole. */
  readonly path: Path;
  /** Where in the file a path inside it stands. */
  where(inner: Path): Path;
}

export const writtenAt = (value: unknown, path: Path): Written => ({
  value,
  path,
  where: (inner) => [...path, ...inner],
});
