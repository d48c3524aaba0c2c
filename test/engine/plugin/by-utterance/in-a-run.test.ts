import { expect, test } from "bun:test";
import { z } from "zod";
import { defineNode, definePlugin, encodeWav, NodeTypes, type RecordingFrame, WavReader } from "#engine/plugin";
import core from "#plugins/core";
import { ears, Hearing, spoken } from "#test/toy-vendor/ears";
import toy from "#test/toy-vendor/index";
import { runToy } from "#test/toy-vendor/run";
import { finals, openToy, SENTENCES } from "#test/toy-vendor/service";

/** Hears made-up speech in whole recordings. */
const fileEars = defineNode({
  type: "double.file-ears",
  summary: "Hears recordings of made-up speech.",
  role: "file-asr",
  shape: "task",
  inputs: { recording: { kinds: ["recording"] } },
  outputs: { final: { kinds: ["text"], textRole: "transcript" } },
  config: z.strictObject({}),
  create: (_config, ctx) => ({
    async run(input, emit) {
      for await (const frame of input) {
        if (frame.kind !== "recording" || !("bytes" in frame.source)) continue;
        const pcm = new WavReader().push(frame.source.bytes);
        const hearing = new Hearing(ctx);
        const said = (text: Parameters<typeof emit>[0], port?: string) => {
          if (port === "final") void emit(text, port);
        };
        hearing.hear({ kind: "audio", pcm, sampleRateHz: 16_000, channels: 1, startSample: 0 }, said);
        hearing.finish(said);
        await ctx.clock.sleep(100);
      }
    },
  }),
});

const types = () => new NodeTypes([core, toy, definePlugin({ name: "double", nodes: [fileEars] })]);

test("a recogniser of files takes over a live stream, utterance by utterance, at the same places", async () => {
  const faults = [{ on: "handshake", do: { refuse: 503 } } as const];
  const service = await openToy({ faults });
  const workflow = `
parlando: 1
name: live
inputs: { talk: { kind: audio } }
nodes:
  marks: { use: toy.marks, from: inputs.talk }
  asr:
    use: toy.asr
    from: [inputs.talk, marks]
    retry: { attempts: 1 }
    with: { token: "\${secret:toy}", link: { attempts: 1 } }
    fallback: [{ use: double.file-ears }]
outputs: { texts: asr.final }
`;
  const { report, outputs } = await runToy(service, workflow, spoken(SENTENCES), { types: types() });
  await service.close();
  expect(report).toMatchObject({ state: "done", imbalances: [] });
  expect(finals(outputs)).toEqual(SENTENCES);
  const starts = outputs.flatMap((frame) => (frame.kind === "text" ? [frame.startSample] : []));
  expect(starts).toEqual([1600, 19_200, 36_800]);
});

test("a recogniser of streams takes over recordings", async () => {
  const service = await openToy();
  const pcm = spoken(SENTENCES).flatMap((frame) => [...frame.pcm]);
  const bytes = encodeWav(Int16Array.from(pcm), { sampleRateHz: 16_000, channels: 1 });
  const recording: RecordingFrame = { kind: "recording", source: { bytes }, container: "wav" };
  const workflow = `
parlando: 1
name: files
inputs: { talk: { kind: recording } }
nodes:
  asr:
    use: double.broken-file-asr
    from: inputs.talk
    fallback: [{ use: toy.ears }]
outputs: { texts: asr.final }
`;
  const broken = {
    ...fileEars,
    type: "double.broken-file-asr",
    create: () => ({ run: () => Promise.reject(new Error("broken")) }),
  };
  const all = new NodeTypes([core, toy, definePlugin({ name: "double", nodes: [broken] })]);
  const { report, outputs } = await runToy(service, workflow, [recording], { types: all });
  await service.close();
  expect(report.state).toBe("done");
  expect(finals(outputs)).toEqual(SENTENCES);
  expect(ears.type).toBe("toy.ears");
});
