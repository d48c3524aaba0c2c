import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { FakeMachine, launcherModule, linesOf, type Machine, remarksOf, until } from "#test/fake-machine";

interface BunModule {
  bunVariant(machine: Pick<Machine, "platform" | "arch" | "musl" | "avx2">): string;
  provideBun(machine: Machine): { file: string; version: string; fetched: boolean };
}
const { bunVariant, provideBun } = await launcherModule<BunModule>("bun");

let fake: FakeMachine;
beforeEach(() => {
  fake = new FakeMachine();
});
afterEach(() => fake.remove());

/** The Bun that the set-up provides, without its remarks. */
function provide(machine = fake.machine()) {
  let found: ReturnType<BunModule["provideBun"]> | undefined;
  remarksOf(() => (found = provideBun(machine)));
  if (!found) throw new Error("no Bun was provided");
  return found;
}

const version = (await Bun.file(join(import.meta.dir, "../../../package.json")).json()).parlando.bun as string;

test.each([
  { platform: "linux", arch: "x64", musl: false, avx2: true, variant: "linux-x64" },
  { platform: "linux", arch: "x64", musl: false, avx2: false, variant: "linux-x64-baseline" },
  { platform: "linux", arch: "x64", musl: true, avx2: true, variant: "linux-x64-musl" },
  { platform: "linux", arch: "x64", musl: true, avx2: false, variant: "linux-x64-musl-baseline" },
  { platform: "linux", arch: "arm64", musl: false, avx2: true, variant: "linux-aarch64" },
  { platform: "linux", arch: "arm64", musl: true, avx2: false, variant: "linux-aarch64-musl" },
  { platform: "darwin", arch: "arm64", musl: false, avx2: true, variant: "darwin-aarch64" },
  { platform: "darwin", arch: "x64", musl: false, avx2: false, variant: "darwin-x64-baseline" },
  { platform: "win32", arch: "x64", musl: false, avx2: true, variant: "windows-x64" },
  { platform: "win32", arch: "arm64", musl: false, avx2: true, variant: "windows-aarch64" },
])("$platform on $arch, musl $musl, AVX2 $avx2, is $variant", ({ variant, ...machine }) => {
  expect(bunVariant(machine)).toBe(variant);
});

test("a machine without a Bun is named", () => {
  expect(() => bunVariant({ platform: "aix", arch: "ppc64", musl: false, avx2: true })).toThrow(
    "no Bun for aix on ppc64",
  );
});

test("exactly the pinned Bun comes from npm into a prefix of its own, without scripts, and only once", () => {
  fake.npmBringing(`echo ${version}`);
  const machine = fake.machine();
  const first = provide(machine);
  expect(first).toMatchObject({ version, fetched: true });
  expect(first.file).toStartWith(join(fake.cache, "bun", `${version}-linux-x64`));
  expect(provide(machine)).toEqual({ ...first, fetched: false });
  expect(fake.calls("npm")).toHaveLength(1);
  expect(fake.calls("npm")[0]).toMatch(/^install --prefix \S+ .*--ignore-scripts --no-save/);
  expect(fake.calls("npm")[0]).toEndWith(`@oven/bun-linux-x64@${version}`);
});

test.each([
  { name: "of that version serves", answers: version, served: true },
  { name: "of another version does not", answers: "1.4.3", served: false },
  { name: "of a preview of that version does not", answers: `${version}-canary.1`, served: false },
])("a Bun on PATH $name", ({ answers, served }) => {
  fake.npmBringing(`echo ${version}`);
  const onPath = fake.program("bun", `echo ${answers}`);
  const found = provide();
  expect(found.file === onPath).toBe(served);
  expect(fake.calls("npm")).toHaveLength(served ? 0 : 1);
});

test.each([
  {
    name: "a name that is not found",
    npm: `echo "npm error code ENOTFOUND" >&2; exit 1`,
    advice: "the network was not reached",
  },
  {
    name: "a full disk",
    npm: `echo "npm error ENOSPC: no space left on device" >&2; exit 1`,
    advice: "free about 500 MB",
  },
  {
    name: "a foreign certificate",
    npm: `echo "npm error SELF_SIGNED_CERT_IN_CHAIN" >&2; exit 1`,
    advice: "NODE_EXTRA_CA_CERTS",
  },
  { name: "an npm that is not there", npm: undefined, advice: "install npm" },
  { name: "a Bun of another version", npm: "echo 9.9.9", advice: "C library" },
])("$name is told with what to do, and leaves nothing half done", ({ npm, advice }) => {
  if (npm === "echo 9.9.9") fake.npmBringing(npm);
  else if (npm) fake.program("npm", npm);
  let failure: unknown;
  try {
    provide();
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ advice: expect.stringContaining(advice) });
  expect(readdirSync(join(fake.cache, "bun"))).toEqual([]);
});

test("a processor that does not know the instructions gets the baseline build, also the next time", () => {
  fake.npmBringing(`case "$name" in *-baseline) echo ${version};; *) kill -ILL $$;; esac`);
  expect(provide().file).toContain("linux-x64-baseline");
  expect(provide().file).toContain("linux-x64-baseline");
  expect(fake.calls("npm")).toHaveLength(2);
});

test("two launchers at once fetch one Bun and both run it", async () => {
  fake.npmBringing(`[ "$1" = install ] || echo ${version}`);
  writeFileSync(join(fake.folder, "hold"), "");
  const first = fake.launch(["--bun", "--version"]);
  await until(linesOf(first.stderr), "fetching Bun");
  const second = fake.launch(["--bun", "--version"]);
  await until(linesOf(second.stderr), "another set-up is under way");
  rmSync(join(fake.folder, "hold"));
  for (const launcher of [first, second]) {
    expect(await new Response(launcher.stdout).text()).toBe(`${version}\n`);
    expect(await launcher.exited).toBe(0);
  }
  expect(fake.calls("npm").filter((call) => call.startsWith("install"))).toHaveLength(1);
});

test("what a killed launcher left, a lock and half a prefix, is cleared away", () => {
  fake.npmBringing(`echo ${version}`);
  const dead = Bun.spawnSync(["true"]).pid;
  const half = join(fake.cache, "bun", `${version}-linux-x64.${dead}.tmp`);
  const lock = join(fake.cache, "locks", `bun-${version}-linux-x64`);
  for (const folder of [half, lock]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(lock, "holder"), `${dead} ${hostname()}`);
  expect(provide().fetched).toBe(true);
  expect([half, lock].map((folder) => existsSync(folder))).toEqual([false, false]);
});
