import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { folderOf, serveGateways } from "#test/gateway-server";
import { testPlugin } from "#test/server-process";
import { until } from "#test/until";

setDefaultTimeout(120_000); // programs are started, on a machine that may be busy

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

const CONFIG = `
plugins: [${JSON.stringify(testPlugin("waiting-plugin"))}]
limits: { lateMs: 1000 }
deployments:
  inbox: { workflow: waits.yaml, when: { folder: in, lookSeconds: 0.1, quietSeconds: 0.1 } }
`;

const waits = (until: string) => `
parlando: 1
name: waits
inputs: { talk: { kind: audio } }
nodes: { asr: { use: waiting.asr, from: inputs.talk, with: { until: ${JSON.stringify(until)} } } }
outputs: { texts: asr }
limits: { drainMs: 100000 }
`;

interface Listed {
  readonly items: readonly { readonly id: string; readonly state: string; readonly labels: Record<string, string> }[];
}

test("a process that is killed while it works on a file is followed by one that ends the work, once", async () => {
  const cwd = folderOf({ "parlando.yaml": CONFIG }, cleanUp);
  writeFileSync(join(cwd, "waits.yaml"), waits(join(cwd, "go")));
  const first = await serveGateways(cwd, 0, cleanUp);
  await until(() => existsSync(join(cwd, "in/working")));
  writeFileSync(join(cwd, "in/call.wav"), encodeWav(new Int16Array(32_000), { sampleRateHz: 16_000, channels: 1 }));
  const list = async (url: string, what: string) => (await (await fetch(`${url}/v1/${what}`)).json()) as Listed;
  await until(async () => (await list(first.url, "runs")).items.some(({ state }) => state !== "starting"));
  first.child.kill("SIGKILL");
  await first.child.exited;
  expect(readdirSync(join(cwd, "in/working"))).toHaveLength(1);
  const second = await serveGateways(cwd, 0, cleanUp);
  writeFileSync(join(cwd, "go"), "");
  await until(() => existsSync(join(cwd, "in/done/call.wav")));
  expect(readdirSync(join(cwd, "in/working"))).toEqual([]);
  expect(await list(second.url, "jobs")).toMatchObject({ items: [{ state: "done", labels: { file: "call.wav" } }] });
  const { items } = await list(second.url, "runs");
  expect(items).toMatchObject([{ state: "done", labels: { deployment: "inbox", file: "call.wav" } }]);
  const text = await (await fetch(`${second.url}/v1/runs/${items[0]?.id}/transcript?format=txt`)).text();
  expect(text.match(/heard \d+/g)).toEqual(["heard 32000"]);
});
