import { definePlugin, type Engine, EngineError } from "#engine/plugin";
import { BUNDLED_SILERO, bundledSilero, readModel, sherpaVersion } from "#native/sherpa";
import { vad } from "./vad.ts";

const engine: Engine = {
  name: "silero",
  purpose: "the Silero voice activity detector",
  optional: true,
  async find() {
    const version = await sherpaVersion();
    if (version === undefined)
      return { found: false, missing: "the package sherpa-onnx-node", mend: "bun install sherpa-onnx-node" };
    try {
      const path = bundledSilero();
      readModel(path);
      return { found: true, version: `sherpa-onnx ${version}`, path };
    } catch (error) {
      const missing = error instanceof EngineError ? error.message : String(error);
      return { found: false, missing, mend: `bun install ${BUNDLED_SILERO}` };
    }
  },
};

/** Voice activity detection by the Silero model. */
export default definePlugin({ name: "silero", parlando: "^0.1.0", nodes: [vad], engines: [engine] });
