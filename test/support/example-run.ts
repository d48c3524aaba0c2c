import { join } from "node:path";
import { encodeWav, type Frame } from "#engine/plugin";
import { type MemoryNetwork, newHousehold, type RunReport, type VirtualClock } from "#engine/runtime";
import { type PlanOptions, planWorkflow } from "#engine/workflow";
import { AccountedRun } from "./accounted-run.ts";
import { CHECKOUT } from "./command-line.ts";

type Asked = Pick<PlanOptions, "types"> & Partial<PlanOptions>;

/** Plans an example as it stands in its file, for lint unless the options say otherwise. @param name of a file of `workflows/`, without its end */
export const planExample = (name: string, options: Asked) =>
  planWorkflow(
    { path: `workflows/${name}.yaml` },
    { purpose: "lint", environment: {}, secret: () => undefined, cwd: CHECKOUT, ...options },
  );

export interface ExampleRun extends Asked {
  /** For `${run.dir}`. */
  readonly folder: string;
  /** For the input `talk`, at 16 kHz; the example's own recording when left out. */
  readonly talk?: Int16Array;
  readonly on: { readonly clock: VirtualClock; readonly network: MemoryNetwork };
}

/** Runs an example on a network in memory and in virtual time. @throws Error where its plan has an error */
export async function runExample(
  name: string,
  { folder, talk, on: { clock, network }, ...options }: ExampleRun,
): Promise<{ readonly report: RunReport; readonly frames: readonly Frame[] }> {
  const letGo = clock.hold(); // planning takes no time
  const location = join(folder, "talk.wav");
  if (talk) await Bun.write(location, encodeWav(talk, { sampleRateHz: 16_000, channels: 1 }));
  const { plan, findings } = await planExample(name, {
    purpose: "run",
    run: { id: name, dir: folder },
    ...(talk && { bindings: { talk: { location } } }),
    ...options,
  });
  if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
  const frames: Frame[] = [];
  const run = new AccountedRun(
    plan,
    { runId: name, clock, onOutput: (_output, frame) => void frames.push(frame) },
    newHousehold({ network }),
  );
  letGo();
  return { report: await run.done, frames };
}
