import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Control, OpenGateway, ServerConfig } from "#engine/control";
import { EngineError } from "#engine/errors";
import type { GatewayPlace, Logger } from "#engine/plugin";
import type { Example } from "#engine/server";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { addPlugins } from "./outside-plugins.ts";
import { portOf } from "./port.ts";
import { type ConfigFound, readConfig } from "./server-config.ts";
import { interrupted } from "./told-to-end.ts";

// The rooms behind it are loaded when it runs: no other command waits for them.
export const serve: Command = {
  name: "serve",
  usage: "[--config FILE] [--host ADDRESS] [--port NUMBER] [--log LEVEL]",
  summary: "Serve the API over HTTP and WebSocket",
  help: [
    "--config FILE   the configuration (default parlando.yaml of this folder, if there is one)",
    "--host ADDRESS  what to listen on (default 127.0.0.1); any address but a loopback one needs keys",
    "--port NUMBER   default 7700; 0: any free one",
    "--log LEVEL     debug, info, warn or silent (default info), as JSON lines on standard error",
    "",
    "Ctrl-C or SIGTERM takes no new runs, lets what is under way come out and keeps the rest for the next process;",
    "a second one ends at once.",
  ].join("\n"),
  async run(argv, console, world) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: "string" },
        host: { type: "string" },
        port: { type: "string" },
        log: { type: "string", default: "info" },
      },
    });
    const { createLog, LOG_LEVELS } = await import("#engine/server");
    const level = LOG_LEVELS.find((known) => known === values.log);
    if (!level) return wrongUsage(this, console, `--log ${values.log}: it is one of ${LOG_LEVELS.join(", ")}`);
    const port = values.port === undefined ? undefined : portOf(values.port);
    if (port === null) return wrongUsage(this, console, `--port ${values.port}: a number from 0 to 65535 was wanted`);
    const found = await readConfig(values.config, console, world);
    if (!found) return EXIT.failed;
    const config = withListen(found.config, values.host, port);
    const log = createLog(level, { write: (line) => console.err(line.trimEnd()) });
    return serveUntilTold({ ...found, config }, log, console, world);
  },
};

async function serveUntilTold(found: ConfigFound, log: Logger, console: Console, world: World): Promise<number> {
  const { config, folder } = found;
  const [{ openControl }, { listen, listenGateways, readTls }, { SystemClock, SystemNetwork }] = await Promise.all([
    import("#engine/control"),
    import("#engine/server"),
    import("#engine/runtime"),
  ]);
  const clock = new SystemClock();
  await world.types.loadAll();
  const types = await addPlugins(world.types, config.plugins, folder);
  for (const { name, error } of types.failures)
    log.warn("plugin left out", { plugin: name, code: error.code, reason: error.message });
  const { environment, household } = world;
  const control = await openControl({ config, types, household, clock, environment, cwd: folder, log });
  try {
    await requireKeys(control);
    const tls = config.listen.tls && (await readTls(config.listen.tls, folder, "listen.tls"));
    const examples = await readExamples();
    const server = listen({ control, clock, log, version: await ownVersion(), examples, ...(tls && { tls }) });
    try {
      const shared = new URL(server.url).host;
      const { gateways } = control;
      const listeners = await listenGateways({ gateways, network: new SystemNetwork(), shared, cwd: folder });
      console.out(`listening on ${server.url}`);
      console.out(`try it with a microphone: ${server.url}/try    the API: ${server.url}/docs`);
      for (const gateway of gateways) console.out(gatewayLine(gateway, listeners.places.get(gateway.name)));
      const told = await interrupted(world);
      console.err("ending: no new runs; what is under way comes out, or is kept for the next process");
      await Promise.race([server.drain(config.limits.drainSeconds * 1000), told.again]);
      await listeners.close();
    } finally {
      await server.stop();
    }
  } finally {
    await control.close();
  }
  return EXIT.done;
}

function gatewayLine({ name, definition, unserved }: OpenGateway, { web, tcp }: GatewayPlace = {}): string {
  const at = [...(web === undefined ? [] : [web]), ...(tcp === undefined ? [] : [`tcp://${tcp}`])].join(" and ");
  const nothing = unserved.length === 0 ? "" : `; nothing is behind it for ${unserved.join(", ")}`;
  return `gateway ${name} (${definition.type}) at ${at}${nothing}`;
}

const withListen = (config: ServerConfig, host: string | undefined, port: number | undefined): ServerConfig => ({
  ...config,
  listen: { ...config.listen, ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
});

/** An address that others reach is served to those with keys only, so without any it would answer to nobody. */
async function requireKeys(control: Control): Promise<void> {
  const { isLoopback } = await import("#engine/server");
  const { host } = control.config.listen;
  if (isLoopback(host) || (await control.keys.list()).some((key) => key.revokedAtMs === undefined)) return;
  throw new EngineError("CONFIG_INVALID", `listen: ${host} needs a key first: parlando keys create --name NAME`);
}

const ROOT = join(import.meta.dir, "../..");

/** Workflows that come with Parlando: what `/try` offers, and what newcomers' calls run. */
const EXAMPLES = [
  { name: "transcribe", input: { name: "talk", kind: "audio" } },
  { name: "interpret", input: { name: "talk", kind: "audio" } },
  { name: "speak", input: { name: "words", kind: "text" } },
] as const;

const readExamples = (): Promise<Example[]> =>
  Promise.all(
    EXAMPLES.map(async (example) => ({
      ...example,
      text: await Bun.file(join(ROOT, "workflows", `${example.name}.yaml`)).text(),
    })),
  );

async function ownVersion(): Promise<string> {
  const { version }: { version: string } = await Bun.file(join(ROOT, "package.json")).json();
  return version;
}
