import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Frame } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { TranscriptionClient } from "#test/aliyun-client";
import { folderOf, type GatewayServer, serveGateways } from "#test/gateway-server";
import { gatewayTypes, hearing, said, talk } from "#test/gateways";
import { testPlugin } from "#test/server-process";
import { until } from "#test/until";

setDefaultTimeout(120_000); // programs are started, on a machine that may be busy

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

const SPEAKS = `
parlando: 1
name: speaks
inputs: { words: { kind: text } }
nodes: { voice: { use: espeak.tts, from: inputs.words, with: { voice: en } } }
outputs: { speech: voice }
`;

const KEYS = { ALIYUN: "example-secret", TENCENT: "example-secret-key", RTVT: "ZXhhbXBsZS1rZXk=" };

/** Three vendors at once: two on paths of the server's port, one on ports of its own. */
const ALL = `
limits: { drainSeconds: 100 }
gateways:
  nls:
    type: aliyun
    prefix: /nls
    workflows: [hears.yaml, speaks.yaml]
    keys: [{ id: example-key, secret: { env: ALIYUN }, facts: { appkey: example-appkey } }]
  cloud:
    type: tencent
    prefix: /cloud
    workflows: [hears.yaml, speaks.yaml]
    keys: [{ id: example-secret-id, secret: { env: TENCENT }, facts: { appid: "1250000000" } }]
  interpreter:
    type: rtvt
    port: 0
    tcpPort: 0
    workflows: [{ workflow: hears.yaml, labels: { team: interpreters } }]
    keys: [{ id: "81700001", secret: { env: RTVT } }]
`;

const allThree = () => {
  const files = { "parlando.yaml": ALL, "hears.yaml": hearing("one two", "three"), "speaks.yaml": SPEAKS };
  return serveGateways(folderOf(files, cleanUp), 3, cleanUp, KEYS);
};

/** The settings by which a vendor's own nodes reach a gateway, from what the gateway itself tells. */
function settingsOf({ places }: GatewayServer, gateway: string, type: string, vendor: string) {
  const definition = gatewayTypes()
    .plugins.flatMap((plugin) => plugin.gateways ?? [])
    .find((each) => each.type === vendor);
  const example = definition?.example;
  if (!example) throw new Error(`no example of ${vendor}`);
  return example.nodes(places[gateway] ?? {}, example.key)[type] ?? {};
}

const drive = (type: string, settings: unknown, frames: Frame[]) => {
  const definition = gatewayTypes().get(type);
  if (!definition) throw new Error(`no ${type}`);
  return driveNode(definition, settings, { clock: new SystemClock(), frames });
};

const runsOf = async ({ url }: GatewayServer, gateway: string) =>
  (await (await fetch(`${url}/v1/runs?label=gateway:${gateway}`)).json()) as {
    items: { id: string; state: string; labels: Record<string, string>; error?: { code: string } }[];
  };

test("one server speaks three vendors' protocols at once, and every stream is a run of the API", async () => {
  const server = await allThree();
  expect(Object.keys(server.places)).toEqual(["nls", "cloud", "interpreter"]);
  const [nls, cloud, interpreter] = await Promise.all([
    drive("aliyun.asr", { ...settingsOf(server, "nls", "aliyun.asr", "aliyun"), mode: "continuous" }, talk(2000)),
    drive("tencent.asr", { ...settingsOf(server, "cloud", "tencent.asr", "tencent"), engine: "16k_en" }, talk(2000)),
    drive("rtvt.asr", { ...settingsOf(server, "interpreter", "rtvt.asr", "rtvt"), source: "en" }, talk(2000)),
  ]);
  for (const heard of [nls, cloud, interpreter]) expect(said(heard.frames("final"))).toEqual(["one two", "three"]);
  for (const gateway of ["nls", "cloud", "interpreter"]) {
    const { items } = await runsOf(server, gateway);
    expect(items).toMatchObject([{ labels: { gateway, ...(gateway === "interpreter" && { team: "interpreters" }) } }]);
    const transcript = await fetch(`${server.url}/v1/runs/${items[0]?.id}/transcript?format=json`);
    expect(await transcript.text()).toContain("one two");
  }
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200); // the API is where it was
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('parlando_gateway_calls_total{gateway="interpreter"} 1');
  expect(metrics).toContain('parlando_gateway_clients{gateway="interpreter"} ');
});

/** What the vendor's own library of npm prints, run by a program. */
async function library(program: string, ...args: string[]) {
  const child = Bun.spawn([program, join(import.meta.dir, "../../plugins/aliyun/vendor-client.cjs"), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const output = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return output
    .split("\n")
    .filter(Boolean)
    .map((line): { event: string; detail?: { payload?: { result?: string }; Token?: { Id: string } } } =>
      JSON.parse(line),
    );
}

test.each([
  ["bun", process.execPath],
  ["node", Bun.which("node")],
])("the vendor's own library under %s is served under a path of the server's port", async (_name, program) => {
  if (!program) return;
  const server = await allThree();
  const { web = "" } = server.places.nls ?? {};
  const [answer] = await library(program, "token", `http://${web}`, "example-key", "example-secret");
  const token = answer?.detail?.Token?.Id ?? "";
  const heard = await library(program, "transcribe", `ws://${web}/ws/v1`, token, "example-appkey");
  const ends = heard.flatMap(({ event, detail }) => (event === "end" ? [detail?.payload?.result] : []));
  expect(ends).toEqual(["one two", "three"]);
  const spoken = await library(program, "speak", `ws://${web}/ws/v1`, token, "example-appkey");
  expect(spoken.find(({ event }) => event === "audio")?.detail).toMatchObject({ head: "RIFF" });
  const { items } = await runsOf(server, "nls");
  expect(items.map(({ labels }) => labels.service).sort()).toEqual(["SpeechSynthesizer", "SpeechTranscriber"]);
});

test("SIGTERM lets a client finish what it began, refuses new ones, and ends", async () => {
  const server = await allThree();
  const { web = "" } = server.places.nls ?? {};
  const token = "example-key.example-secret";
  const client = new TranscriptionClient(web, token, "example-appkey");
  await client.started;
  client.send(new Int16Array(16_000));
  await client.until(({ finals }) => finals.length === 1);
  server.child.kill("SIGTERM");
  await until(async () => (await (await fetch(`${server.url}/readyz`)).text()).includes(`"draining":true`));
  const late = new TranscriptionClient(web, token, "example-appkey");
  await late.until(({ told }) => told.length > 0);
  expect(late.told.map(({ name }) => name)).toEqual(["TaskFailed"]);
  client.send(new Int16Array(16_000));
  client.stop();
  await client.until(({ told }) => told.some(({ name }) => name === "TranscriptionCompleted"));
  expect(client.finals).toEqual(["one two", "three"]);
  expect(await server.child.exited).toBe(0);
});

const HANGS = `
plugins: [${JSON.stringify(testPlugin("hanging-plugin"))}]
limits: { drainSeconds: 3 }
gateways:
  nls:
    type: aliyun
    prefix: /nls
    workflows: [hangs.yaml]
    keys: [{ id: example-key, secret: { env: ALIYUN }, facts: { appkey: example-appkey } }]
`;

const HUNG = `
parlando: 1
name: hangs
inputs: { talk: { kind: audio } }
nodes: { asr: { use: hanging.asr, from: inputs.talk } }
outputs: { texts: asr }
`;

test("SIGTERM with a plugin that hangs: the process ends, and what was told is kept", async () => {
  const folder = folderOf({ "parlando.yaml": HANGS, "hangs.yaml": HUNG }, cleanUp);
  const server = await serveGateways(folder, 1, cleanUp, KEYS);
  const client = new TranscriptionClient(server.places.nls?.web ?? "", "example-key.example-secret", "example-appkey");
  await client.started;
  client.send(new Int16Array(32_000));
  await client.until(({ finals }) => finals.length === 4);
  server.child.kill("SIGTERM");
  await client.closed;
  expect(await server.child.exited).toBe(0);
  const again = await serveGateways(folder, 1, cleanUp, KEYS);
  const { items } = await runsOf(again, "nls");
  expect(items).toHaveLength(1);
  expect(["failed", "cancelled"]).toContain(items[0]?.state ?? "");
  const text = await (await fetch(`${again.url}/v1/runs/${items[0]?.id}/transcript?format=txt`)).text();
  for (const final of client.finals) expect(text).toContain(final);
});

test("SIGKILL in the midst: what a client was told is in the store, and its run is over", async () => {
  const folder = folderOf(
    { "parlando.yaml": ALL, "hears.yaml": hearing("one two", "three"), "speaks.yaml": SPEAKS },
    cleanUp,
  );
  const server = await serveGateways(folder, 3, cleanUp, KEYS);
  const client = new TranscriptionClient(server.places.nls?.web ?? "", "example-key.example-secret", "example-appkey");
  await client.started;
  client.send(new Int16Array(20_000));
  await client.until(({ finals }) => finals.length === 1);
  server.child.kill("SIGKILL");
  await server.child.exited;
  const again = await serveGateways(folder, 3, cleanUp, KEYS);
  const { items } = await runsOf(again, "nls");
  expect(items).toMatchObject([{ state: "failed", error: { code: "RUN_STALLED" } }]);
  const text = await (await fetch(`${again.url}/v1/runs/${items[0]?.id}/transcript?format=txt`)).text();
  expect(text).toContain("one two");
});
