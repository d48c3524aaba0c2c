import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { EngineError } from "#engine/errors";
import { FaultPlan, type FaultScript, faultScriptSchema, type GatewayStream } from "#engine/plugin";
import type { RunningEmulator } from "#engine/server";
import { readYaml } from "#engine/workflow";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { type Behind, behindByDefault, readScript } from "./emulated-workflows.ts";
import { portOf } from "./port.ts";
import { interrupted } from "./told-to-end.ts";

// The rooms behind it are loaded when it runs: no other command waits for them.
export const emulate: Command = {
  name: "emulate",
  usage:
    "VENDOR [--faults FILE] [--workflow FILE]... [--local] [--script FILE] [--port N] [--tcp-port N] [--log LEVEL]",
  summary: "Be a vendor's service on this machine, with a workflow behind it",
  listedPlugins: true,
  help: [
    "VENDOR           a gateway's type, such as aliyun; without it all are listed",
    "--faults FILE    what goes wrong, as YAML: slow or refused handshakes, lost connections, a clock that is off, …",
    "--workflow FILE  what answers, one for each kind of stream; a script and this machine's voice where left out",
    "--local          English recognition of this machine in the place of the script",
    "--script FILE    what the script says, as YAML: results (as of core.script) and a table of translations",
    "--port N         for HTTP and WebSockets; any free one where left out",
    "--tcp-port N     for TCP, where the vendor's protocol has it",
    "--log LEVEL      debug, info, warn or silent (default warn), as JSON lines on standard error",
    "",
    "It listens on 127.0.0.1 and prints its address, made-up credentials, and what to write into a workflow. Nothing of it stays.",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        faults: { type: "string" },
        workflow: { type: "string", multiple: true, default: [] },
        local: { type: "boolean", default: false },
        script: { type: "string" },
        port: { type: "string" },
        "tcp-port": { type: "string" },
        log: { type: "string", default: "warn" },
      },
    });
    await world.types.loadAll();
    const known = world.types.plugins.flatMap((plugin) => plugin.gateways ?? []).filter(({ example }) => example);
    const [type, ...more] = positionals;
    const definition = known.find((gateway) => gateway.type === type);
    if (type === undefined) {
      for (const gateway of known) console.out(`${gateway.type}  ${gateway.summary}`);
      return EXIT.usage;
    }
    if (!definition || more.length > 0)
      return wrongUsage(this, console, `one of ${known.map((each) => each.type).join(", ")} was wanted`);
    const ports = [values.port, values["tcp-port"]].map((text) => (text === undefined ? 0 : portOf(text)));
    const [port, tcpPort] = ports;
    if (port === null || tcpPort === null) return wrongUsage(this, console, "a port is a number from 0 to 65535");
    const { createLog, LOG_LEVELS, openEmulator } = await import("#engine/server");
    const level = LOG_LEVELS.find((each) => each === values.log);
    if (!level) return wrongUsage(this, console, `--log ${values.log}: it is one of ${LOG_LEVELS.join(", ")}`);
    const faults = values.faults === undefined ? { faults: [] } : await readFaults(values.faults, world);
    const behind = await behindOf(values, definition.streams ?? [], world);
    const told = interrupted(world); // heard from here on, so that nothing is left where it ends early
    const { SystemClock } = await import("#engine/runtime");
    const emulator = await openEmulator({
      types: world.types,
      household: world.household,
      clock: new SystemClock(),
      log: createLog(level, { write: (line) => console.err(line.trimEnd()) }),
      type,
      workflows: behind.workflows,
      faults,
      ...(port !== undefined && { port }),
      ...(tcpPort !== undefined && { tcpPort }),
    });
    try {
      tell(emulator, behind, faults, console);
      await told;
    } finally {
      await emulator.close();
    }
    return EXIT.done;
  },
};

async function behindOf(
  {
    workflow,
    script,
    local,
  }: { readonly workflow: readonly string[]; readonly script?: string; readonly local: boolean },
  streams: readonly GatewayStream[],
  { cwd }: World,
): Promise<Behind> {
  if (workflow.length > 0)
    return {
      workflows: workflow.map((file) => ({ file: resolve(cwd, file) })),
      told: workflow.map((file) => `behind it: ${file}`),
    };
  const given = script === undefined ? undefined : readScript(await read(script, cwd), script);
  return behindByDefault(streams, { local, ...(given && { script: given }) });
}

async function readFaults(file: string, { cwd }: World): Promise<FaultScript> {
  const { value, findings } = readYaml(await read(file, cwd), faultScriptSchema, file);
  if (value) return value;
  const told = findings.map(({ line, column, message }) => `${file}:${line}:${column} ${message}`);
  throw new EngineError("CONFIG_INVALID", told.join("\n"));
}

async function read(path: string, cwd: string): Promise<string> {
  const file = Bun.file(resolve(cwd, path));
  if (!(await file.exists())) throw new EngineError("FILE_NOT_FOUND", `${path}: no such file`);
  return file.text();
}

function tell(
  { definition, place, key, nodes, unserved }: RunningEmulator,
  behind: Behind,
  faults: FaultScript,
  console: Console,
): void {
  const { web, tcp } = place;
  if (web !== undefined) console.out(`${definition.type} is at http://${web} and ws://${web}`);
  if (tcp !== undefined) console.out(`${definition.type} is at tcp://${tcp}`);
  console.out(`credentials, made up: id ${key.id}, secret ${key.secret}${facts(key.facts)}`);
  for (const line of behind.told) console.out(line);
  if (unserved.length > 0) console.out(`nothing is behind it for ${unserved.join(", ")}`);
  const { skewMs } = new FaultPlan(faults);
  if (faults.faults.length > 0)
    console.out(`faults: ${faults.faults.length}${skewMs === 0 ? "" : `; its clock is off by ${skewMs} ms`}`);
  console.out("");
  for (const [type, settings] of Object.entries(nodes)) console.out(`${type}:  with: ${flow(settings)}`);
  const command = definition.example?.command?.(place, key);
  if (command !== undefined) console.out(command);
}

const facts = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, value]) => `, ${name} ${value}`)
    .join("");

/** As YAML in one line. */
const flow = (settings: Readonly<Record<string, unknown>>): string =>
  `{ ${Object.entries(settings)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
