import { z } from "zod";
import { defineNode, definePlugin, type TextFrame } from "#engine/plugin";

/** Says a final for each half second that it hears, and neither ends nor closes when it is told to. */
const asr = defineNode({
  type: "hanging.asr",
  summary: "Hears, and hangs in the end.",
  role: "asr",
  shape: "task",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: { final: { kinds: ["text"], textRole: "transcript", default: true } },
  config: z.strictObject({}),
  create: (_config, ctx) => ({
    async run(input, emit) {
      setInterval(() => {}, 1000); // keeps the process alive for ever
      let heard = 0;
      let said = 0;
      for (let got = await input.next(); got; got = await input.next()) {
        if (got.frame.kind !== "audio") continue;
        heard += got.frame.pcm.length;
        for (; (said + 1) * 8000 <= heard; said++) {
          const text = `heard ${said + 1}`;
          const frame: TextFrame = {
            kind: "text",
            role: "transcript",
            text,
            utterance: ctx.newUtterance(),
            revision: 1,
            final: true,
            stableChars: text.length,
            startSample: said * 8000,
            endSample: (said + 1) * 8000,
            sampleRateHz: 16_000,
          };
          await emit(frame);
        }
      }
      await new Promise(() => {});
    },
    close: () => new Promise(() => {}),
  }),
});

export default definePlugin({ name: "hanging", parlando: ">=0.1.0", nodes: [asr] });
