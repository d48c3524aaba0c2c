import { z } from "zod";
import { type AudioFrame, defineNode, definePlugin } from "#engine/plugin";
import { voice } from "../detector-signals.ts";
import { RATE_HZ, spoken } from "../spoken-numbers.ts";

const FRAME_SAMPLES = RATE_HZ / 50;
const FRAMES_AT_ONCE = 5;

/** What a talker says, again and again. */
const SOUNDS = { numbers: spoken(Array.from({ length: 9 }, (_, i) => i + 1)), voice: voice(RATE_HZ * 20, RATE_HZ, 1) };

const talker = defineNode({
  type: "soak.talker",
  summary: "Talks at the pace of its clock for so many seconds.",
  role: "source",
  shape: "task",
  inputs: {},
  outputs: { audio: { kinds: ["audio"], audio: { sampleRateHz: RATE_HZ, channels: 1, frameMs: 20 } } },
  config: z.strictObject({
    seconds: z.number().describe("How long."),
    says: z.enum(["numbers", "voice"]).default("numbers").describe("What."),
  }),
  create: ({ seconds, says }, ctx) => ({
    async run(_input, emit, signal) {
      const sound = SOUNDS[says];
      const end = seconds * RATE_HZ;
      for (let startSample = 0; startSample < end; ) {
        await ctx.clock.sleep(20 * FRAMES_AT_ONCE, signal);
        for (let i = 0; i < FRAMES_AT_ONCE && startSample < end; i++, startSample += FRAME_SAMPLES) {
          const at = startSample % sound.length;
          const pcm = sound.subarray(at, at + FRAME_SAMPLES);
          const frame: AudioFrame = { kind: "audio", pcm, sampleRateHz: RATE_HZ, channels: 1, startSample };
          await emit(frame);
        }
      }
    },
  }),
});

const sleeper = defineNode({
  type: "soak.sleeper",
  summary: "Takes everything in, and then does not end.",
  role: "sink",
  shape: "task",
  inputs: { audio: { kinds: ["audio", "speech"] } },
  outputs: {},
  config: z.strictObject({ deaf: z.boolean().default(false).describe("Takes nothing in, either.") }),
  create: ({ deaf }) => ({
    async run(input) {
      if (!deaf) for await (const _ of input);
      await new Promise<never>(() => {});
    },
  }),
});

export default definePlugin({ name: "soak", nodes: [talker, sleeper] });
