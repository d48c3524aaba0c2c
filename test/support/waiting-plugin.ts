import { existsSync } from "node:fs";
import { z } from "zod";
import { defineNode, definePlugin, type TextFrame } from "#engine/plugin";

/** Hears everything, and says what it heard once a file is there: so a test can do what it wants meanwhile. */
const asr = defineNode({
  type: "waiting.asr",
  summary: "Answers when a file is there.",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: { final: { kinds: ["text"], textRole: "transcript", default: true } },
  config: z.strictObject({ until: z.string().describe("The file.") }),
  create: ({ until }, ctx) => ({
    async run(input, emit, signal) {
      let heard = 0;
      for (let got = await input.next(); got; got = await input.next())
        if (got.frame.kind === "audio") heard += got.frame.pcm.length;
      while (!existsSync(until)) await ctx.clock.sleep(5, signal);
      const text = `heard ${heard}`;
      const frame: TextFrame = {
        kind: "text",
        role: "transcript",
        text,
        utterance: ctx.newUtterance(),
        revision: 1,
        final: true,
        stableChars: text.length,
        startSample: 0,
        endSample: heard,
        sampleRateHz: 16_000,
      };
      await emit(frame);
    },
  }),
});

export default definePlugin({ name: "waiting", parlando: ">=0.1.0", nodes: [asr] });
