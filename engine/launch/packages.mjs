import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmCommand } from "./bun.mjs";
import { commandFailure, runCommand } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { findProgram } from "./machine.mjs";
import { say } from "./remarks.mjs";

/**
 * Installs the packages of bun.lock unless a stamp in node_modules says that this very set is there.
 * @param {import("./machine.mjs").Machine} machine
 * @param {{ file: string, version: string }} bun
 */
export function providePackages(machine, bun) {
  const wanted = fingerprint(machine, ["bun.lock", "package.json"], bun.version);
  if (readStamp(machine, "packages") === wanted) return;
  withLock(machine, `packages-${checkoutId(machine)}`, () => {
    if (readStamp(machine, "packages") === wanted) return;
    say("installing the packages of bun.lock (bun install --frozen-lockfile)");
    const result = runCommand(
      machine,
      [bun.file, "install", "--frozen-lockfile", "--no-progress", ...registryFlags(machine)],
      {
        env: registryEnvironment(machine),
      },
    );
    if (!result.ok) {
      throw commandFailure(machine, {
        step: "bun-install",
        what: "the packages could not be installed:",
        output: result.output,
        advice: /frozen/.test(result.output)
          ? "bun.lock does not fit package.json: take both from the same commit, or run `node engine/launch.mjs --bun install`."
          : "remove node_modules and try again.",
      });
    }
    writeStamp(machine, "packages", wanted);
  });
}

/**
 * Builds the native parts where there is a C compiler; at first use they would be built as well, only later.
 * @param {import("./machine.mjs").Machine} machine
 * @param {{ file: string, version: string }} bun
 * @returns {"built" | "no-compiler" | "failed"}
 */
export function provideNative(machine, bun) {
  const compiler = ["cc", "gcc", "clang"].map((name) => findProgram(machine, name)).find(Boolean);
  if (!compiler) return "no-compiler";
  const sources = nativeSources(machine);
  const wanted = fingerprint(machine, ["package.json", ...sources], `${bun.version} ${compiler}`);
  if (isBuilt(machine, wanted)) return "built";
  return withLock(machine, `native-${checkoutId(machine)}`, () => {
    if (isBuilt(machine, wanted)) return "built";
    say("building the native parts");
    const result = runCommand(machine, [bun.file, join("native", "build.ts")], { env: nativeEnvironment(machine) });
    if (!result.ok) {
      const what = "the native build failed:";
      say(commandFailure(machine, { step: "native-build", what, output: result.output, advice: "" }).message);
      return "failed";
    }
    const libraries = [...result.stdout.matchAll(/: (\/.*)$/gm)].map((match) => match[1]);
    writeStamp(machine, "native", [wanted, ...libraries].join("\n"));
    return "built";
  });
}

/** The stamp names the libraries behind the fingerprint: a cache that was emptied is filled again. */
function isBuilt(machine, wanted) {
  const [stamped, ...libraries] = readStamp(machine, "native")?.split("\n") ?? [];
  return stamped === wanted && libraries.every((file) => existsSync(file));
}

/** Where the native parts are built and looked for: with a cache of its own it is not the engine's usual place. */
export function nativeEnvironment(machine) {
  const moved = machine.env.PARLANDO_CACHE && !machine.env.PARLANDO_NATIVE_DIR;
  return moved ? { PARLANDO_NATIVE_DIR: join(machine.cacheDir, "native") } : {};
}

/** Names this checkout in lock names, so that two checkouts do not wait for each other. */
function checkoutId(machine) {
  return createHash("sha256").update(machine.checkout).digest("hex").slice(0, 16);
}

function nativeSources(machine) {
  const found = readdirSync(join(machine.checkout, "native"), { withFileTypes: true, recursive: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(machine.checkout.length + 1))
    .sort();
}

function fingerprint(machine, files, extra) {
  const hash = createHash("sha256").update(extra);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(machine.checkout, file)));
  return hash.digest("hex");
}

function stampFile(machine, name) {
  return join(machine.checkout, "node_modules", ".parlando", name);
}

function readStamp(machine, name) {
  try {
    return readFileSync(stampFile(machine, name), "utf8");
  } catch {
    return undefined;
  }
}

function writeStamp(machine, name, value) {
  mkdirSync(join(machine.checkout, "node_modules", ".parlando"), { recursive: true });
  writeFileSync(stampFile(machine, name), value);
}

/**
 * Bun reads a user's and a project's npmrc, but neither npm's global one nor the command line that npm was called with.
 * Asking npm costs half a second and happens only when something is to be installed.
 */
function npmSetting(machine, key) {
  const result = runCommand(machine, [...npmCommand(machine), "config", "get", key], { limitMs: 30_000 });
  const value = result.stdout.trim().split("\n").at(-1) ?? "";
  return result.ok && value !== "null" && value !== "undefined" ? value : "";
}

function registryEnvironment(machine) {
  const registry = npmSetting(machine, "registry");
  return registry ? { NPM_CONFIG_REGISTRY: registry } : {};
}

function registryFlags(machine) {
  const file = npmSetting(machine, "cafile");
  return file ? [`--cafile=${file}`] : [];
}
