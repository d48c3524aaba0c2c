import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { MemoryNetwork, newHousehold, SystemClock, SystemNetwork } from "#engine/runtime";
import { type Emulator, emulate, type RecordedMessage } from "#engine/testing";
import aliyun from "#plugins/aliyun";
import { deliveredTypes } from "#test/built-in-types";
import { callCommand } from "#test/called-command";
import { covers } from "#test/covers";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(120_000); // a suite in real time

const KEY = { id: "example-key", secret: "example-secret", facts: { appkey: "example-appkey" } };
const ENVIRONMENT = { NLS_APP_KEY: "example-appkey", ALIYUN_AK_ID: KEY.id, ALIYUN_AK_SECRET: KEY.secret };
const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let service: Emulator | undefined;
afterEach(() => service?.close());

/** Aliyun's gateway on a socket of this machine, with a scripted recogniser behind it. */
async function listening(results: string) {
  const network = new MemoryNetwork(new SystemClock());
  service = await emulate(aliyun.gateways![0]!, {
    network,
    outside: new SystemNetwork(),
    web: "127.0.0.1:0",
    types: deliveredTypes(),
    keys: [KEY],
    household: newHousehold({ network }),
    workflow: `
parlando: 1
name: service
inputs: { talk: { kind: audio } }
nodes:
  asr: { use: core.script, from: inputs.talk, with: { as: asr, results: ${results} } }
outputs: { texts: [asr.partial, asr.final] }
`,
  });
  return service.web!;
}

const A_SECOND = encodeWav(new Int16Array(16_000).fill(9), { sampleRateHz: 16_000, channels: 1 });
const SAYS = "[{ text: go forward, partials: auto, fromMs: 0, untilMs: 900 }]";

describe("doctor --live", () => {
  test("runs the suite over real sockets with the user's key, and keeps what was said without it", async () => {
    const at = await listening(SAYS);
    writeFileSync(join(folder, "a-second.wav"), A_SECOND);
    const settings = [`url=ws://${at}/ws/v1`, `tokenUrl=http://${at}/`, "sentences=whole", "answerMs=1000"];
    const args = ["doctor", "--live", "aliyun", "--record", ".", "--in", "a-second.wav"];
    const { status, text } = await callCommand(
      [...args, ...settings.flatMap((setting) => ["--with", setting])],
      folder,
      ENVIRONMENT,
    );
    expect(text).toContain("ok     aliyun.asr hears something");
    expect(text).toContain("ok     aliyun.asr revises in order");
    expect(text).toContain("BROKEN aliyun.tts"); // the service behind this emulator only hears
    expect(status).toBe(1);
    const file = readdirSync(folder).find((name) => name.startsWith("aliyun.asr."))!;
    const kept = readFileSync(join(folder, file), "utf8");
    expect(kept).toContain("RecognitionCompleted");
    for (const secret of [KEY.secret, KEY.id, "example-appkey"]) expect(kept).not.toContain(secret);
    expect(text).not.toContain(KEY.secret);
  });

  test("says which variables are missing, and fails", async () => {
    const { status, text } = await callCommand(["doctor", "--live", "aliyun"], folder);
    expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining("left out aliyun.asr: ") });
    expect(text).toContain("NLS_APP_KEY");
    expect(text).toContain("SECRET_MISSING");
  });

  test.each(["nobody", "webrtc"])("says that %s calls no service", async (vendor) => {
    const { status, text } = await callCommand(["doctor", "--live", vendor], folder, ENVIRONMENT);
    expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining(`CONFIG_INVALID --live ${vendor}`) });
  });
});

describe("plugin record", () => {
  const settings = (at: string) =>
    [`url=ws://${at}/ws/v1`, `tokenUrl=http://${at}/`, "sentences=whole", "answerMs=1000"].flatMap((each) => [
      "--with",
      each,
    ]);

  test("keeps one session over real sockets as a fixture of messages, HTTP included, without a secret", async () => {
    const at = await listening(SAYS);
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "a-second.wav"), A_SECOND);
    mkdirSync(join(cwd, "test/plugins/aliyun"), { recursive: true });
    const args = ["plugin", "record", "aliyun", "--node", "aliyun.asr", "--in", "a-second.wav", ...settings(at)];
    const { status, text } = await callCommand(args, cwd, ENVIRONMENT);
    expect(text).toMatch(
      /^wrote .*aliyun\.asr\.\d{4}-\d\d-\d\d\.jsonl \(\d+ messages, for which the node gave \d+ frames\)\n$/,
    );
    expect(status).toBe(0);
    // where the pages of node types look for the days of live sessions
    const folder = join(cwd, "test/plugins/aliyun/fixtures/live");
    const [file, ...more] = readdirSync(folder);
    expect(more).toEqual([]);
    const kept = readFileSync(join(folder, file!), "utf8");
    const messages = kept
      .trimEnd()
      .split("\n")
      .map((line): RecordedMessage => JSON.parse(line));
    const [asked, answered, ...talk] = messages;
    expect(asked).toMatchObject({ connection: 1, direction: "out", http: "GET /" });
    expect(answered).toMatchObject({ connection: 1, direction: "in", status: 200 });
    expect(JSON.parse(answered!.text!).Token.Id).toBe("…"); // it opens the door for a day
    expect(new Set(talk.map(({ connection }) => connection)).size).toBe(1);
    const texts = talk.flatMap(({ direction, text }) =>
      text === undefined ? [] : [[direction, JSON.parse(text).header.name]],
    );
    expect(texts[0]).toEqual(["out", "StartRecognition"]);
    expect(texts.at(-1)).toEqual(["in", "RecognitionCompleted"]);
    for (const secret of [KEY.secret, KEY.id, "example-appkey", Buffer.from(KEY.secret).toString("base64")])
      expect(kept).not.toContain(secret);
  });

  test("writes nothing where the session fails, and says why", async () => {
    const at = await listening("[{ fault: VENDOR_FAILED }]");
    const cwd = scratchFolder();
    const args = ["plugin", "record", "aliyun", "--node", "aliyun.tts", "--out", "kept", ...settings(at)];
    const { status, text } = await callCommand(args, cwd, ENVIRONMENT);
    expect(status).toBe(1);
    expect(text).toMatch(/^[A-Z_]+ .*nothing was written for aliyun\.tts\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test.each([
    ["without credentials", ["aliyun"], {}, /SECRET_MISSING/],
    ["of a node type that calls no service", ["webrtc"], ENVIRONMENT, /CONFIG_INVALID plugin webrtc/],
    ["of a plugin that is nowhere", ["nobody"], ENVIRONMENT, /PLUGIN_INVALID .*nobody is not there/],
  ])("%s says so, and keeps nothing", async (_what, args, environment, said) => {
    const cwd = scratchFolder();
    const { status, text } = await callCommand(["plugin", "record", ...args], cwd, environment);
    expect({ status, text }).toEqual({ status: 1, text: expect.stringMatching(said) });
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe("run --trace", () => {
  const run = async (trace: readonly string[]) => {
    const at = await listening(SAYS);
    writeFileSync(join(folder, "talk.wav"), A_SECOND);
    writeFileSync(
      join(folder, "hear.yaml"),
      `parlando: 1
name: hear
inputs: { talk: { kind: audio } }
nodes:
  asr:
    use: aliyun.asr
    from: inputs.talk
    with: { url: "ws://${at}/ws/v1", tokenUrl: "http://${at}/", sentences: whole }
outputs: { text: asr }
`,
    );
    const args = ["run", "hear.yaml", "--in", "talk=talk.wav", "--out", "out", ...trace];
    return callCommand(args, folder, ENVIRONMENT);
  };

  test.each(["asr", "all"])("%s shows what was said in both directions, audio as lengths and no key", async (node) => {
    covers("A9");
    const { status, text } = await run(["--trace", node]);
    expect(status).toBe(0);
    expect(text).toMatch(/^asr \S+ -> .*StartRecognition/m);
    expect(text).toMatch(/^asr \S+ -> 3200 bytes$/m);
    expect(text).toMatch(/^asr \S+ <- .*RecognitionCompleted/m);
    for (const secret of [KEY.secret, "example-appkey"]) expect(text).not.toContain(secret);
  });

  test("without it nothing of the wire is shown", async () => {
    expect((await run([])).text).not.toContain("StartRecognition");
  });

  test("of a node that is not there is wrong usage", async () => {
    const { status, text } = await run(["--trace", "ars"]);
    expect({ status, text }).toEqual({ status: 2, text: expect.stringContaining("--trace ars: no node of hear") });
  });
});
