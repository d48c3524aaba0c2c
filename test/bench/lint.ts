import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT, runCommand } from "#test/command-line";
import { largeWorkflow } from "#test/large-workflow";
import { scratchFolder } from "#test/short-recording";
import { interleave, summarise } from "./measure.ts";
import type { Benchmark } from "./measurement.ts";

const NODES = 200;
const REPETITIONS = 15;

/** Lints a file in a process of its own. @returns ms from before its start to its end */
async function timeLint(file: string): Promise<number> {
  const { status, out, err, wallMs } = await runCommand(["lint", file]);
  if (status !== 0) throw new Error(`lint ended with status ${status}: ${(out + err).slice(-500)}`);
  return wallMs;
}

export default {
  name: "lint",
  summary: `the linter on a workflow of ${NODES} nodes and on the sample's, start of the process included`,
  async run({ repetitions }) {
    const times = repetitions ?? REPETITIONS;
    const folder = scratchFolder();
    const large = join(folder, "large.yaml");
    writeFileSync(large, largeWorkflow(NODES / 5));
    const found = await interleave(
      { large: () => timeLint(large), small: () => timeLint(join(CHECKOUT, "workflows/interpret.yaml")) },
      times,
    );
    rmSync(folder, { recursive: true });
    return [
      {
        key: `${NODES} nodes`,
        unit: "ms",
        goal: { op: "<=", value: 400 },
        note: `${times} processes`,
        ...summarise(found.large!),
      },
      { key: "workflows/interpret.yaml", unit: "ms", note: `${times} processes`, ...summarise(found.small!) },
    ];
  },
} satisfies Benchmark;
