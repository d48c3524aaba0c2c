import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { EngineError } from "#engine/errors";
import type { Plugin } from "#engine/plugin";
import type { Check, CheckGroup, PluginSubjects } from "#engine/testing";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { importDefault, loadPlugin, locate } from "./outside-plugins.ts";
import { recordPlugin } from "./plugin-record.ts";

const MAIN = join(import.meta.dir, "../main.ts");
/** How long a process may take to load a plugin and do nothing else, and to end once it has. */
const LOAD_MS = 60_000;
const END_MS = 10_000;
/** By the machine's clock, for a check that says nothing of its own. */
const CHECK_MS = 30_000;

export const plugin: Command = {
  name: "plugin",
  usage:
    "test PATH [--json] | record PLUGIN [--node TYPE] [--with NAME=VALUE]... [--in RECORDING] [--out DIR] | load PATH",
  summary: "Say whether a plugin keeps its promises; keep what its service says",
  help: [
    "test  tries every node type and gateway: what it says of itself, the contract of its role, leaks, cancelling, odd input,",
    "      a service that does not answer. PATH is a folder with an index.ts, a module or a package.",
    "      What cannot be told from a definition stands in contract.ts beside it: settings without a default, frames in which",
    "      there is something to hear, a service in memory. Exit status 1 when a promise is broken.",
    "record  holds one session with the service of each node type, with your own key from the environment, and keeps what was said as",
    "      TYPE.DATE.jsonl, without secrets: for fixtures of tests. PLUGIN is the name of one that is known here, or as for test.",
    "      --with fills settings that the environment does not, --in is a WAV of one channel for recognisers, --out the folder",
    "      (default: fixtures/live beside the plugin's tests, or in its own folder).",
    "load  loads it, and nothing more; the process ends by itself when the module has no effect",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        node: { type: "string" },
        with: { type: "string", multiple: true, default: [] },
        in: { type: "string" },
        out: { type: "string" },
      },
    });
    const [action, path] = positionals;
    if (action === "record" && path !== undefined && positionals.length === 2) {
      const { node, in: recording, out } = values;
      return recordPlugin(
        {
          plugin: path,
          settings: Object.fromEntries(
            values.with.map((pair) => [pair.split("=")[0]!, pair.slice(pair.indexOf("=") + 1)]),
          ),
          ...(node !== undefined && { node }),
          ...(recording !== undefined && { recording }),
          ...(out !== undefined && { out }),
        },
        console,
        world,
      );
    }
    if ((action !== "test" && action !== "load") || !path || positionals.length > 2)
      return wrongUsage(this, console, "test PATH, record PLUGIN or load PATH was wanted");
    // a path of the command line may lack the dot that sets it apart from a package
    const name = existsSync(resolve(world.cwd, path)) ? resolve(world.cwd, path) : path;
    const loaded = await loadPlugin(name, world.cwd);
    if (action === "load") {
      console.out(LOADED);
      return EXIT.done;
    }
    const results = await tryAll(loaded, name, world);
    if (values.json) console.out(JSON.stringify({ plugin: loaded.name, groups: results }));
    else printReport(loaded, results, console);
    return results.some(({ checks }) => checks.some(({ error }) => error !== undefined)) ? EXIT.failed : EXIT.done;
  },
};

interface GroupResult {
  readonly name: string;
  readonly checks: readonly { readonly name: string; readonly ms: number; readonly error?: string }[];
  readonly untried: readonly string[];
}

async function tryAll(loaded: Plugin, name: string, world: World): Promise<GroupResult[]> {
  const { pluginChecks } = await import("#engine/testing");
  const subjects = await subjectsOf(name, world.cwd);
  const [whole, ...parts] = pluginChecks(loaded, subjects);
  const groups: CheckGroup[] = [{ ...whole!, checks: [...whole!.checks, loadsQuietly(name, world.cwd)] }, ...parts];
  const results: GroupResult[] = [];
  for (const group of groups) {
    const checks: GroupResult["checks"][number][] = [];
    for (const check of group.checks) {
      const from = performance.now();
      const error = await broken(check);
      checks.push({
        name: check.name,
        ms: Math.round(performance.now() - from),
        ...(error !== undefined && { error }),
      });
    }
    results.push({ name: group.name, checks, untried: group.untried });
  }
  return results;
}

/** What a check found to be broken, in one line. */
async function broken(check: Check): Promise<string | undefined> {
  const late = Promise.withResolvers<never>();
  const ms = check.timeoutMs ?? CHECK_MS;
  const timer = setTimeout(() => late.reject(new Error(`it took longer than ${ms / 1000} s`)), ms);
  try {
    await Promise.race([check.run(), late.promise]);
    return undefined;
  } catch (error) {
    const words = error instanceof EngineError ? `${error.code} ${error.message}` : String(error);
    return words
      .replace(/^\w*Error(?: \[[A-Z_]+\])?: /, "")
      .split("\n")
      .filter(Boolean)
      .slice(0, 4)
      .join(" ");
  } finally {
    clearTimeout(timer);
  }
}

/** `contract.ts` beside the plugin's module; nothing where there is none. */
async function subjectsOf(name: string, folder: string): Promise<PluginSubjects> {
  const file = join(dirname(locate(name, folder)), "contract.ts");
  if (!existsSync(file)) return {};
  const subjects = await importDefault(file, file);
  if (typeof subjects === "object" && subjects !== null) return subjects;
  throw new EngineError("PLUGIN_INVALID", `${file}: definePluginSubjects makes the default export that is wanted`);
}

/** What `plugin load` prints. */
const LOADED = "loaded";

/** In a process of its own: what the module starts when it is imported would keep that from ending. */
const loadsQuietly = (name: string, cwd: string): Check => ({
  name: "has no effect when it is loaded",
  timeoutMs: LOAD_MS + 2 * END_MS,
  run: async () => {
    const child = Bun.spawn([process.execPath, MAIN, "plugin", "load", name], {
      cwd,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    let timer = setTimeout(() => child.kill("SIGKILL"), LOAD_MS);
    const err = new Response(child.stderr).text();
    let out = "";
    for await (const bytes of child.stdout) {
      out += Buffer.from(bytes).toString();
      if (!out.endsWith(`${LOADED}\n`)) continue;
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
    }
    await child.exited;
    clearTimeout(timer);
    const said = out.replace(new RegExp(`${LOADED}\\n$`), "") + (await err);
    if (child.signalCode !== null) throw new Error("it keeps the process from ending");
    if (child.exitCode !== 0)
      throw new Error(`it ends the process with status ${child.exitCode}: ${said.slice(0, 200)}`);
    if (said !== "") throw new Error(`it prints ${JSON.stringify(said.slice(0, 100))}`);
  },
});

function printReport(loaded: Plugin, results: readonly GroupResult[], console: Console): void {
  console.out(`plugin ${loaded.name}${loaded.parlando === undefined ? "" : `, made for Parlando ${loaded.parlando}`}`);
  for (const { name, checks, untried } of results) {
    console.out("");
    console.out(name);
    for (const { name: promise, error } of checks) {
      console.out(`  ${error === undefined ? "ok  " : "FAIL"} ${promise}`);
      if (error !== undefined) console.out(`       ${error}`);
    }
    for (const what of untried) console.out(`  --   not tried: ${what}`);
  }
  const all = results.flatMap(({ checks }) => checks);
  const failed = all.filter(({ error }) => error !== undefined).length;
  const untried = results.flatMap((result) => result.untried).length;
  const parts = [`${all.length - failed} kept`, `${failed} broken`, ...(untried > 0 ? [`${untried} not tried`] : [])];
  console.out("");
  console.out(parts.join(", "));
}
