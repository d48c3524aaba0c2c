import { z } from "zod";
import { defineNode, definePlugin } from "#engine/plugin";

/** A source that tells so many pieces of data as fast as they are taken. */
const teller = defineNode({
  type: "talkative.source",
  summary: "Tells pieces of data as fast as they are taken.",
  role: "source",
  shape: "task",
  inputs: {},
  outputs: { told: { kinds: ["data"] } },
  config: z.strictObject({
    events: z.number().int().default(1000).describe("How many."),
    waitMs: z.number().int().default(0).describe("Before the first."),
  }),
  create: ({ events, waitMs }, ctx) => ({
    async run(_input, emit, signal) {
      await ctx.clock.sleep(waitMs, signal);
      for (let i = 0; i < events; i++)
        await emit({
          kind: "data",
          topic: "count",
          value: { i, said: "what one event may carry" },
          atSample: i,
          sampleRateHz: 1000,
        });
    },
  }),
});

export default definePlugin({ name: "talkative", nodes: [teller] });
