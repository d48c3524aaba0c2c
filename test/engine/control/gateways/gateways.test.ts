import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Control, openKeys, type Scope, serverConfigSchema } from "#engine/control";
import {
  defineGateway,
  definePlugin,
  type GatewayHost,
  type GatewayRun,
  NodeTypes,
  type TextFrame,
} from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { callerOf, openTestControl, TestSocket } from "#test/control";
import { gatewayTypes, hearing, talk } from "#test/gateways";
import { rejectionOf } from "#test/rejection";
import { until } from "#test/until";

setDefaultTimeout(60_000); // stores of the machine, which may be busy

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const call of cleanUp.splice(0)) call();
});

/** Hands its host to the test. */
let host: GatewayHost | undefined;
const bare = defineGateway({
  type: "bare",
  summary: "Answers nobody by itself.",
  config: z.strictObject({ pace: z.number().default(1) }),
  streams: [
    { name: "recognition", inputs: ["audio", "recording"], output: "text" },
    { name: "synthesis", inputs: ["text"], output: "audio" },
  ],
  create(_settings, given) {
    host = given;
    return { mounts: [{ kind: "http", method: "GET", path: "/", answer: async () => ({ status: 200 }) }] };
  },
});

const types = new NodeTypes([...gatewayTypes().plugins, definePlugin({ name: "bare", nodes: [], gateways: [bare] })]);

const SPEAKS = `
parlando: 1
name: speaks
inputs: { words: { kind: text } }
params: { voice: { type: string, default: en } }
nodes: { voice: { use: espeak.tts, from: inputs.words, with: { voice: "\${params.voice}" } } }
outputs: { speech: voice }
`;
const FILES = `
parlando: 1
name: files
inputs: { tape: { kind: recording } }
nodes: { asr: { use: tencent.file-asr, from: inputs.tape, with: { appId: "1", secretId: a, secretKey: b } } }
outputs: { texts: asr }
`;
const TWO_INPUTS = hearing("one").replace(`"talk":{"kind":"audio"}`, `"talk":{"kind":"audio"},"other":{"kind":"text"}`);

function home(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "parlando-gateways-"));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const all = {
    "hears.yaml": hearing("one two", "three"),
    "speaks.yaml": SPEAKS,
    "files.yaml": FILES,
    "two.yaml": TWO_INPUTS,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return folder;
}

const KEY = { id: "app", secret: { env: "APP_SECRET" } };
const environment = { APP_SECRET: "word" };
const gateway = (more: Readonly<Record<string, unknown>> = {}) => ({
  type: "bare",
  prefix: "/bare",
  workflows: ["hears.yaml", "speaks.yaml"],
  keys: [KEY],
  ...more,
});

/** The machine's clock, which can be put forward. */
class AheadClock extends SystemClock {
  aheadMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.aheadMs;
  }
}

/** The time of day stands still, so that no minute ends in the midst of a test. */
const open = (
  gateways: unknown,
  more: Readonly<Record<string, unknown>> = {},
  folder = home(),
  clock = new AheadClock(),
) =>
  openTestControl({
    folder,
    types,
    environment,
    clock,
    epochMs: () => Date.UTC(2026, 4, 1),
    config: { gateways, limits: { lateMs: 1000 }, ...more },
  });

const given = (): GatewayHost => {
  if (!host) throw new Error("no gateway was opened");
  return host;
};

const AUDIO = { kind: "audio", format: { sampleRateHz: 16_000, channels: 1 } } as const;

/** What a client of the key is told of two seconds of speech. */
async function hear(more: Partial<Parameters<GatewayHost["start"]>[0]> = {}) {
  const key = await given().key("app");
  if (!key) throw new Error("the key is not known");
  const told: string[] = [];
  const onOutput = (frame: { kind: string }) => {
    const text = frame as TextFrame;
    if (text.kind === "text" && text.final) told.push(text.text);
  };
  const run = await given().start({ key, input: AUDIO, onOutput, ...more });
  return { run, told };
}

async function finish(run: GatewayRun): Promise<void> {
  for (const frame of talk(2000)) await run.push(frame);
  run.end();
  expect(await run.done).toEqual({ state: "done" });
}

const runsOf = async (control: Control, project = "default") => (await control.runs.list(callerOf(project), {})).items;

test("a client's stream is a run of the workflow that takes it, with labels of both, and finals are told when they are stored", async () => {
  await using opened = await open({
    g: gateway({ workflows: [{ workflow: "hears.yaml", labels: { team: "a" } }, "speaks.yaml"] }),
  });
  const { control } = opened;
  expect(given().workflow).toMatchObject({
    name: "hearing, speaks",
    params: ["targets", "voice"],
    inputs: [{ kind: "audio" }, { kind: "text" }],
  });
  const stored: (readonly string[])[] = [];
  const checked: Promise<unknown>[] = [];
  const onOutput = (frame: { kind: string }) => {
    const text = frame as TextFrame;
    if (text.kind !== "text" || !text.final) return;
    const look = async () => {
      const [run] = await runsOf(control);
      const finals = await control.runs.finals(callerOf("default"), run?.id ?? "");
      stored.push([text.text, String(finals.some((final) => final.text === text.text))]);
    };
    checked.push(look());
  };
  const { run } = await hear({ labels: { session: "s".repeat(300) }, onOutput });
  await finish(run);
  await Promise.all(checked);
  expect(stored.map(([text, is]) => `${text}: ${is}`).sort()).toEqual([
    "ONE TWO: true",
    "THREE: true",
    "one two: true",
    "three: true",
  ]);
  expect(await runsOf(control)).toMatchObject([
    {
      id: run.id,
      state: "done",
      labels: { gateway: "g", team: "a", session: "s".repeat(255) },
      inputs: [{ track: "talk", kind: "audio", received: 32_000, ended: true }],
    },
  ]);
});

test("what the configuration says goes before what a client asks for; what the workflow does not know is left out", async () => {
  const texts = "hears.yaml";
  await using opened = await open({ g: gateway({ workflows: [{ workflow: texts, params: { targets: ["ca"] } }] }) });
  const { run } = await hear({ params: { targets: ["fr", "de"], engine: "16k_zh" } });
  await finish(run);
  const finals = await opened.control.runs.finals(callerOf("default"), run.id);
  expect([...new Set(finals.flatMap(({ role, language }) => (role === "translation" ? [language] : [])))]).toEqual([
    "ca",
  ]);
});

test("a client that goes away cancels its run; nobody else sends in its place, and all may listen", async () => {
  await using opened = await open({ g: gateway() });
  const { control } = opened;
  const gone = new AbortController();
  const { run } = await hear({ signal: gone.signal });
  const caller = callerOf("default");
  expect(await rejectionOf(control.runs.attach(caller, run.id, { sends: true }, new TestSocket()))).toMatchObject({
    code: "TRACK_TAKEN",
  });
  const socket = new TestSocket();
  await control.runs.attach(caller, run.id, { after: 0 }, socket);
  for (const frame of talk(1000)) await run.push(frame);
  await socket.until(({ finals }) => finals.includes("one two"));
  gone.abort();
  expect(await run.done).toMatchObject({ state: "cancelled" });
  expect(run.push(talk(20)[0]!)).toBeUndefined();
  expect((await control.runs.get(caller, run.id)).state).toBe("cancelled");
});

/** A store with a key of the API. */
async function withKey(folder: string, scopes: readonly Scope[]) {
  const config = serverConfigSchema.parse({});
  const book = await openKeys({ config, environment: {}, cwd: folder });
  const { key } = await book.create({ project: "acme", name: "app", scopes });
  await book.close();
  return key.id;
}

test("a key of the API gives its clients its project and its quota, and takes them with it", async () => {
  const folder = home();
  const id = await withKey(folder, ["runs:write"]);
  const quotas = { acme: { runs: 1, requestsPerMinute: 3 } };
  await using opened = await open({ g: gateway({ keys: [{ ...KEY, key: id }] }) }, { keys: { quotas } }, folder);
  const { control } = opened;
  const { run } = await hear();
  expect(await rejectionOf(hear())).toMatchObject({
    code: "QUOTA_EXCEEDED",
    message: expect.stringContaining("1 runs"),
  });
  await finish(run);
  expect(await runsOf(control, "acme")).toMatchObject([{ id: run.id, project: "acme" }]);
  expect(await runsOf(control)).toEqual([]);
  expect(await control.runs.usage(callerOf("acme"), { by: "key" })).toMatchObject([{ of: id, audioSeconds: 2 }]);
  const { run: another } = await hear();
  another.cancel("enough");
  await another.done;
  expect(await rejectionOf(hear())).toMatchObject({
    code: "QUOTA_EXCEEDED",
    message: expect.stringContaining("3 requests"),
  });
  const key = await given().key("app");
  await control.keys.revoke(id);
  expect(await given().key("app")).toBeUndefined();
  expect(await rejectionOf(hear({ key: key! }))).toHaveProperty(
    "message",
    expect.stringContaining("the key is not known"),
  );
  const onOutput = () => {};
  expect(await rejectionOf(given().start({ key: key!, input: AUDIO, onOutput }))).toMatchObject({
    code: "KEY_REFUSED",
  });
});

test("a key that may not start runs lets nobody in, and once there is a key of the API a client without one is nobody", async () => {
  const folder = home();
  const id = await withKey(folder, ["runs:read"]);
  await using _opened = await open(
    {
      g: gateway({
        keys: [
          { ...KEY, key: id },
          { ...KEY, id: "other" },
        ],
      }),
    },
    {},
    folder,
  );
  expect(await given().key("app")).toBeUndefined();
  expect(await given().key("other")).toBeUndefined();
  expect(await given().key("nobody")).toBeUndefined();
});

test("a drain refuses new streams, lets what goes on come out, and then ends it", async () => {
  const clock = new AheadClock();
  await using opened = await open({ g: gateway() }, {}, home(), clock);
  const { control } = opened;
  const finishing = await hear();
  const lasting = await hear();
  for (const frame of talk(1000)) await lasting.run.push(frame);
  const drained = control.drain(3_600_000);
  await until(async () => (await control.health()).draining);
  expect(await rejectionOf(hear())).toMatchObject({ code: "SERVER_DRAINING" });
  await finish(finishing.run);
  expect(finishing.told).toContain("three");
  clock.aheadMs = 3_600_000;
  expect(await lasting.run.done).toMatchObject({ state: "cancelled" });
  await drained;
  const states = (await runsOf(control)).map(({ id, state }) => [id === lasting.run.id, state]);
  expect(states.sort()).toEqual([
    [false, "done"],
    [true, "cancelled"],
  ]);
});

test("a gateway that throws over a result ends its own run, and the store goes on", async () => {
  await using opened = await open({ g: gateway() });
  const throws = () => {
    throw new Error("a bug");
  };
  const broken = await hear({ onOutput: throws });
  const sound = await hear();
  for (const frame of talk(1000)) await broken.run.push(frame);
  expect(await broken.run.done).toMatchObject({ state: "cancelled" });
  await finish(sound.run);
  expect(await opened.control.health()).toMatchObject({ ready: true });
});

test("what a client has a gateway call is kept out of closed networks", async () => {
  await using _opened = await open({ g: gateway() });
  const { network } = given();
  expect(await rejectionOf(network.fetch({ url: "http://127.0.0.1:9/" }))).toMatchObject({ code: "URL_FORBIDDEN" });
  expect(await rejectionOf(network.dial({ url: "tcp://example.org:1" }))).toMatchObject({ code: "EFFECT_FORBIDDEN" });
});

const other = (more: Readonly<Record<string, unknown>>) => ({ g: gateway(), h: gateway(more) });

test.each<[what: string, gateways: unknown, message: RegExp, more?: Readonly<Record<string, unknown>>]>([
  [
    "a type that is none",
    { g: gateway({ type: "acme" }) },
    /g\.type: acme is no gateway; there are aliyun, rtvt, tencent, .*bare/,
  ],
  ["a setting that the type has not", { g: gateway({ with: { pase: 2 } }) }, /g\.with: .*pase/],
  ["no workflow", { g: gateway({ workflows: [] }) }, /g\.workflows: none is named/],
  [
    "a workflow that is not there",
    { g: gateway({ workflows: ["none.yaml"] }) },
    /g\.workflows\[0\]: none\.yaml: no such file/,
  ],
  [
    "a param that it has not",
    { g: gateway({ workflows: [{ workflow: "hears.yaml", params: { a: 1 } }] }) },
    /workflows\[0\]\.params\.a/,
  ],
  ["two inputs", { g: gateway({ workflows: ["two.yaml"] }) }, /hearing has 2 inputs .* a client sends one stream/],
  [
    "two for one kind of stream",
    { g: gateway({ workflows: ["hears.yaml", "hears.yaml"] }) },
    /hearing and hearing both take audio/,
  ],
  [
    "a workflow without what is wanted out of it",
    { g: gateway({ workflows: ["silent.yaml"] }) },
    /silent has audio in and nothing out, and serves none of .*recognition: audio or recording in, text out/,
  ],
  ["nowhere to come in", { g: gateway({ prefix: undefined }) }, /g: where its callers come in is not said: a prefix/],
  [
    "TCP where there is none",
    { g: gateway({ tcpPort: 0 }) },
    /g\.tcpPort: this gateway has nothing that goes over TCP/,
  ],
  [
    "a secret that is not set",
    { g: gateway({ keys: [{ id: "a", secret: { env: "NONE" } }] }) },
    /keys\[0\]\.secret: the variable NONE/,
  ],
  [
    "a secret's file that is not there",
    { g: gateway({ keys: [{ id: "a", secret: { file: "none" } }] }) },
    /keys\[0\]\.secret: none cannot be read/,
  ],
  ["an id that stands twice", { g: gateway({ keys: [KEY, KEY] }) }, /keys\[1\]\.id/],
  [
    "one path for two",
    other({}),
    /gateways\.g and gateways\.h both answer GET \/bare\/: .*another prefix, or a port of its own/,
  ],
  [
    "one path for two on a port of theirs",
    { g: gateway({ port: 7000 }), h: gateway({ port: 7000 }) },
    /both answer GET \/bare\//,
  ],
  [
    "the server's own port",
    { g: gateway({ port: 7700 }) },
    /g\.port: 127\.0\.0\.1:7700 is taken by listen\.port/,
    { listen: { port: 7700 } },
  ],
  [
    "two certificates on one port",
    { g: gateway({ port: 7000 }), h: gateway({ port: 7000, prefix: "/h", tls: { cert: "a", key: "b" } }) },
    /h\.tls: gateways\.g is on the same port/,
  ],
  [
    "a client without a key of the API where others reach it",
    { g: gateway({ port: 7000, host: "0.0.0.0" }) },
    /keys\[0\]\.key: others reach 0\.0\.0\.0/,
  ],
])("%s is told before anybody is let in", async (_what, gateways, message, more = {}) => {
  const silent = hearing("one")
    .replace(/"outputs":.*/, `"outputs":{}}`)
    .replace(`"hearing"`, `"silent"`);
  const folder = home({ "silent.yaml": silent });
  expect(await rejectionOf(open(gateways, more, folder))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});

test.each([
  ["on paths of their own", other({ prefix: "/other" })],
  [
    "on ports of their own",
    { g: gateway({ port: 7000, prefix: undefined }), h: gateway({ port: 7001, prefix: undefined }) },
  ],
  ["on two free ports", { g: gateway({ port: 0 }), h: gateway({ port: 0 }) }],
  ["on paths of a port of theirs", { g: gateway({ port: 7000 }), h: gateway({ port: 7000, prefix: "/other" }) }],
])("two gateways of one kind %s are no trouble", async (_where, gateways) => {
  await using opened = await open(gateways);
  expect(opened.control.gateways.map(({ name }) => name)).toEqual(["g", "h"]);
});

test("a deployment may stand behind a gateway", async () => {
  const deployments = { hears: { workflow: "hears.yaml", when: { gateway: "g" } } };
  await using opened = await open({ g: gateway({ workflows: [] }) }, { deployments });
  expect(opened.control.gateways[0]?.unserved).toEqual(["synthesis"]);
  const { run } = await hear();
  await finish(run);
  expect(await runsOf(opened.control)).toMatchObject([{ state: "done" }]);
});
