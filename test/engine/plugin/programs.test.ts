import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianRoots, findProgram, type Program, runProgram, userDebianRoot } from "#engine/plugin";
import { groupOf } from "#test/processes";
import { rejectionOf } from "#test/rejection";

setDefaultTimeout(30_000);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parlando-programs-"));
  for (const place of ["system", "root/usr/bin", "root/bin"]) mkdirSync(join(folder, place), { recursive: true });
  for (const file of ["system/both", "root/usr/bin/both", "root/usr/bin/own", "root/bin/small"]) {
    writeFileSync(join(folder, file), "#!/bin/sh\n");
    chmodSync(join(folder, file), 0o755);
  }
  writeFileSync(join(folder, "system/data"), "no program");
  mkdirSync(join(folder, "system/folder"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  { env: { PARLANDO_DEBIAN_ROOT: "/r", XDG_CACHE_HOME: "/c", HOME: "/h" }, root: "/r" },
  { env: { XDG_CACHE_HOME: "/c", HOME: "/h" }, root: "/c/parlando/debian/root" },
  { env: { XDG_CACHE_HOME: "", HOME: "/h" }, root: "/h/.cache/parlando/debian/root" },
  { env: {}, root: undefined },
])("the user's own root is $root", ({ env, root }) => {
  expect(userDebianRoot(env)).toBe(root!);
  expect(debianRoots(env)).toEqual(root === undefined ? ["/"] : ["/", root]);
});

test.each([
  { name: "both", path: "system/both" },
  { name: "own", path: "root/usr/bin/own" },
  { name: "small", path: "root/bin/small" },
  { name: "data", path: undefined },
  { name: "folder", path: undefined },
  { name: "nothing", path: undefined },
])("$name is found at $path", ({ name, path }) => {
  const env = { PATH: `relative:${folder}/system:/nonexistent`, PARLANDO_DEBIAN_ROOT: join(folder, "root") };
  expect(findProgram(name, env)?.path).toBe(path === undefined ? undefined! : join(folder, path));
});

test("a program sees paths and a locale, but no secrets; one of the user's own root its libraries too", () => {
  const env = {
    PATH: join(folder, "system"),
    HOME: "/h",
    PARLANDO_SECRET_X: "s",
    PARLANDO_DEBIAN_ROOT: join(folder, "root"),
  };
  expect(findProgram("both", env)).toMatchObject({ root: "/" });
  expect(findProgram("both", env)?.env).toEqual({ PATH: env.PATH, HOME: "/h", LC_ALL: "C.UTF-8" });
  const own = findProgram("own", env);
  expect(own?.root).toBe(join(folder, "root"));
  expect(own?.env.LD_LIBRARY_PATH).toContain(join(folder, "root/usr/lib"));
  expect(own?.env.PATH).toEndWith(env.PATH);
  expect(own?.env.PARLANDO_SECRET_X).toBeUndefined();
});

const sh = { name: "sh", path: "/bin/sh", root: "/", env: { PATH: "/usr/bin:/bin" } } satisfies Program;
const shell = (script: string, options?: Parameters<typeof runProgram>[2]) => runProgram(sh, ["-c", script], options);

test("what goes in by standard input comes out whole, megabytes included", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const long = new Uint8Array(40 * bytes.length);
  for (let at = 0; at < long.length; at += bytes.length) long.set(bytes, at);
  expect(Buffer.compare(await shell("cat", { stdin: long }), long)).toBe(0);
  expect(new TextDecoder().decode(await shell("cat", { stdin: "añ😀" }))).toBe("añ😀");
});

test.each([
  { name: "an exit status", script: "exit 3", message: "sh exited with 3", details: { exitCode: 3 } },
  { name: "a signal", script: "echo some; kill -9 $$", message: "sh was ended by SIGKILL", details: {} },
  { name: "silence", script: "while :; do :; done", message: "sh gave no answer in 100 ms", details: {} },
])("$name is a failure", async ({ script, message, details }) => {
  const input = { stdin: new Uint8Array(1_000_000), timeoutMs: script.startsWith("while") ? 100 : 20_000 };
  expect(await rejectionOf(shell(script, input))).toMatchObject({
    code: "ENGINE_FAILED",
    message: expect.stringContaining(message),
    details,
  });
});

test("a program that is not there is missing", async () => {
  const gone = { ...sh, path: "/nonexistent/sh" };
  expect(await rejectionOf(runProgram(gone, []))).toMatchObject({ code: "ENGINE_MISSING" });
});

test("a signal ends the program and what it started", async () => {
  const abort = new AbortController();
  const started = join(folder, "started");
  const script = `cat /dev/zero > /dev/null & echo $$ > '${started}.new'; mv '${started}.new' '${started}'; wait`;
  const running = shell(script, { signal: abort.signal });
  while (!existsSync(started)) await turn();
  const group = Number(readFileSync(started, "utf8"));
  const alive = () => groupOf(group).filter(({ state }) => state !== "Z").length;
  expect(alive()).toBeGreaterThan(1);
  abort.abort(new Error("enough"));
  expect(await rejectionOf(running)).toHaveProperty("message", expect.stringContaining("enough"));
  while (alive() > 0) await turn(); // or the test runs out of time
  expect(await rejectionOf(shell("echo", { signal: abort.signal }))).toHaveProperty(
    "message",
    expect.stringContaining("enough"),
  );
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
