import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "../pages.ts";

const measurement = z.object({
  key: z.string(),
  value: z.number(),
  unit: z.string(),
  goal: z.object({ op: z.enum(["<=", ">="]), value: z.number() }).optional(),
  spread: z.object({ min: z.number(), max: z.number() }).optional(),
  note: z.string().optional(),
  parts: z.object({ unit: z.string(), values: z.record(z.string(), z.number()) }).optional(),
  verdict: z.enum(["met", "missed"]).nullable(),
});

const report = z.object({
  machine: z.object({
    system: z.string(),
    processor: z.string(),
    cores: z.number(),
    memoryGiB: z.number(),
    loadAverage: z.array(z.number()),
    versions: z.record(z.string(), z.string()),
    commit: z.string(),
    startedAt: z.string(),
  }),
  results: z.array(z.object({ name: z.string(), measurements: z.array(measurement), error: z.string().optional() })),
});

export type Figure = z.output<typeof measurement>;
export type Report = z.output<typeof report>;

/** What `bun run bench NAME --json test/bench/results/NAME.json` wrote, by file name. */
export const reports: readonly Report[] = readdirSync(join(ROOT, "test/bench/results"))
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => report.parse(JSON.parse(readFileSync(join(ROOT, "test/bench/results", file), "utf8"))));

export const figures: readonly Figure[] = reports.flatMap(({ results }) =>
  results.flatMap(({ measurements }) => measurements),
);

/** @throws Error when nothing was measured under that key */
export function figure(key: string): Figure {
  const found = figures.find((each) => each.key === key);
  if (!found) throw new Error(`test/bench/results has no ${key}`);
  return found;
}
