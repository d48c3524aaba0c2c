import { asEngineError } from "#engine/errors";
import { suggest } from "#engine/workflow";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { doctor } from "./doctor.ts";
import { emulate } from "./emulate.ts";
import { explain } from "./explain.ts";
import { graph } from "./graph.ts";
import { keys } from "./keys.ts";
import { lint } from "./lint.ts";
import { models } from "./models.ts";
import { create } from "./new.ts";
import { nodes } from "./nodes.ts";
import { withListedPlugins } from "./outside-plugins.ts";
import { plan } from "./plan.ts";
import { plugin } from "./plugin.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { serve } from "./serve.ts";
import { test } from "./test.ts";

const COMMANDS: readonly Command[] = [
  run,
  test,
  lint,
  create,
  explain,
  graph,
  plan,
  nodes,
  models,
  plugin,
  schema,
  doctor,
  serve,
  emulate,
  keys,
];

/** Finds the command that the arguments name and runs it; returns the exit status. Never throws. */
export async function runCli(argv: readonly string[], console: Console, world: World): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    overview(console.out);
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) {
    const near = suggest(
      name,
      COMMANDS.map((known) => known.name),
    );
    console.err(`parlando: no command ${name}${near ? `; did you mean ${near}?` : ""}`);
    overview(console.err);
    return EXIT.usage;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    console.out(
      `parlando ${command.name} ${command.usage}\n\n${command.summary}.${command.help ? `\n\n${command.help}` : ""}`,
    );
    return EXIT.done;
  }
  try {
    const known = command.listedPlugins ? await withListedPlugins(world, console) : world;
    return await command.run(rest, console, known);
  } catch (error) {
    // parseArgs says precisely what it does not know
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))
      return wrongUsage(command, console, error.message);
    const failure = asEngineError(error, "INTERNAL", command.name);
    console.err(`${failure.code} ${failure.message}`);
    if (failure.code === "INTERNAL" && error instanceof Error && error.stack) console.err(error.stack);
    return EXIT.failed;
  }
}

function overview(write: (line: string) => void): void {
  write("parlando: speech workflows declared in YAML\n");
  for (const command of COMMANDS) write(`  parlando ${command.name.padEnd(8)} ${command.summary}`);
  write("\nparlando COMMAND --help says more about one.");
}
