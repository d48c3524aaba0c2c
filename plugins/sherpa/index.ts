import { definePlugin, type Engine } from "#engine/plugin";
import { findSherpa, sherpaVersion } from "#native/sherpa";
import { asr } from "./asr.ts";
import { denoise } from "./denoise.ts";
import { diarize } from "./diarize.ts";
import { models } from "./models.ts";
import { tts } from "./tts.ts";

const engine: Engine = {
  name: "sherpa",
  purpose: "recognition, synthesis, noise removal and telling speakers apart with models of your own",
  optional: true,
  async find() {
    const version = await sherpaVersion();
    const path = findSherpa();
    if (version !== undefined && path !== undefined)
      return { found: true, version, path, note: "models: parlando models" };
    return { found: false, missing: "the package sherpa-onnx-node", mend: "bun install sherpa-onnx-node" };
  },
};

/** Models of one's own through sherpa-onnx. */
export default definePlugin({
  name: "sherpa",
  parlando: "^0.1.0",
  nodes: [asr, tts, denoise, diarize],
  engines: [engine],
  models,
});
