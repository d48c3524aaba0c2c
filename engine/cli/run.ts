import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { eventToJson, Run, type RunEvent, type RunReport, SystemClock, VirtualClock } from "#engine/runtime";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { hasErrors, printFindings, printMends } from "./findings.ts";
import { readOffline } from "./offline.ts";
import { planFile } from "./planning.ts";
import { RunScreen } from "./run-screen.ts";
import { runOnChange } from "./watch.ts";

/** After `--trace`: every node. */
const ALL = "all";
const CLOCKS = ["system", "virtual"] as const;

export const run: Command = {
  name: "run",
  usage:
    "FILE [--in NAME=RECORDING]... [--param NAME=VALUE]... [--out DIR] [--json] [--clock virtual] [--offline [--answers FILE]] [--trace NODE]... [--watch]",
  listedPlugins: true,
  summary: "Run a workflow and show what happens",
  help: [
    "--in NAME=RECORDING  bind an input of the workflow to a file; relative to this folder",
    "--param NAME=VALUE   set a param",
    "--out DIR            what ${run.dir} stands for (default runs/ID)",
    "--json               one event a line on standard output, for programs",
    "--clock virtual      time stands still while there is work: the same inputs give the same outputs every time",
    "--offline            answers every node that needs the network on this machine, and says by what; credentials need not be set",
    "--answers FILE       with --offline: what answers, by node id or type: `answers: { asr: { use: core.script, with: { … } } }`",
    "--trace NODE         shows what that node sends and gets, without secrets, audio as lengths; `all` for every node",
    "--watch              runs it again whenever a file changes beside or below it; outputs go over those before with --out",
    "",
    "Ctrl-C ends the input and lets what is under way come out; a second one ends at once.",
    "Exit status: 0 done, 1 findings or a failed run, 2 wrong usage, 130 cancelled.",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        in: { type: "string", multiple: true, default: [] },
        param: { type: "string", multiple: true, default: [] },
        out: { type: "string" },
        json: { type: "boolean", default: false },
        clock: { type: "string", default: "system" },
        offline: { type: "boolean", default: false },
        answers: { type: "string" },
        trace: { type: "string", multiple: true, default: [] },
        watch: { type: "boolean", default: false },
      },
    });
    const [file] = positionals;
    if (values.watch && file) {
      const once = argv.filter((arg) => arg !== "--watch");
      return runOnChange(file, console, world, (interruptible) => this.run(once, console, interruptible));
    }
    if (!file || positionals.length > 1) return wrongUsage(this, console, "name one workflow file");
    const kind = CLOCKS.find((known) => known === values.clock);
    if (!kind) return wrongUsage(this, console, `--clock ${values.clock}: it is one of ${CLOCKS.join(", ")}`);
    const inputs = assignments(values.in);
    const params = assignments(values.param);
    if (!inputs || !params) return wrongUsage(this, console, "--in and --param take NAME=VALUE");

    if (values.answers !== undefined && !values.offline)
      return wrongUsage(this, console, "--answers belongs to --offline");
    const { offline, findings: faults } = values.offline
      ? await readOffline(world.types, world.cwd, values.answers)
      : { offline: undefined, findings: [] };

    const id = kind === "virtual" ? "virtual" : newRunId();
    const dir = resolve(world.cwd, values.out ?? join("runs", id));
    const { plan, findings } = hasErrors(faults)
      ? { plan: undefined, findings: faults }
      : await planFile(file, world, {
          purpose: "run",
          params,
          bindings: Object.fromEntries(Object.entries(inputs).map(([name, location]) => [name, { location }])),
          run: { id, dir },
          callable: false, // what a run of its own keeps ends with it
          ...(offline && { offline }),
        });
    if (!plan || hasErrors(findings)) {
      if (values.json) console.out(JSON.stringify({ type: "findings", findings }));
      else {
        printFindings(findings, console.err, console);
        printMends(findings, console);
      }
      return EXIT.failed;
    }
    const stray = values.trace.find((name) => name !== ALL && !plan.nodes.some((node) => node.id === name));
    if (stray !== undefined) {
      const ids = plan.nodes.map((node) => node.id).join(", ");
      return wrongUsage(this, console, `--trace ${stray}: no node of ${plan.name}; it has ${ids}`);
    }
    const traces = (node: string) => values.trace.includes(node) || values.trace.includes(ALL);
    mkdirSync(dir, { recursive: true });
    const screen = values.json ? undefined : new RunScreen(console, plan, world.cwd);
    if (screen) printFindings(findings, console.err, console);
    const show = screen
      ? (event: RunEvent) => screen.show(event)
      : (event: RunEvent) => console.out(eventToJson(event));
    const clock = kind === "virtual" ? new VirtualClock() : new SystemClock();
    if (kind === "system") world.household.watch.start(HANG_MS);
    return statusOf(
      await interruptible(new Run(plan, { runId: id, clock, traces, onEvent: show }, world.household), console, world),
    );
  },
};

/** How long one hook may block the process before the watchdog ends it. */
const HANG_MS = 10_000;

async function interruptible(going: Run, console: Console, world: World): Promise<RunReport> {
  const off = world.onInterrupt((count) => {
    if (count === 1) {
      console.err("ending: the input stops, what is under way comes out; once more ends at once");
      going.drain();
    } else going.cancel("interrupted");
  });
  try {
    return await going.done;
  } finally {
    off();
    world.household.watch.stop();
  }
}

/** Accounts that do not balance are a bug of ours; a script is to notice it, too. */
function statusOf(report: RunReport): number {
  if (report.state === "cancelled") return EXIT.interrupted;
  return report.state === "done" && report.imbalances.length === 0 ? EXIT.done : EXIT.failed;
}

function assignments(list: readonly string[]): Record<string, string> | undefined {
  const pairs: Record<string, string> = {};
  for (const item of list) {
    const at = item.indexOf("=");
    if (at < 1) return undefined;
    pairs[item.slice(0, at)] = item.slice(at + 1);
  }
  return pairs;
}

/** Sorts by time, and is unique in practice: `20261120-114703-k3f9`. */
function newRunId(): string {
  const [date, time] = new Date().toISOString().split("T");
  const random = crypto.getRandomValues(new Uint32Array(1))[0]!;
  return `${date!.replaceAll("-", "")}-${time!.slice(0, 8).replaceAll(":", "")}-${random.toString(36).padStart(4, "0").slice(-4)}`;
}
