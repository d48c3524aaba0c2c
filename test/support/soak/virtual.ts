import { heapStats } from "bun:jsc";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type InlineNode, type NodeDefinition, NodeTypes, type TaskNode } from "#engine/plugin";
import { type Household, newHousehold, Run, type RunReport, VirtualClock } from "#engine/runtime";
import { formatFinding, type Plan, planWorkflow } from "#engine/workflow";
import core from "#plugins/core";
import webrtc from "#plugins/webrtc";
import { requireBalance } from "../accounted-run.ts";
import { below, pick, type Random, seeded } from "../random.ts";
import numbers from "../spoken-numbers.ts";
import type { Reading } from "./readings.ts";
import soak from "./talker.ts";

export interface VirtualSoak {
  /** Of the virtual clock. */
  readonly hours: number;
  readonly seed: number;
  readonly say?: (text: string) => void;
}

export interface VirtualSoakReport {
  readonly runs: number;
  readonly faults: string[];
  /** Heap after a full collection, by virtual hours. */
  readonly memory: readonly Reading[];
  /** What is still there when the last run has ended; nothing may be. */
  readonly left: Left;
}

export type Left = Readonly<Record<"nodes" | "timers" | "descriptors", number>>;

const HOUR_MS = 3_600_000;
/** Runs at once. */
const LINES = 3;

const TALK = `parlando: 1
name: talk
params: { seconds: { type: number }, fail: { type: integer, default: -1 }, code: { type: string, default: NODE_FAILED } }
nodes:
  talker: { use: soak.talker, with: { seconds: "\${params.seconds}" } }
  vad: { use: numbers.vad, from: talker }
  asr: { use: numbers.asr, from: vad, retry: { attempts: 2 }, with: { delayMs: 300, fail: "\${params.fail}", code: "\${params.code}" } }
  echo: { use: numbers.echo, from: asr, with: { delayMs: 200 } }
outputs: { words: [asr.partial, asr.final, echo] }
limits: { runMs: 7200000 }
`;

const RECORDED = `parlando: 1
name: recorded
params: { seconds: { type: number } }
nodes:
  talker: { use: soak.talker, with: { seconds: "\${params.seconds}", says: voice } }
  vad: { use: webrtc.vad, from: talker }
  wav: { use: core.wav, from: vad, with: { path: "\${run.dir}/speech.wav" } }
outputs: { marks: vad }
`;

const HANGING = `parlando: 1
name: hanging
params: { seconds: { type: number } }
nodes:
  talker: { use: soak.talker, with: { seconds: "\${params.seconds}", says: voice } }
  vad: { use: webrtc.vad, from: talker }
  sleeper: { use: soak.sleeper, from: vad }
limits: { drainMs: 3000 }
`;

interface Kind {
  readonly text: string;
  readonly params?: (random: Random) => Readonly<Record<string, unknown>>;
  /** What the run is told in the middle of it. */
  readonly told?: "drain" | "cancel";
  readonly ends: RunReport["state"];
}

const KINDS: readonly Kind[] = [
  { text: TALK, ends: "done" },
  { text: TALK, told: "drain", ends: "done" },
  { text: TALK, told: "cancel", ends: "cancelled" },
  { text: TALK, params: (random) => ({ fail: 1 + below(9, random) }), ends: "failed" },
  { text: TALK, params: (random) => ({ fail: 1 + below(9, random), code: "VENDOR_FAILED" }), ends: "failed" },
  { text: RECORDED, ends: "done" },
  { text: RECORDED, told: "cancel", ends: "cancelled" },
  { text: RECORDED, told: "drain", ends: "done" },
  { text: HANGING, ends: "failed" },
];

/** Mixed runs, several at once and one after the other, until so many hours of one virtual clock have passed. */
export async function soakVirtually({ hours, seed, say = () => {} }: VirtualSoak): Promise<VirtualSoakReport> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-soak-"));
  const descriptors = openDescriptors();
  const clock = new VirtualClock();
  const counted = countedTypes();
  const household = newHousehold();
  const faults: string[] = [];
  const memory: Reading[] = [];
  let runs = 0;
  const endMs = clock.nowMs() + hours * HOUR_MS;
  const startMs = clock.nowMs();
  const line = async (number: number) => {
    const random = seeded(seed * 1009 + number);
    while (clock.nowMs() < endMs) {
      const kind = pick(KINDS, random);
      const dir = join(folder, `${number}-${runs++}`);
      mkdirSync(dir);
      const fault = await oneRun(kind, { clock, household, types: counted.types, dir, random });
      if (fault !== undefined) faults.push(fault);
      rmSync(dir, { recursive: true });
      const at = (clock.nowMs() - startMs) / HOUR_MS;
      if (at < (memory.at(-1)?.at ?? 0) + Math.min(0.5, hours / 20)) continue;
      Bun.gc(true);
      memory.push({ at, bytes: heapStats().heapSize });
      if (memory.length % 8 === 0)
        say(`${at.toFixed(1)} hours, ${runs} runs, ${Math.round(memory.at(-1)!.bytes / 2 ** 20)} MiB`);
    }
  };
  await Promise.all(Array.from({ length: LINES }, (_, number) => line(number)));
  const left = { nodes: counted.open(), timers: clock.pending, descriptors: openDescriptors() - descriptors };
  rmSync(folder, { recursive: true });
  return { runs, faults, memory, left };
}

interface Place {
  readonly clock: VirtualClock;
  readonly household: Household;
  readonly types: NodeTypes;
  readonly dir: string;
  readonly random: Random;
}

/** @returns what was not as it has to be. */
async function oneRun(kind: Kind, { clock, household, types, dir, random }: Place): Promise<string | undefined> {
  const seconds = 30 + below(1500, random);
  const plan = await planOf(kind.text, types, { seconds, ...kind.params?.(random) }, dir);
  const run = new Run(plan, { runId: basename(dir), clock, guard: async () => undefined }, household);
  if (kind.told !== undefined) {
    const { told } = kind;
    const callOff = clock.after(1000 * (5 + below(seconds - 10, random)), () =>
      told === "drain" ? run.drain() : run.cancel("enough"),
    );
    void run.done.then(callOff);
  }
  const report = await run.done;
  requireBalance(report);
  return report.state === kind.ends
    ? undefined
    : `${plan.name} ended as ${report.state}, not as ${kind.ends}: ${report.error?.code} ${report.error?.message}`;
}

async function planOf(
  text: string,
  types: NodeTypes,
  params: Readonly<Record<string, unknown>>,
  dir: string,
): Promise<Plan> {
  const { plan, findings } = await planWorkflow(
    { text, name: "soak.yaml", dir },
    { types, purpose: "run", params, environment: {}, secret: () => undefined, cwd: dir, run: { id: "soak", dir } },
  );
  if (!plan) throw new Error(findings.map(formatFinding).join("\n"));
  return plan;
}

/** Node types whose nodes are counted from their creation until they are closed. */
function countedTypes(): { readonly types: NodeTypes; open(): number } {
  let open = 0;
  const counted = (definition: NodeDefinition): NodeDefinition => ({
    ...definition,
    create: async (config: never, ctx: never) => {
      const node: InlineNode | TaskNode = await definition.create(config, ctx);
      open++;
      const close = node.close?.bind(node);
      node.close = () => {
        open--;
        return close?.();
      };
      return node;
    },
  });
  const plugins = [core, webrtc, numbers, soak].map((plugin) => ({ ...plugin, nodes: plugin.nodes.map(counted) }));
  return { types: new NodeTypes(plugins), open: () => open };
}

const openDescriptors = (): number => readdirSync("/proc/self/fd").length;
