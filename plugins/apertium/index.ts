import { definePlugin, type Engine, findProgram, hostEnvironment, runProgram } from "#engine/plugin";
import { installedModes, modeFolders } from "./modes.ts";
import { translate } from "./translate.ts";

const MEND = "apt-get install apertium-eng-spa";

const engine: Engine = {
  name: "apertium",
  purpose: "translation",
  async find() {
    const env = hostEnvironment();
    const program = findProgram("apertium", env);
    if (!program) return { found: false, missing: "the program apertium in PATH", mend: MEND };
    const pairs = installedModes(env).map(({ name }) => name);
    const [system = "", ...more] = modeFolders(env);
    if (pairs.length === 0)
      return { found: false, missing: `a language pair in ${[system, ...more].join(" or ")}`, mend: MEND };
    const version = /\d[\w.]*/.exec(new TextDecoder().decode(await runProgram(program, ["-V"])))?.[0];
    return { found: true, path: program.path, note: `pairs ${pairs.join(", ")}`, ...(version ? { version } : {}) };
  },
};

/** Translation by apertium, installed on the machine. */
export default definePlugin({ name: "apertium", nodes: [translate], engines: [engine] });
