import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeMachine, launcherModule, type Machine, remarksOf } from "#test/fake-machine";

interface PackagesModule {
  providePackages(machine: Machine, bun: { file: string; version: string }): void;
  provideNative(machine: Machine, bun: { file: string; version: string }): "built" | "no-compiler" | "failed";
}
const { providePackages, provideNative } = await launcherModule<PackagesModule>("packages");

let fake: FakeMachine;
let bun: { file: string; version: string };
beforeEach(() => {
  fake = new FakeMachine();
  fake.program("npm", `[ "$3" = registry ] && echo https://packages.test/npm/ || echo null`);
  bun = {
    file: fake.program("bun", `echo "$NPM_CONFIG_REGISTRY" > "$FOLDER/registry"; [ ! -e "$FOLDER/broken" ]`),
    version: "1.4.4",
  };
});
afterEach(() => fake.remove());

const install = (version = "1.4.4") => remarksOf(() => providePackages(fake.machine(), { ...bun, version }));
const touch = (file: string) => appendFileSync(join(fake.checkout, file), "\n");

test("the lockfile is kept to, and npm's registry is handed on", async () => {
  install();
  expect(fake.calls("bun")).toEqual(["install --frozen-lockfile --no-progress"]);
  expect(await Bun.file(join(fake.folder, "registry")).text()).toBe("https://packages.test/npm/\n");
});

test.each([
  { name: "nothing changed", change: () => {}, installs: 1 },
  { name: "the lockfile changed", change: () => touch("bun.lock"), installs: 2 },
  { name: "package.json changed", change: () => touch("package.json"), installs: 2 },
  {
    name: "node_modules went away",
    change: () => rmSync(join(fake.checkout, "node_modules"), { recursive: true }),
    installs: 2,
  },
])("packages are installed anew only for a reason: $name", ({ change, installs }) => {
  install();
  change();
  install();
  expect(fake.calls("bun")).toHaveLength(installs);
});

test("another Bun installs anew", () => {
  install();
  install("1.4.5");
  expect(fake.calls("bun")).toHaveLength(2);
});

test("an install that fails says so, and is tried again the next time", () => {
  writeFileSync(join(fake.folder, "broken"), "");
  expect(() => install()).toThrow("the packages could not be installed");
  rmSync(join(fake.folder, "broken"));
  install();
  expect(fake.calls("bun")).toHaveLength(2);
});

/** Builds what there is to build, by a Bun that answers as the real build script does. */
function build(env: Record<string, string> = {}) {
  let outcome: string | undefined;
  const remarks = remarksOf(() => {
    outcome = provideNative(fake.machine({ env: { ...fake.env(), ...env } }), bun);
  });
  return { outcome, remarks };
}

test("without a compiler nothing is built and nothing is started", () => {
  expect(build().outcome).toBe("no-compiler");
  expect(fake.calls("bun")).toEqual([]);
});

test.each([
  { name: "nothing changed", change: () => {}, builds: 1 },
  { name: "a source changed", change: () => writeFileSync(join(fake.checkout, "native/shim.c"), "int y;"), builds: 2 },
  { name: "the library went away", change: () => rmSync(join(fake.cache, "lib.so")), builds: 2 },
])("the native parts are built anew only for a reason: $name", ({ change, builds }) => {
  fake.program("cc", "exit 0");
  mkdirSync(fake.cache, { recursive: true });
  writeFileSync(join(fake.checkout, "native/shim.c"), "int x;");
  fake.program("bun", `touch "${fake.cache}/lib.so"; echo "detector: built: ${fake.cache}/lib.so"`);
  expect(build().outcome).toBe("built");
  change();
  expect(build().outcome).toBe("built");
  expect(fake.calls("bun")).toEqual(Array(builds).fill("native/build.ts"));
});

test("a build that fails is told, does not stop the set-up and is tried again", () => {
  fake.program("cc", "exit 0");
  fake.program("bun", "echo 'shim.c:1: error: no such header'; exit 1");
  expect(build()).toEqual({ outcome: "failed", remarks: expect.stringContaining("shim.c:1: error: no such header") });
  build();
  expect(fake.calls("bun")).toHaveLength(2);
});
