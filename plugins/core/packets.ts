import { z } from "zod";
import {
  type AwaitableEmit,
  defineNode,
  type NodeContext,
  OPUS_RATES_HZ,
  path,
  samplesToMs,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { fileBytes, isWebUrl, urlBytes } from "./file/byte-source.ts";
import { Progress } from "./file/progress.ts";
import { type Packet, PacketReader } from "./packets/packet-reader.ts";

const config = z.strictObject({
  path: path(z.string().min(1), "read").describe("The recording, Opus in Ogg: a path or a web address."),
  sampleRateHz: z
    .literal([...OPUS_RATES_HZ])
    .optional()
    .describe(
      "The rate at which positions count, and at which core.convert decodes; the one that the recording says it was made of where left out.",
    ),
  pace: z
    .enum(["fast", "realtime"])
    .default("fast")
    .describe("`fast` reads as quickly as what follows takes it, `realtime` as a telephone would have given it."),
});

type Settings = z.output<typeof config>;

/** Takes the packets out of a recording without decoding them, for services that are sent packets. */
export const packets = defineNode({
  type: "core.packets",
  summary: "Hands on the packets of an Opus recording as they are, from a file or a web address.",
  role: "source",
  inputs: {},
  outputs: { packets: { kinds: ["encoded"] } },
  effects: ["files"],
  fetches: ({ path: location }) => isWebUrl(location),
  config,
  shape: "task",
  opens: {
    kind: "encoded",
    config: (location) => ({ path: location }),
    async probe({ path: location, sampleRateHz }) {
      if (!isWebUrl(location)) await (await PacketReader.open(await fileBytes(location), sampleRateHz)).close();
      return undefined;
    },
  },
  async create(settings, ctx) {
    const { path: location, sampleRateHz } = settings;
    const reader = isWebUrl(location) // what comes by the network waits on the run's own clock
      ? await PacketReader.open(await urlBytes(location, ctx), sampleRateHz)
      : await ctx.outside(async () => PacketReader.open(await fileBytes(location), sampleRateHz));
    return new PacketSource(settings, ctx, reader);
  },
});

class PacketSource implements TaskNode {
  readonly #settings: Settings;
  readonly #ctx: NodeContext;
  readonly #reader: PacketReader;
  readonly #progress: Progress;
  #startSample = 0;
  #begunMs = 0;

  constructor(settings: Settings, ctx: NodeContext, reader: PacketReader) {
    this.#settings = settings;
    this.#ctx = ctx;
    this.#reader = reader;
    this.#progress = new Progress(ctx, undefined);
  }

  async run(_input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    this.#begunMs = this.#ctx.clock.nowMs();
    for (;;) {
      signal.throwIfAborted();
      const block = await this.#ctx.outside(() => this.#reader.next());
      if (!block) break;
      for (const packet of block) await this.#give(packet, emit, signal);
    }
    this.#progress.end();
    const foundMs = samplesToMs(this.#startSample, this.#reader.format.sampleRateHz);
    if (this.#reader.truncated) this.#ctx.report({ type: "truncated", foundMs });
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** In real time a packet is due when its last sample has been spoken. */
  async #give({ bytes, sampleCount }: Packet, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { format } = this.#reader;
    const startSample = this.#startSample;
    this.#startSample += sampleCount;
    const endMs = samplesToMs(this.#startSample, format.sampleRateHz);
    const { clock } = this.#ctx;
    const earlyMs = this.#settings.pace === "realtime" ? this.#begunMs + endMs - clock.nowMs() : 0;
    if (earlyMs > 0) await clock.sleep(earlyMs, signal);
    const room = emit({ kind: "encoded", codec: "opus", packet: bytes, startSample, sampleCount, ...format });
    this.#progress.reached(endMs);
    if (room) await room;
  }
}
