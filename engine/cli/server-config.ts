import { dirname, resolve } from "node:path";
import type { ServerConfig } from "#engine/control";
import { EngineError } from "#engine/errors";
import type { Console, World } from "./command.ts";
import { hasErrors, printFindings } from "./findings.ts";

const DEFAULT_FILE = "parlando.yaml";

/** `parlando.yaml`, or what holds without one, and the folder that its paths are relative to. */
export interface ConfigFound {
  readonly config: ServerConfig;
  readonly folder: string;
}

/**
 * Reads the configuration of a server; findings go to the console.
 * @param named by the command line; it has to be there. Where left out, `parlando.yaml` of the working folder, if there is one.
 * @returns undefined where it does not hold.
 * @throws EngineError FILE_NOT_FOUND.
 */
export async function readConfig(
  named: string | undefined,
  console: Console,
  world: World,
): Promise<ConfigFound | undefined> {
  const { defaultServerConfig, readServerConfig } = await import("#engine/control");
  const path = resolve(world.cwd, named ?? DEFAULT_FILE);
  const file = Bun.file(path);
  if (!(await file.exists())) {
    if (named !== undefined) throw new EngineError("FILE_NOT_FOUND", `${named}: no such file`);
    return { config: defaultServerConfig(), folder: world.cwd };
  }
  const { config, findings } = readServerConfig(await file.text(), named ?? DEFAULT_FILE);
  printFindings(findings, console.err, console);
  return config && !hasErrors(findings) ? { config, folder: dirname(path) } : undefined;
}
