import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  Artifact,
  Clock,
  Desk,
  Durable,
  InlineNode,
  NodeContext,
  NodeDefinition,
  NodeEvent,
  Received,
  Resource,
  TaskNode,
  UsageUnit,
} from "#engine/plugin";
import { type AudioFormat, defaultPort, EngineError, type Frame } from "#engine/plugin";
import {
  type ClockedNetwork,
  MemoryNetwork,
  NodeNetwork,
  SystemNetwork,
  seededUuid,
  VirtualClock,
} from "#engine/runtime";

import { type Feed, FeedInput, type FeedItem, feedOf } from "./feed-input.ts";

export interface DriveOptions {
  /** To the default input, or by port (then one port after the other). A control between frames is handed to `onControl` there. */
  frames?: Feed;
  /** Negotiated audio formats by input port. Default: those of the first audio frames. */
  formats?: Readonly<Record<string, AudioFormat>>;
  /** Default: a virtual clock of its own. */
  clock?: Clock;
  /** Aborts the node's signal. */
  signal?: AbortSignal;
  labels?: Readonly<Record<string, string>>;
  /** What the node reaches. Default: a network in memory on which nobody listens; the machine's own under a real clock. */
  network?: ClockedNetwork;
  /** Where callbacks arrive and what is durable is kept. Default: nobody can call, and nothing is kept. */
  desk?: Desk;
  /** Reports the wire as `wire` events. */
  tracing?: boolean;
  /** Frames come when their place in the stream has come, so many times as fast as real time. Default: all are there from the start. */
  pace?: number;
}

export interface Driven {
  /** Everything emitted, in order. */
  readonly emitted: readonly Received[];
  /** Frames of one output port; of all ports when left out. */
  frames(port?: string): Frame[];
  readonly events: readonly NodeEvent[];
  readonly counters: Readonly<Record<string, number>>;
  readonly usage: Readonly<Partial<Record<UsageUnit, number>>>;
  readonly gated: number;
  /** Samples inside the node after its last hook but before `close`. */
  readonly held: number;
  /** Bytes by the path that the node asked for. */
  readonly artifacts: Readonly<Record<string, Uint8Array>>;
}

/**
 * Runs one node by itself: creates it, hands it the frames, ends its inputs, closes it. What the node throws is thrown here, after
 * `close`.
 * @param config as it stands in `with:`; parsed by the node's own schema.
 */
export async function driveNode(
  definition: NodeDefinition,
  config: unknown,
  options: DriveOptions = {},
): Promise<Driven> {
  const parsed = definition.config.parse(config);
  const clock = options.clock ?? new VirtualClock();
  const stop = clock instanceof VirtualClock ? clock.drive() : () => {};
  const inputs = definition.inputs(parsed);
  const fallback = defaultPort(inputs) ?? Object.keys(inputs)[0] ?? "in";
  const feed = feedOf(options.frames ?? [], fallback);
  const log = new DriveLog();
  const network = new NodeNetwork(
    { id: "node", type: definition.type, mayReach: reaches(definition, parsed) },
    options.network ?? (clock.virtual ? new MemoryNetwork(clock) : new SystemNetwork()),
    { virtual: clock.virtual },
    options.tracing ? (event) => void log.events.push(event) : undefined,
  );
  const formats = formatsOf(feed, options.formats);
  const ctx = contextFor({ log, clock, network, options, formats, mainInput: fallback });
  const outputs = definition.outputs(parsed);
  const mainOutput = defaultPort(outputs) ?? Object.keys(outputs)[0] ?? "out";
  let node: InlineNode | TaskNode | undefined;
  let held = 0;
  try {
    node = await definition.create(parsed, ctx); // what it awaits is announced one by one, as in a run
    const emit = (frame: Frame, port = mainOutput) => {
      if (!outputs[port])
        throw new EngineError("NODE_PROTOCOL", `${definition.type} emitted to ${port}, which it does not declare`);
      log.emitted.push({ port, frame });
      return undefined;
    };
    if ("run" in node) {
      const task = node;
      const input = new FeedInput(feed, clock, options.pace ?? 0, (control) => task.onControl?.(control, emit));
      await task.run(input, emit, ctx.signal);
    } else {
      for (const item of feed)
        if ("control" in item) node.onControl?.(item.control, emit);
        else node.onFrame(item.frame, emit, item.port);
      for (const port of Object.keys(inputs)) node.onControl?.({ kind: "end", port }, emit);
    }
    held = node.held?.() ?? 0;
    log.finish();
  } finally {
    await node?.close?.();
    network.dispose();
    await log.closeResources();
    stop();
  }
  return { ...log.result(), held };
}

function formatsOf(feed: readonly FeedItem[], given: DriveOptions["formats"]): Record<string, AudioFormat> {
  const found: Record<string, AudioFormat> = {};
  for (const item of feed)
    if ("frame" in item && item.frame.kind === "audio" && !found[item.port])
      found[item.port] = { sampleRateHz: item.frame.sampleRateHz, channels: item.frame.channels };
  return { ...found, ...given };
}

class DriveLog {
  readonly emitted: Received[] = [];
  readonly events: NodeEvent[] = [];
  readonly counters: Record<string, number> = {};
  readonly usage: Partial<Record<UsageUnit, number>> = {};
  gated = 0;
  readonly files = new Map<string, { bytes: number[]; finishers: (() => void)[] }>();
  readonly resources = new Map<string, { resource: Resource<unknown>; value: unknown }>();

  artifact(path: string): Artifact {
    const file = { bytes: [] as number[], finishers: [] as (() => void)[] };
    this.files.set(path, file);
    return {
      path,
      write(bytes) {
        for (const byte of bytes) file.bytes.push(byte);
      },
      writeAt(offset, bytes) {
        for (const [i, byte] of bytes.entries()) file.bytes[offset + i] = byte;
      },
      onFinish: (finish) => file.finishers.push(finish),
    };
  }

  finish(): void {
    for (const file of this.files.values()) for (const finish of file.finishers) finish();
  }

  async closeResources(): Promise<void> {
    for (const { resource, value } of [...this.resources.values()].reverse()) await resource.close(value);
  }

  result() {
    return {
      emitted: this.emitted,
      frames: (port?: string) => this.emitted.filter((e) => port === undefined || e.port === port).map((e) => e.frame),
      events: this.events,
      counters: this.counters,
      usage: this.usage,
      gated: this.gated,
      artifacts: Object.fromEntries([...this.files].map(([path, file]) => [path, Uint8Array.from(file.bytes)])),
    };
  }
}

const DRIVE_EPOCH_MS = Date.UTC(2026, 0, 1);

const nothingKept: Durable = { get: async () => undefined, set: async () => {} };

/** Under a virtual clock time stands still for what is awaited here. */
const announced = <T>(clock: Clock, value: T | Promise<T>): Promise<T> =>
  value instanceof Promise && clock instanceof VirtualClock ? clock.owe([0], value) : Promise.resolve(value);

interface Surroundings {
  readonly log: DriveLog;
  readonly clock: Clock;
  readonly network: NodeNetwork;
  readonly options: DriveOptions;
  readonly formats: Record<string, AudioFormat>;
  readonly mainInput: string;
}

function contextFor({ log, clock, network, options, formats, mainInput }: Surroundings): NodeContext {
  const signal = options.signal ?? new AbortController().signal;
  let utterances = 0;
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  let temporary: string | undefined;
  return {
    runId: "run",
    nodeId: "node",
    labels: options.labels ?? {},
    formats,
    get format() {
      const format = formats[mainInput];
      if (!format) throw new EngineError("NODE_PROTOCOL", `the format of input ${mainInput} is not known`);
      return format;
    },
    clock,
    epochMs: () => (clock.virtual ? DRIVE_EPOCH_MS + clock.nowMs() : Date.now()),
    network,
    tracing: options.tracing ?? false,
    ...(options.desk?.outbox && { outbox: options.desk.outbox("run") }),
    durable: options.desk?.durable("run", "node") ?? nothingKept,
    callback: (name, acknowledge) => {
      if (!options.desk)
        throw new EngineError("CONFIG_INVALID", "node: nobody can call back here; drive it with a desk");
      return options.desk.callback({ runId: "run", nodeId: "node", name }, acknowledge);
    },
    log: { debug() {}, info() {}, warn() {} },
    signal,
    random,
    newId: () => (clock.virtual ? seededUuid(random) : crypto.randomUUID()), // a service takes no nonce twice
    newUtterance: () => `node-${++utterances}`,
    count: (counter, by = 1) => {
      log.counters[counter] = (log.counters[counter] ?? 0) + by;
    },
    usage: (unit, amount) => {
      log.usage[unit] = (log.usage[unit] ?? 0) + amount;
    },
    gate: (samples) => {
      log.gated += samples;
    },
    report: (event) => {
      log.events.push(event);
    },
    outside: (work) => announced(clock, work(signal)),
    artifact: async (path) => log.artifact(path),
    tempDir: () => {
      temporary ??= mkdtempSync(join(tmpdir(), "parlando-drive-"));
      return temporary;
    },
    resource: async <T>(resource: Resource<T>) => {
      const open = log.resources.get(resource.key) ?? { resource, value: await announced(clock, resource.open()) };
      log.resources.set(resource.key, open as { resource: Resource<unknown>; value: unknown });
      return open.value as T;
    },
  };
}

/** By the effects of its type, or by its own settings. */
const reaches = (definition: NodeDefinition, config: unknown): boolean =>
  definition.effects?.includes("network") || definition.fetches?.(config) || false;
