import { z } from "zod";
import type { AudioFrame, Control, Frame, TextFrame } from "#engine/frames";
import {
  type AwaitableEmit,
  defineNode,
  type Emit,
  type NodeContext,
  type NodeDefinition,
  type TaskInput,
} from "#engine/plugin";
import { type Household, newHousehold, type Run, type RunEvent, type RunOptions, VirtualClock } from "#engine/runtime";
import type { EdgeBuffer, FrameTest, Plan, PlannedEdge, PlannedNode } from "#engine/workflow";
import { AccountedRun } from "./accounted-run.ts";

/** Nodes and plans made in code, for tests of what runs them. */

const anything = { kinds: ["audio", "speech", "text", "data"] } as const;
const none = z.object({});

export function audio(startSample: number, samples = 320, value = 1): AudioFrame {
  return { kind: "audio", pcm: new Int16Array(samples).fill(value), sampleRateHz: 16000, channels: 1, startSample };
}

export function text(words: string, startSample: number, more: Partial<TextFrame> = {}): TextFrame {
  return {
    kind: "text",
    role: "transcript",
    text: words,
    utterance: `u${startSample}`,
    revision: 1,
    final: true,
    stableChars: words.length,
    startSample,
    endSample: startSample + 320,
    sampleRateHz: 16000,
    ...more,
  };
}

/** Emits these frames, then ends; `everyMs` paces it. */
export const sourceOf = (frames: readonly Frame[], everyMs = 0): NodeDefinition =>
  defineNode({
    type: "double.source",
    summary: "Emits given frames.",
    role: "source",
    shape: "task",
    inputs: {},
    outputs: { out: anything },
    config: none,
    create: (_config, ctx) => ({
      async run(_input, emit, signal) {
        for (const frame of frames) {
          if (everyMs > 0) await ctx.clock.sleep(everyMs, signal);
          await emit(frame);
        }
      },
    }),
  });

export interface InlineHooks {
  create?(ctx: NodeContext): void | Promise<void>;
  onFrame?(frame: Frame, emit: Emit, port: string): void;
  onControl?(control: Control, emit: Emit): void;
  held?(): number;
  close?(): void | Promise<void>;
  passes?: "samples" | "time";
  inputs?: readonly string[];
}

/** An inline node; passes everything on unless `onFrame` says otherwise. */
export const inline = (hooks: InlineHooks = {}): NodeDefinition =>
  defineNode({
    type: "double.inline",
    summary: "Does what its hooks say.",
    role: "filter",
    inputs: Object.fromEntries((hooks.inputs ?? ["in"]).map((name) => [name, anything])),
    outputs: { out: anything },
    config: none,
    ...(hooks.passes && { passes: hooks.passes }),
    create: async (_config, ctx) => {
      await hooks.create?.(ctx);
      return {
        onFrame: hooks.onFrame ?? ((frame, emit) => emit(frame)),
        onControl: (control, emit) => hooks.onControl?.(control, emit),
        held: () => hooks.held?.() ?? 0,
        close: () => hooks.close?.(),
      };
    },
  });

/** A task node. */
export const task = (
  run: (input: TaskInput, emit: AwaitableEmit, signal: AbortSignal, ctx: NodeContext) => Promise<void>,
  more: { onControl?(control: Control): void; close?(): void | Promise<void>; inputs?: readonly string[] } = {},
): NodeDefinition =>
  defineNode({
    type: "double.task",
    summary: "Does what its function says.",
    role: "filter",
    shape: "task",
    inputs: Object.fromEntries((more.inputs ?? ["in"]).map((name) => [name, anything])),
    outputs: { out: anything },
    config: none,
    create: (_config, ctx) => ({
      run: (input, emit, signal) => run(input, emit, signal, ctx),
      onControl: (control) => more.onControl?.(control),
      close: () => more.close?.(),
    }),
  });

/** A sink that remembers what it got. */
export function collector(): { definition: NodeDefinition; got: Frame[]; controls: Control[] } {
  const got: Frame[] = [];
  const controls: Control[] = [];
  const definition = defineNode({
    type: "double.sink",
    summary: "Remembers frames.",
    role: "sink",
    inputs: { in: anything },
    outputs: {},
    config: none,
    create: () => ({
      onFrame: (frame) => void got.push(frame),
      onControl: (control) => void controls.push(control),
    }),
  });
  return { definition, got, controls };
}

export interface EdgeOptions extends Partial<EdgeBuffer> {
  queued?: boolean;
  order?: "time" | "arrival";
  port?: string;
  where?: readonly FrameTest[];
}

/** `a -> b` by default port; nodes in plan order as given. Direct where the planner would make it so, unless `queued`. */
export function planOf(
  nodes: Readonly<Record<string, NodeDefinition>>,
  edges: readonly (readonly [from: string, to: string, options?: EdgeOptions])[],
  more: Partial<Pick<Plan, "limits" | "outputs">> & { onFailure?: Readonly<Record<string, "continue">> } = {},
): Plan {
  const planned: PlannedNode[] = Object.entries(nodes).map(([id, definition]) => ({
    id,
    type: definition.type,
    definition,
    config: {},
    formats: {},
    outputFormats: {},
    onFailure: more.onFailure?.[id] ?? "end",
    inserted: false,
  }));
  const count = (to: string) => edges.filter(([, other]) => other === to).length;
  const plannedEdges: PlannedEdge[] = edges.map(([from, to, options = {}]) => ({
    id: `${from} -> ${to}`,
    from: { node: from, port: "out" },
    to: { node: to, port: options.port ?? "in" },
    kinds: ["audio", "speech", "text", "data"],
    buffer: { ms: options.ms ?? 2000, frames: options.frames ?? 64, whenFull: options.whenFull ?? "block" },
    ...(options.where && { where: options.where }),
    order: options.order ?? "time",
    direct:
      nodes[to]!.shape === "inline" &&
      !nodes[to]!.batch &&
      count(to) === 1 &&
      !options.queued &&
      !options.where &&
      options.whenFull === undefined,
  }));
  return {
    name: "test",
    dir: "/",
    nodes: planned,
    edges: plannedEdges,
    outputs: more.outputs ?? [],
    limits: more.limits ?? { startMs: 1000, idleMs: 60_000, drainMs: 5000 },
    notes: [],
  };
}

export const household = (): Household => newHousehold();

/** Starts a plan under a virtual clock and keeps its events. Accounts that do not balance reject `run.done`. */
export function startPlan(
  plan: Plan,
  options: Partial<RunOptions> = {},
  home = household(),
): { run: Run; events: RunEvent[] } {
  const events: RunEvent[] = [];
  const run = new AccountedRun(
    plan,
    { runId: "run-1", clock: new VirtualClock(), onEvent: (event) => void events.push(event), ...options },
    home,
  );
  return { run, events };
}
