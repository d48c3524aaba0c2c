import { z } from "zod";
import {
  defineNode,
  EngineError,
  type Frame,
  type NodeContext,
  type OutgoingPost,
  postHeaders,
  secret,
  signatureOf,
  type TaskNode,
} from "#engine/plugin";
import { textFacts, timeMs } from "./text-facts.ts";

const config = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Where to post."),
  secret: secret(z.string().min(1)).optional().describe("Signs each post, as a webhook of the API is signed."),
  partials: z.boolean().default(false).describe("Posts partials, too."),
  marks: z.boolean().default(false).describe("Posts where utterances begin and end, too."),
});

type Config = z.infer<typeof config>;

/** Before the second, third and fourth try where there is no outbox that goes on for hours. */
const PAUSES_MS = [500, 2000, 5000] as const;

/** Posts what comes to an address, signed, in order; under `parlando serve` through the outbox, which outlives the run. */
export const webhook = defineNode({
  shape: "task",
  type: "core.webhook",
  summary: "Posts texts, speech marks and data as JSON to an address of your own, signed.",
  role: "sink",
  inputs: { any: { kinds: ["text", "speech", "data"] } },
  outputs: {},
  effects: ["network"],
  config,
  create: (settings, ctx): TaskNode => ({
    async run(input) {
      for await (const frame of input) {
        const told = factsOf(frame, settings);
        if (!told) continue;
        const post = sealed(told, settings, ctx);
        if (ctx.outbox) await ctx.outbox.put(post);
        else await deliver(post, ctx);
        ctx.count("posts");
      }
    },
  }),
});

interface Told {
  readonly event: string;
  readonly data: unknown;
}

function factsOf(frame: Frame, { partials, marks }: Config): Told | undefined {
  if (frame.kind === "text" && (frame.final || partials))
    return { event: frame.final ? "text.final" : "text.partial", data: textFacts(frame) };
  if (frame.kind === "speech" && marks) {
    const { mark, utterance, atSample, sampleRateHz } = frame;
    return { event: `speech.${mark}`, data: { utterance, atMs: timeMs(atSample, sampleRateHz) } };
  }
  if (frame.kind === "data") {
    const { topic, value, atSample, sampleRateHz } = frame;
    return { event: "data", data: { topic, atMs: timeMs(atSample, sampleRateHz), value } };
  }
  return undefined;
}

function sealed({ event, data }: Told, { url, secret: key }: Config, ctx: NodeContext): OutgoingPost {
  const id = `delivery_${ctx.newId().replaceAll("-", "")}`;
  const atMs = ctx.epochMs();
  const body = JSON.stringify({ id, event, atMs, run: ctx.runId, node: ctx.nodeId, labels: ctx.labels, data });
  return { id, url, event, body, ...(key !== undefined && { signature: signatureOf(body, [key], atMs) }) };
}

/** A few tries; then the run hears of it. */
async function deliver(post: OutgoingPost, ctx: NodeContext): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const refused = await refusal(post, ctx);
    if (!refused) return;
    const pauseMs = PAUSES_MS[attempt];
    if (pauseMs === undefined) throw refused;
    await ctx.clock.sleep(pauseMs, ctx.signal);
  }
}

async function refusal({ url, ...post }: OutgoingPost, ctx: NodeContext): Promise<EngineError | undefined> {
  try {
    const { signal, network } = ctx;
    const answer = await network.fetch({ url, method: "POST", headers: postHeaders(post), body: post.body, signal });
    await answer.bytes();
    if (answer.status >= 200 && answer.status < 300) return undefined;
    return new EngineError("VENDOR_REFUSED", `${ctx.nodeId}: ${new URL(url).host} answered with ${answer.status}`);
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof EngineError)) throw error;
    return error;
  }
}
