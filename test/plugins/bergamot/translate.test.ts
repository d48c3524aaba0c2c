import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { bergamotModel, findBergamot } from "#native/bergamot";
import { translate } from "../../../plugins/bergamot/translate.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-bergamot-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, files: readonly string[], bytes = 5000): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), Buffer.alloc(bytes, 7));
  return path;
}

const WHOLE = ["model.ende.intgemm.alphas.bin", "lex.50.50.ende.s2t.bin", "vocab.deen.spm"];

test.each([
  { name: "no folder", model: () => join(folder, "nowhere"), code: "FILE_NOT_FOUND", says: "nowhere" },
  { name: "an empty folder", model: () => written("empty", []), code: "MODEL_UNFIT", says: "no model.*.bin" },
  { name: "no vocabulary", model: () => written("no-words", WHOLE.slice(0, 2)), code: "MODEL_UNFIT", says: "srcvocab" },
  {
    name: "files that are next to empty",
    model: () => written("tiny", WHOLE, 3),
    code: "MODEL_UNFIT",
    says: "next to empty",
  },
  {
    name: "files that are no model",
    model: () => written("garbage", WHOLE),
    code: findBergamot() === undefined ? "ENGINE_MISSING" : "MODEL_UNFIT",
    says: findBergamot() === undefined ? "bun add" : "garbage",
  },
])("$name is $code, and the process goes on", async ({ model, code, says }) => {
  const error = await driveNode(translate, { model: model(), source: "en", target: "de" }, { frames: [] }).then(
    () => new Error("it was taken"),
    (cause: unknown) => cause,
  );
  if (!(error instanceof EngineError)) throw error;
  expect([error.code, error.message]).toEqual([code as never, expect.stringContaining(says)]);
});

test("a model has one vocabulary, or one for each language", () => {
  const two = written("two", [...WHOLE.slice(0, 2), "srcvocab.enja.spm", "trgvocab.enja.spm"]);
  expect(bergamotModel(two).vocabularies).toEqual([join(two, "srcvocab.enja.spm"), join(two, "trgvocab.enja.spm")]);
});
