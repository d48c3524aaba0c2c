import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { offlineRecogniser } from "#test/tiny-models";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-models-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
offlineRecogniser(join(folder, "tiny"));

test.each([
  ["all of them", [], 0, /^sherpa\.asr\n {2}needs: /m],
  ["one of them", ["sherpa.tts"], 0, /needs: +VITS/],
  ["a type that takes none", ["core.file"], 1, /core\.file takes no models/],
  ["a type that is misspelt", ["sherpa.ars"], 1, /did you mean sherpa\.asr\?/],
  [
    "a folder that fits",
    ["sherpa.asr", "tiny"],
    0,
    /fits sherpa\.asr: NeMo CTC, offline\n.*model\.onnx\n.*tokens\.txt\n {2}licence: /,
  ],
  ["a folder that does not", ["sherpa.tts", "tiny"], 1, /MODEL_UNFIT .*not a VITS model/],
  ["no folder", ["sherpa.asr", "nowhere"], 1, /FILE_NOT_FOUND .*nowhere/],
  ["too much", ["sherpa.asr", "tiny", "more"], 2, /usage: parlando models/],
])("asked for %s", async (_, args, status, says) => {
  const asked = await callCommand(["models", ...args], folder);
  expect([asked.status, asked.text]).toEqual([status, expect.stringMatching(says)]);
});
