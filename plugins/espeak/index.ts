import { definePlugin, type Engine, hostEnvironment, runProgram } from "#engine/plugin";
import { ESPEAK_WASM_PACKAGE, findEspeakWasm } from "#native/espeak-wasm";
import { findEspeak, listVoices, MEND } from "./program.ts";
import { tts } from "./tts.ts";

const engine: Engine = {
  name: "espeak-ng",
  purpose: "speech synthesis",
  async find() {
    const program = findEspeak(hostEnvironment());
    if (!program && findEspeakWasm())
      return { found: true, note: `as WebAssembly (${ESPEAK_WASM_PACKAGE}), in a process of its own` };
    if (!program) return { found: false, missing: "the program espeak-ng in PATH", mend: MEND };
    try {
      const version = /\d[\w.]*/.exec(new TextDecoder().decode(await runProgram(program, ["--version"])))?.[0];
      const { voices } = await listVoices(program);
      return { found: true, path: program.path, note: `${voices.length} voices`, ...(version ? { version } : {}) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { found: false, missing: `an espeak-ng that runs: at ${program.path}, ${why}`, mend: MEND };
    }
  },
};

/** Speech synthesis by espeak-ng, installed on the machine. */
export default definePlugin({ name: "espeak", parlando: "^0.1.0", nodes: [tts], engines: [engine] });
