import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { EngineError } from "#engine/errors";
import { type Finding, fixWorkflow, formatFinding } from "#engine/workflow";
import type { Console, World } from "./command.ts";
import { unifiedDiff } from "./diff.ts";
import { planFile } from "./planning.ts";

interface Mended {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly lines: readonly string[];
}

/**
 * Mends files in place, all of them or none; says what was mended.
 * @param dryRun prints the difference instead.
 * @returns why nothing was written, where that is so.
 * @throws EngineError FILE_UNWRITABLE.
 */
export async function fixFiles(
  files: readonly string[],
  dryRun: boolean,
  console: Console,
  world: World,
): Promise<Finding[]> {
  const mended: Mended[] = [];
  const refused: Finding[] = [];
  for (const file of new Set(files)) {
    const path = resolve(world.cwd, file);
    const before = await textOf(path);
    if (before === undefined) continue; // lint says what is wrong with it
    const lint = async (text: string) =>
      (await planFile({ text, name: file, dir: dirname(path) }, world, { purpose: "lint" })).findings;
    const fixed = await fixWorkflow(before, file, lint);
    if (fixed.refused) refused.push(fixed.refused);
    else if (dryRun) for (const line of unifiedDiff(before, fixed.text, file)) console.out(line);
    if (fixed.text !== before)
      mended.push({
        path,
        before,
        after: fixed.text,
        lines: fixed.mended.map((each) => `mended ${formatFinding(each)}`),
      });
  }
  if (refused.length > 0 || dryRun) return refused;
  await writeAll(mended);
  for (const { lines } of mended) for (const line of lines) console.err(line);
  return refused;
}

/** Undefined where it cannot be read, or is not UTF-8. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await Bun.file(path).bytes());
  } catch {
    return undefined;
  }
}

/** Each file is written beside itself first; the names change only when every one could be. */
async function writeAll(mended: readonly Mended[]): Promise<void> {
  const written: { readonly beside: string; readonly target: string }[] = [];
  try {
    for (const { path, before, after } of mended) {
      if ((await textOf(path)) !== before) throw new EngineError("FILE_UNWRITABLE", `${path} was changed meanwhile`);
      const target = await realpath(path);
      const beside = `${target}.mended`;
      await writeFile(beside, after, { flag: "wx", mode: (await stat(target)).mode });
      written.push({ beside, target });
    }
  } catch (cause) {
    for (const { beside } of written) await rm(beside, { force: true });
    if (cause instanceof EngineError) throw cause;
    throw new EngineError("FILE_UNWRITABLE", "a file cannot be written; none was changed", { cause });
  }
  for (const { beside, target } of written) await rename(beside, target);
}
