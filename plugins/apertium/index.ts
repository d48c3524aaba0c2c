import {
  definePlugin,
  type Engine,
  type EngineMissing,
  findProgram,
  hostEnvironment,
  runProgram,
} from "#engine/plugin";
import { installedModes, modeFolders } from "./modes.ts";
import { translate } from "./translate.ts";
import { findStages } from "./translator.ts";

const missing = (what: string): EngineMissing => ({
  found: false,
  missing: what,
  mend: "apt-get install apertium-eng-spa",
});

const engine: Engine = {
  name: "apertium",
  purpose: "translation",
  async find() {
    const env = hostEnvironment();
    const program = findProgram("apertium", env);
    if (!program) return missing("the program apertium in PATH");
    const modes = installedModes(env);
    if (modes.length === 0) return missing(`a language pair in ${modeFolders(env).join(" or ")}`);
    const stages = new Set(modes.flatMap((mode) => findStages(mode, env).missing));
    if (stages.size > 0) return missing(`the programs ${[...stages].join(", ")} in PATH`);
    try {
      const version = /\d[\w.]*/.exec(new TextDecoder().decode(await runProgram(program, ["-V"])))?.[0];
      const note = `pairs ${modes.map(({ name }) => name).join(", ")}`;
      return { found: true, path: program.path, note, ...(version ? { version } : {}) };
    } catch (error) {
      return missing(`an apertium that runs: at ${program.path}, ${error instanceof Error ? error.message : error}`);
    }
  },
};

/** Translation by apertium, installed on the machine. */
export default definePlugin({ name: "apertium", parlando: "^0.1.0", nodes: [translate], engines: [engine] });
