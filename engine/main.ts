import core from "../plugins/core/index.ts";
import { type Console, runCli, type World } from "./cli/index.ts";
import { NodeTypes, type Plugin, type PluginSource } from "./plugin/index.ts";
import { newHousehold } from "./runtime/index.ts";

/** A plugin that is loaded when a workflow names one of its types. */
const source = (name: string, load: () => Promise<{ readonly default: Plugin }>): PluginSource => ({
  name,
  load: async () => (await load()).default,
});

/**
 * The built-in plugins. This file alone knows them, reads the environment and ends the process. The core is always there: plans put its
 * nodes in by themselves.
 */
const types = new NodeTypes([
  core,
  source("webrtc", () => import("../plugins/webrtc/index.ts")),
  source("silero", () => import("../plugins/silero/index.ts")),
  source("pocketsphinx", () => import("../plugins/pocketsphinx/index.ts")),
  source("apertium", () => import("../plugins/apertium/index.ts")),
  source("espeak", () => import("../plugins/espeak/index.ts")),
  source("llm", () => import("../plugins/llm/index.ts")),
  source("flite", () => import("../plugins/flite/index.ts")),
  source("bergamot", () => import("../plugins/bergamot/index.ts")),
  source("whisper", () => import("../plugins/whisper/index.ts")),
  source("sherpa", () => import("../plugins/sherpa/index.ts")),
  source("aliyun", () => import("../plugins/aliyun/index.ts")),
  source("rtvt", () => import("../plugins/rtvt/index.ts")),
  source("tencent", () => import("../plugins/tencent/index.ts")),
  source("modelstudio", () => import("../plugins/modelstudio/index.ts")),
  source("agora", () => import("../plugins/agora/index.ts")),
  source("azure", () => import("../plugins/azure/index.ts")),
  source("agentscope", () => import("../plugins/agentscope/index.ts")),
]);

const { stdout, stderr } = process;
const onTerminal = stdout.isTTY === true && stderr.isTTY === true;

// whoever reads may have seen enough; what is left is not for him
for (const stream of [stdout, stderr])
  stream.on("error", (error) => {
    if (!("code" in error) || error.code !== "EPIPE") throw error;
  });

const clearLine = "\r\u001b[2K";
let statusShown = false;

const console: Console = {
  out: (line) => void stdout.write(`${line}\n`),
  err: (line) => void stderr.write(`${line}\n`),
  color: onTerminal && process.env.NO_COLOR === undefined,
  ...(onTerminal && {
    status: (line: string) => {
      if (statusShown || line) stderr.write(`${clearLine}${line.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
      statusShown = line !== "";
    },
  }),
};

let toldToEnd = false;

const world: World = {
  types,
  environment: process.env,
  cwd: process.cwd(),
  household: newHousehold(),
  onInterrupt(call) {
    let count = 0;
    const handler = () => {
      toldToEnd = true;
      count++;
      call(count);
    };
    process.on("SIGINT", handler);
    process.on("SIGTERM", handler);
    return () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    };
  },
};

/** What a plugin leaves behind, such as a timer, keeps a process that was told to end no longer than this after its work. */
const LINGER_MS = 1000;

/** Of the command, once it is through. */
let status: number | undefined;

process.on("exit", (code) => {
  if (status !== undefined) return;
  console.err(
    `PLUGIN_INVALID: the process was ended with status ${code} before the command was through. Where no error stands above, a plugin called process.exit; one that runs alone (runsIn: process) ends only itself`,
  );
  process.exitCode = code || 1;
});

status = await runCli(process.argv.slice(2), console, world);
process.exitCode = status;
if (toldToEnd) setTimeout(() => process.exit(status), LINGER_MS).unref();
