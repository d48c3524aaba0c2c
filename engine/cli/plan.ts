import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { EngineError } from "#engine/errors";
import { costsOf, type NodeCost, type PlanReport, type Prices, readPrices, reportPlan, short } from "#engine/workflow";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { printFindings, printMends, tellLacking } from "./findings.ts";
import { planFile } from "./planning.ts";

export const plan: Command = {
  name: "plan",
  usage: "FILE [--prices FILE] [--json]",
  listedPlugins: true,
  summary: "Say how a workflow will run: order, chains, conversions, queues, latency and cost",
  help: [
    "--prices FILE  what vendors take, a table of your own; with it the cost of an hour is printed, by vendor:",
    "               currency: EUR",
    "               prices: { tencent.asr: { audioHour: 1.2 }, aliyun.tts: { millionCharacters: 18 } }",
    "               assume: { speech: 0.5, charactersPerHour: 48000, utterancesPerHour: 900 }",
    "--json         for programs",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { prices: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const [file] = positionals;
    if (!file || positionals.length > 1) return wrongUsage(this, console, "name one workflow file");
    const table = values.prices === undefined ? undefined : await prices(values.prices, console, world);
    if (values.prices !== undefined && !table) return EXIT.failed;
    const { plan: planned, findings } = await planFile(file, world, { purpose: "lint", elsewhere: true });
    if (!planned) {
      printFindings(findings, console.err, console);
      printMends(findings, console);
      return EXIT.failed;
    }
    tellLacking(findings, console);
    const report = reportPlan(planned);
    const costs = table && costsOf(planned, table);
    if (values.json) console.out(JSON.stringify({ ...report, ...(costs && { currency: table.currency, costs }) }));
    else {
      for (const line of [...reportLines(report), ...(costs ? costLines(costs, table) : [])]) console.out(line);
    }
    return EXIT.done;
  },
};

async function prices(name: string, console: Console, world: World): Promise<Prices | undefined> {
  const file = Bun.file(resolve(world.cwd, name));
  if (!(await file.exists())) throw new EngineError("FILE_NOT_FOUND", `--prices ${name}: there is no such file`);
  const { prices: table, findings } = readPrices(await file.text(), name);
  printFindings(findings, console.err, console);
  for (const type of Object.keys(table?.prices ?? {})) {
    await world.types.load([type]);
    if (!world.types.get(type)) console.err(`${name}: no node type ${type}`);
  }
  return table;
}

function reportLines({ order, chains, conversions, buffers, latency }: PlanReport): string[] {
  const wide = Math.max(...order.map(({ node }) => node.length)) + 2;
  const section = (title: string, lines: readonly string[]) => ["", title, ...lines.map((line) => `  ${line}`)];
  return [
    "order",
    ...order.map(({ node, type, policies }) => {
      const more = policies.length > 0 ? `  [${policies.join(", ")}]` : "";
      return `  ${node.padEnd(wide)}${type}${more}`;
    }),
    ...section(
      "chains, each of which runs as one call",
      chains.length > 0 ? chains.map((ids) => ids.join(" → ")) : ["none"],
    ),
    ...section(
      "conversions that the plan puts in",
      conversions.length > 0 ? conversions.map(({ node, from, to }) => `${node}: ${from} → ${to}`) : ["none"],
    ),
    ...section("queues", buffers.length > 0 ? buffers.map(({ edge, holds }) => `${edge}: ${holds}`) : ["none"]),
    ...section(
      "where latency comes from",
      latency.flatMap(({ path, delays, outside, queuedMs, ms }) => [
        `${path.join(" → ")}: ${ms} ms${outside.length > 0 ? " and what waits outside" : ""}`,
        ...delays.map((delay) => `  ${delay.node}: ${delay.ms} ms, ${delay.why}`),
        ...outside.map((node) => `  ${node}: as long as its service or program takes`),
        ...(queuedMs > 0 ? [`  queues: up to ${queuedMs} ms of audio, where something falls behind`] : []),
      ]),
    ),
  ];
}

function costLines(costs: readonly NodeCost[], { currency, assume }: Prices): string[] {
  const counted = costs.filter(({ standby, perHour }) => !standby && perHour !== undefined);
  const vendors = [...Map.groupBy(counted, ({ vendor }) => vendor)].map(
    ([vendor, list]) => `${vendor}: ${short(sum(list))} ${currency}`,
  );
  return [
    "",
    `an hour, of which ${short(assume.speech * 100)} % is speech, costs ${short(sum(counted))} ${currency}`,
    ...vendors.map((line) => `  ${line}`),
    ...costs.map(({ node, type, perHour, of, standby }) => {
      const price = perHour === undefined ? "?" : `${short(perHour)} ${currency}`;
      return `    ${node} (${type}): ${price}${standby ? ", only while it stands in" : ""} = ${of.join(" + ") || "nothing"}`;
    }),
  ];
}

const sum = (costs: readonly NodeCost[]): number => costs.reduce((all, { perHour = 0 }) => all + perHour, 0);
