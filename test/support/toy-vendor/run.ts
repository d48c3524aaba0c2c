import { z } from "zod";
import { defineNode, durationMs, type Frame, type NodeDefinition, type NodeTypes, positionMs } from "#engine/plugin";
import type { RunEvent, RunOptions, RunReport } from "#engine/runtime";
import { planWorkflow } from "#engine/workflow";
import { AccountedRun } from "../accounted-run.ts";
import { TOKEN, type Toy, toyTypes } from "./service.ts";

/** A microphone: its frames come in their time whether or not anybody is ready. */
export const microphone = (frames: readonly Frame[]): NodeDefinition =>
  defineNode({
    type: "toy.microphone",
    summary: "Plays frames in real time.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: {
      out: frames.some((frame) => frame.kind === "recording")
        ? { kinds: ["recording"] }
        : { kinds: ["audio"], audio: { sampleRateHz: 16_000, channels: 1, frameMs: 20 } },
    },
    config: z.strictObject({}),
    realTime: true,
    create: (_config, { clock }) => ({
      async run(_input, emit, signal) {
        const beganMs = clock.nowMs();
        for (const frame of frames) {
          const waitMs = positionMs(frame) + durationMs(frame) - (clock.nowMs() - beganMs);
          if (waitMs > 0) await clock.sleep(waitMs, signal);
          void emit(frame);
        }
      },
    }),
  });

export interface ToyRun {
  readonly report: RunReport;
  readonly outputs: readonly Frame[];
  readonly events: readonly RunEvent[];
}

/** Runs a workflow with the toy's node types on what a microphone hears; its input is called `talk`. */
export async function runToy(
  toy: Toy,
  workflow: string,
  frames: readonly Frame[],
  { types = toyTypes(), ...options }: Partial<RunOptions> & { readonly types?: NodeTypes } = {},
): Promise<ToyRun> {
  const { plan, findings } = await planWorkflow(
    { text: workflow, name: "toy.yaml", dir: "/" },
    {
      types,
      purpose: "run",
      bindings: { talk: { definition: microphone(frames), config: {} } },
      environment: {},
      secret: () => TOKEN,
      cwd: "/",
    },
  );
  if (!plan) throw new Error(findings.map((finding) => finding.message).join("; "));
  const outputs: Frame[] = [];
  const events: RunEvent[] = [];
  const run = new AccountedRun(
    plan,
    {
      runId: "run-1",
      clock: toy.clock,
      onOutput: (_output, frame) => void outputs.push(frame),
      onEvent: (event) => void events.push(event),
      ...options,
    },
    toy.household,
  );
  return { report: await run.done, outputs, events };
}
