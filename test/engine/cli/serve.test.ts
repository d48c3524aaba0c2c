import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callCommand } from "#test/called-command";

setDefaultTimeout(60_000); // programs are started, on a machine that may be busy

const MAIN = join(import.meta.dir, "../../../engine/main.ts");
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

function folder(files: Readonly<Record<string, string>> = {}): string {
  const made = mkdtempSync(join(tmpdir(), "parlando-serve-"));
  cleanUp.push(() => rmSync(made, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

/** A server in a process of its own, once it listens. */
async function serving(cwd: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, MAIN, "serve", "--port", "0", ...args], {
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  cleanUp.push(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  const err = new Response(child.stderr).text();
  let out = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    out += decoder.decode(value);
    const url = /^listening on (\S+)$/m.exec(out)?.[1];
    if (url !== undefined) return { child, url, err };
    if (done) throw new Error(`it ended with ${await child.exited}: ${await err}`);
  }
}

test("it listens, answers, logs ids without content, and ends by itself on SIGTERM", async () => {
  const cwd = folder();
  const { child, url, err } = await serving(cwd, "--log", "debug");
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ store: true, ready: true, draining: false });
  expect((await fetch(`${url}/v1/runs?workflow=unheard-of-name`)).status).toBe(200);
  expect(await (await fetch(`${url}/try/examples.json`)).json()).toMatchObject({
    items: [{ name: "transcribe" }, { name: "interpret" }, { name: "speak" }],
  });
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  const lines = (await err).split("\n").filter((line) => line.startsWith("{"));
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ route: "/v1/runs", status: 200 }),
  );
  expect(lines.join()).not.toContain("unheard-of-name");
});

test("parlando.yaml is read, its paths are relative to it, and the command line goes before it", async () => {
  const cwd = folder({ "parlando.yaml": "listen: { port: 1 }\nstore: { path: kept }\nkeys: { required: true }\n" });
  const { url } = await serving(cwd, "--log", "silent");
  expect((await fetch(`${url}/v1/runs`)).status).toBe(401);
  expect(await Bun.file(join(cwd, "kept/parlando.sqlite")).exists()).toBe(true);
});

test("a plugin that the configuration lists is loaded, whatever became of the one before it", async () => {
  const cwd = folder({
    "parlando.yaml": "plugins: [./none.ts, ./mine.ts]\n",
    "none.ts": "export default 3;",
    "mine.ts": `export default { name: "mine", nodes: [] };`,
  });
  const { url } = await serving(cwd, "--log", "silent");
  expect(JSON.stringify(await (await fetch(`${url}/v1/plugins`)).json())).toContain('"name":"mine"');
});

test.each([
  [
    "an address that others reach, without a key",
    ["--host", "0.0.0.0", "--port", "0"],
    {},
    1,
    /CONFIG_INVALID .*parlando keys create/,
  ],
  ["a port that is none", ["--port", "70000"], {}, 2, /--port 70000/],
  ["a level that is none", ["--log", "loud"], {}, 2, /--log loud/],
  ["a configuration that is not there", ["--config", "none.yaml"], {}, 1, /FILE_NOT_FOUND none.yaml/],
  ["a configuration that does not hold", [], { "parlando.yaml": "lisen: {}\n" }, 1, /parlando.yaml:1:1.*KEY_UNKNOWN/],
  [
    "a certificate that is not there",
    [],
    { "parlando.yaml": "listen: { tls: { cert: c.pem, key: k.pem } }\n" },
    1,
    /FILE_NOT_FOUND listen\.tls\.cert: c\.pem/,
  ],
] as const)("%s is told, and nothing is served", async (_what, args, files, status, said) => {
  const called = await callCommand(["serve", ...args], folder(files));
  expect({ status: called.status, text: called.text }).toEqual({ status, text: expect.stringMatching(said) });
});

test.skipIf(!Bun.which("openssl"))("TLS is spoken with the certificate of the configuration", async () => {
  const cwd = folder({ "parlando.yaml": "listen: { tls: { cert: c.pem, key: k.pem } }\n" });
  const about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"];
  const made = Bun.spawnSync(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", ...about],
    { cwd },
  );
  expect(made.exitCode).toBe(0);
  const { url } = await serving(cwd, "--log", "silent");
  expect(url).toStartWith("https://");
  const ca = await Bun.file(join(cwd, "c.pem")).text();
  expect((await fetch(`${url}/healthz`, { tls: { ca } })).status).toBe(200);
});
