import { join } from "node:path";
import { z } from "zod";
import {
  type AwaitableEmit,
  defineNode,
  definePlugin,
  type Frame,
  type NodeContext,
  type TaskInput,
} from "#engine/plugin";

/** A plugin for tests of isolation: nodes that behave, and nodes that take their Worker or process with them at the third frame. */

const anything = { kinds: ["audio", "speech", "text", "data"] } as const;
const facts = {
  summary: "Is for tests of isolation.",
  role: "filter",
  inputs: { in: anything },
  outputs: { out: anything },
  config: z.object({}),
} as const;

const pass = defineNode({
  ...facts,
  type: "unruly.pass",
  passes: "samples",
  create: () => ({ onFrame: (frame, emit) => emit(frame) }),
});

type Run = (input: TaskInput, emit: AwaitableEmit, signal: AbortSignal, ctx: NodeContext) => Promise<void>;

const task = (what: string, run: Run, more: { close?(ctx: NodeContext): void } = {}) =>
  defineNode({
    ...facts,
    type: `unruly.${what}`,
    shape: "task",
    create: (_config, ctx) => ({
      run: (input, emit, signal) => run(input, emit, signal, ctx),
      close: () => more.close?.(ctx),
    }),
  });

/** Passes two frames on, and does what is to be done with the third. */
const third = (what: string, act: (frame: Frame, emit: AwaitableEmit) => unknown) =>
  task(what, async (input, emit) => {
    let count = 0;
    for await (const frame of input) {
      if (++count === 3) await act(frame, emit);
      await emit(frame);
    }
  });

const said = (topic: string, value: unknown): Frame => ({
  kind: "data",
  topic,
  value,
  atSample: 0,
  sampleRateHz: 16_000,
});

const hoard: Uint8Array[] = [];

/** Takes as much as there is, without standing still. */
async function leak(): Promise<void> {
  for (;;) {
    hoard.push(new Uint8Array(8 * 2 ** 20).fill(1));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

let opened = 0;

const world: Run = async (input, emit, signal, ctx) => {
  const file = await ctx.artifact(join(ctx.labels.folder ?? "", "kept.txt"), { mediaType: "text/plain" });
  file.write(Buffer.from("?? frames"));
  let frames = 0;
  file.onFinish(() => file.writeAt(0, Buffer.from(String(frames).padStart(2, "0"))));
  const shared = await ctx.resource({ key: "unruly count", open: async () => ++opened, close: () => {} });
  await ctx.durable.set("task", "17");
  await Bun.write(join(ctx.tempDir(), "scratch"), "scratch");
  const beforeMs = ctx.clock.nowMs();
  await ctx.clock.sleep(250, signal);
  const slept = Math.round(ctx.clock.nowMs() - beforeMs);
  const later = await ctx.outside(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return "answered";
  });
  for await (const frame of input) {
    frames++;
    ctx.count("seen");
    if (frame.kind === "audio") ctx.gate(frame.pcm.length);
  }
  ctx.usage("requests", 2);
  ctx.report({ type: "print", frames });
  const utterances = [ctx.newUtterance(), ctx.newUtterance()];
  const durable = await ctx.durable.get("task");
  await emit(said("world", { slept, later, utterances, durable, shared, id: ctx.newId(), random: ctx.random() }));
};

const call: Run = async (input, emit, _signal, ctx) => {
  const response = await ctx.network.fetch({ url: `http://${ctx.labels.host}/hello` });
  await emit(said("fetched", { status: response.status, text: await response.text() }));
  const line = await ctx.network.dial({ url: `ws://${ctx.labels.host}/line` });
  for await (const frame of input) if (frame.kind === "text") line.send(frame.text);
  line.send("bye");
  for await (const message of line) await emit(said("heard", message));
  const { by, code } = await line.closed;
  await emit(said("over", { by, code }));
};

export default definePlugin({
  name: "unruly",
  parlando: ">=0.1.0",
  nodes: [
    pass,
    task("task", async (input, emit) => {
      for await (const frame of input) await emit(frame);
    }),
    { ...task("world", world), passes: "samples" },
    { ...task("call", call), effects: ["network"] },
    task("scratch", async (_input, emit, _signal, ctx) => {
      await Bun.write(join(ctx.tempDir(), "scratch"), "scratch");
      await emit(said("folder", ctx.tempDir()));
      await ctx.durable.get("anything"); // what was said before it has arrived
      process.exit(3);
    }),
    third("exit", () => process.exit(3)),
    third("crash", () => process.kill(process.pid, "SIGSEGV")),
    third("loop", () => {
      for (;;);
    }),
    third("leak", leak),
    third("throw", () => {
      throw new Error("a fault of the plugin");
    }),
    third("stray", () => {
      setTimeout(() => {
        throw new Error("nobody catches it");
      });
      return new Promise(() => {});
    }),
    third("wait", () => new Promise(() => {})),
    third("function", (_frame, emit) => emit(said("function", () => 1))),
  ],
  engines: [
    {
      name: "unruly-engine",
      purpose: "tests",
      find: async () => ({ found: true as const, note: String(Bun.isMainThread) }),
    },
  ],
});
