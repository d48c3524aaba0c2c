import { definePlugin, type Engine, type ModelKind } from "#engine/plugin";
import { BERGAMOT_PACKAGE, bergamotModel, findBergamot } from "#native/bergamot";
import { translate } from "./translate.ts";

const engine: Engine = {
  name: "bergamot",
  purpose: "translation with a model of your own",
  optional: true,
  async find() {
    const path = findBergamot();
    if (path !== undefined) return { found: true, path, note: "models: parlando models" };
    return { found: false, missing: `the package ${BERGAMOT_PACKAGE}`, mend: `bun add ${BERGAMOT_PACKAGE}` };
  },
};

const model: ModelKind = {
  type: "bergamot.translate",
  needs: [
    "a folder with model.*.bin, lex.*.bin, and vocab.*.spm or srcvocab.*.spm and trgvocab.*.spm, unpacked, as Mozilla publishes them for each direction",
    `the package ${BERGAMOT_PACKAGE}, which is not installed by itself (5 MB)`,
  ],
  licence: "bergamot-translator is under the MPL-2.0; Mozilla's models have the licence that stands with each of them.",
  check(folder) {
    const { model: file, shortlist, vocabularies } = bergamotModel(folder);
    return { what: "a model of one direction", files: [file, shortlist, ...vocabularies] };
  },
};

/** Translation by bergamot, as WebAssembly. */
export default definePlugin({
  name: "bergamot",
  parlando: "^0.1.0",
  nodes: [translate],
  engines: [engine],
  models: [model],
});
