import { definePlugin, type Engine, type ModelKind } from "#engine/plugin";
import { findWhisper, requireWhisperModel, WHISPER_PACKAGE } from "#native/whisper";
import { fileAsr } from "./file-asr.ts";

const engine: Engine = {
  name: "whisper",
  purpose: "recognition of recordings with a ggml model of whisper",
  optional: true,
  async find() {
    if (findWhisper()) return { found: true, note: "models: parlando models" };
    return { found: false, missing: `the package ${WHISPER_PACKAGE}`, mend: `bun add ${WHISPER_PACKAGE}` };
  },
};

const model: ModelKind = {
  type: "whisper.file-asr",
  needs: [
    "one ggml file of whisper (ggml-base.en.bin and its like), as the makers of whisper.cpp publish them",
    `the package ${WHISPER_PACKAGE}, which is not installed by itself: 266 MB with its builds for graphics cards, 15 MB without them`,
  ],
  licence:
    "whisper.cpp, its binding and OpenAI's own models are under the MIT licence; a model that somebody trained further has a licence of its own.",
  check(path) {
    requireWhisperModel(path);
    return { what: "a ggml file", files: [path] };
  },
};

/** Recognition of recordings by whisper.cpp. */
export default definePlugin({
  name: "whisper",
  parlando: "^0.1.0",
  nodes: [fileAsr],
  engines: [engine],
  models: [model],
});
