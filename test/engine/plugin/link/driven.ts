import { z } from "zod";
import {
  type AudioFrame,
  type Control,
  credentialLimits,
  defineNode,
  type Frame,
  type LimitSettings,
  type LinkNodeOptions,
  type LinkSettings,
  linkNode,
  linkPool,
  linkSettings,
  type NodeContext,
  type NodeDefinition,
  type SpeechMark,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { audio as frameAt } from "#test/doubles";
import { prompt } from "#test/texts";
import { PlainService, protocolOf } from "./plain-service.ts";

/** A node, as a test wants it. */
export interface Asked {
  readonly sessions: LinkNodeOptions["sessions"];
  readonly settings?: Partial<LinkSettings>;
  readonly protocol?: Parameters<typeof protocolOf>[0];
  readonly limits?: LimitSettings;
  readonly pooled?: true;
}

export const nodeOf = ({ sessions, settings = {}, protocol, limits, pooled }: Asked): NodeDefinition =>
  defineNode({
    type: "plain.node",
    summary: "Speaks plainly.",
    role: "asr",
    shape: "task",
    effects: ["network"],
    inputs: { in: { kinds: ["audio", "speech", "text"] } },
    outputs: { out: { kinds: ["text"] } },
    config: z.strictObject({}),
    create: async (_config, ctx: NodeContext) =>
      linkNode({
        ctx,
        protocol: protocolOf(protocol),
        settings: linkSettings(settings),
        sessions,
        ...(limits && { limits: await ctx.resource(credentialLimits(limits, "plain")) }),
        ...(pooled && { pool: await ctx.resource(linkPool("plain")) }),
      }),
  });

const RATE = 16_000;
/** The frame of that number, 20 ms of silence. */
export const audio = (n: number): AudioFrame => frameAt(n * 320, 320, 0);
/** The frames from one number to before another. */
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => audio(from + i));
export const mark = (kind: "start" | "end", n: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance: `u${n}`,
  atSample: n * 320,
  sampleRateHz: RATE,
});
/** A text whose utterance is called as it reads. */
export const say = (text: string, more: Partial<TextFrame> = {}) => prompt(text, text, { sampleRateHz: RATE, ...more });

/** The service in memory and virtual time, for as long as `use` takes. */
export async function withService<T>(
  use: (at: { clock: VirtualClock; network: MemoryNetwork; service: PlainService }) => Promise<T>,
): Promise<T> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const service = new PlainService(clock);
  await network.listen("plain.test:80", service.door);
  try {
    return await use({ clock, network, service });
  } finally {
    stop();
  }
}

/** Drives a node against the service, and closes it in the middle of nothing. */
export const drive = (
  asked: Asked,
  frames: readonly (Frame | Control)[],
  more: { prepare?: (service: PlainService) => void; pace?: number } = {},
) =>
  withService(async ({ clock, network, service }) => {
    more.prepare?.(service);
    const driven = await driveNode(nodeOf(asked), {}, { frames, clock, network, pace: more.pace ?? 0 });
    await clock.sleep(1);
    return { ...driven, heard: service.heard, at: service.at, sockets: network.sockets };
  });
