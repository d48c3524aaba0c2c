import { builtInTypes } from "./built-in-types.ts";

/** The engines of the interpret workflow that this machine does not have, by name. */
export const enginesMissing: readonly string[] = (
  await Promise.all(
    builtInTypes()
      .plugins.flatMap((plugin) => plugin.engines ?? [])
      .filter((engine) => !engine.optional)
      .map(async (engine) => ((await engine.find()).found ? [] : [engine.name])),
  )
).flat();

/** For titles of tests that need them all. */
export const NEEDS_ENGINES =
  enginesMissing.length > 0 ? ` (missing on this machine: ${enginesMissing.join(", ")})` : "";
