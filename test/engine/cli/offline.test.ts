import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { callCommand } from "#test/called-command";
import { CHECKOUT, runCommand } from "#test/command-line";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { scratchFolder, TWO_COMMANDS, twoCommands } from "#test/short-recording";
import { finalsOf, toldEvents, toldReport } from "#test/told-events";

setDefaultTimeout(120_000); // a busy machine takes its time over real recognition

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The workflows that README runs offline. */
const examples = [...readFileSync(join(CHECKOUT, "README.md"), "utf8").matchAll(/run (workflows\/\S+) --offline/g)].map(
  ([, file]) => file!,
);

/** Credentials of whoever runs the tests are none of theirs. */
const nothingSet = Object.fromEntries(
  ["NLS_APP_KEY", "ALIYUN_AK_ID", "ALIYUN_AK_SECRET", "RTVT_PID", "RTVT_KEY"]
    .concat(["DASHSCOPE_API_KEY", "TENCENTCLOUD_APP_ID", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"])
    .concat(["AZURE_SPEECH_KEY", "AZURE_KEY", "AZURE_SPEECH_REGION", "AZURE_REGION"])
    .map((name) => [name, undefined]),
);

const RECORDING = "workflows/tencent-recording.yaml";

describe.skipIf(enginesMissing.length > 0)(`the vendors' examples without a network${NEEDS_ENGINES}`, () => {
  test("README has one of each vendor", () => {
    expect(examples).toEqual(
      expect.arrayContaining(
        ["rtvt-interpret", "aliyun-repeat", "tencent-repeat", "modelstudio-interpret", "azure-interpret"].map(
          (name) => `workflows/${name}.yaml`,
        ),
      ),
    );
  });

  test("a recording is heard as a whole, too", async () => {
    const talk = await twoCommands(folder);
    const args = ["run", RECORDING, "--offline", "--json", "--in", `talk=${talk}`, "--out", join(folder, "out")];
    const { status, out } = await runCommand(args, { env: nothingSet });
    expect(status).toBe(0);
    expect(finalsOf(toldEvents(out), "transcript").join(" ")).toContain(TWO_COMMANDS.said[0]);
    expect(out).toContain('"for":"tencent.file-asr","by":["pocketsphinx.asr"]');
  }, 240_000);

  test.each(examples.filter((file) => file !== RECORDING))(
    "%s hears, and says which node is answered by what",
    async (file) => {
      const talk = await twoCommands(folder);
      const args = ["run", file, "--offline", "--json", "--in", `talk=${talk}`, "--out", join(folder, "out")];
      const { status, out, err } = await runCommand(args, { env: nothingSet });
      expect({ status, err }).toEqual({ status: 0, err: "" });
      const events = toldEvents(out);
      expect(finalsOf(events, "transcript").slice(0, 2)).toEqual([...TWO_COMMANDS.said]);
      expect(toldReport(events)).toMatchObject({ state: "done", failures: [], imbalances: [] });
      expect(out).toMatch(/"type":"offline","for":"\w+\.(?:asr|interpret)","by":\[.*"pocketsphinx\.asr"/);
    },
  );
});

const asks = (engine: string) => `
parlando: 1
name: chinese
inputs: { talk: { kind: audio } }
nodes:
  asr: { use: tencent.asr, from: inputs.talk, with: { engine: ${engine} } }
outputs: { text: asr }
`;

/** In the folder of the test: a workflow, a second of sound, and what answers. */
async function answered(answers: string | undefined, engine = "16k_zh") {
  writeFileSync(join(folder, "chinese.yaml"), asks(engine));
  writeFileSync(
    join(folder, "talk.wav"),
    encodeWav(new Int16Array(16_000).fill(9), { sampleRateHz: 16_000, channels: 1 }),
  );
  if (answers !== undefined) writeFileSync(join(folder, "answers.yaml"), answers);
  const more = answers === undefined ? [] : ["--answers", "answers.yaml"];
  const args = ["run", "chinese.yaml", "--offline", "--in", "talk=talk.wav", "--out", "out", "--clock", "virtual"];
  return callCommand([...args, ...more], folder);
}

const SCRIPT = "{ use: core.script, with: { as: asr, results: [{ text: ni hao, fromMs: 0, untilMs: 500 }] } }";

describe("what nothing on this machine answers", () => {
  test("is an error before the run that names the node, and what is missing", async () => {
    const { status, text } = await answered(undefined);
    expect(status).toBe(1);
    expect(text).toMatch(/chinese\.yaml:6:\d+ OFFLINE_UNANSWERED tencent\.asr .*LANGUAGE_UNSUPPORTED.*zh/);
  });

  test.each([["asr"], ["tencent.asr"]])("is answered by a file that names %s", async (key) => {
    const { status, text } = await answered(`answers: { ${key}: ${SCRIPT} }\n`);
    expect({ status, text }).toEqual({ status: 0, text: expect.stringContaining("ni hao") });
    expect(text).toContain("asr: in place of tencent.asr, this machine answers: core.script");
  });

  test.each([
    {
      name: "a type that nobody has",
      answers: "answers: { asr: { use: no.such } }",
      says: "answers.asr.use: no plugin has the node type no.such",
    },
    {
      name: "a node that needs the network itself",
      answers: "answers: { asr: { use: aliyun.asr } }",
      says: "aliyun.asr needs the network itself",
    },
    {
      name: "settings that do not fit",
      answers: "answers: { asr: { use: core.script, with: { as: asr } } }",
      says: "answers.asr.with: ",
    },
    { name: "a file of another shape", answers: "asr: 1", says: "answers.yaml:1:1 KEY_" },
  ])("$name in the file is told of", async ({ answers, says }) => {
    const { status, text } = await answered(answers);
    expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining(says) });
  });

  test("a file of answers that is not there, and one without --offline, are told of", async () => {
    await answered(undefined);
    const lost = await callCommand(["run", "chinese.yaml", "--offline", "--answers", "lost.yaml"], folder);
    expect(lost).toEqual({ status: 1, text: expect.stringContaining("FILE_NOT_FOUND --answers lost.yaml") });
    const alone = await callCommand(["run", "chinese.yaml", "--answers", "answers.yaml"], folder);
    expect(alone).toEqual({ status: 2, text: expect.stringContaining("--answers belongs to --offline") });
  });
});
