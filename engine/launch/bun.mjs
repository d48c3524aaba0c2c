import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { commandFailure, runCommand } from "./command.mjs";
import { isAlive, withLock } from "./lock.mjs";
import { findProgram } from "./machine.mjs";
import { SetupFailure, say, systemAdvice } from "./remarks.mjs";

/** Bun unpacked, and some room for the build of the native parts. */
const neededMB = 150;

/** The exact version that package.json pins. */
export function pinnedBun(machine) {
  const version = JSON.parse(readFileSync(join(machine.checkout, "package.json"), "utf8")).parlando?.bun;
  if (!/^\d+\.\d+\.\d+$/.test(version ?? "")) {
    throw new SetupFailure("package.json names no exact Bun version in parlando.bun", "restore package.json from git.");
  }
  return version;
}

/**
 * The part of the npm package's name behind `@oven/bun-`, e.g. `linux-x64-musl-baseline`.
 * @param {Pick<import("./machine.mjs").Machine, "platform" | "arch" | "musl" | "avx2">} machine
 * @throws SetupFailure where Bun has no build
 */
export function bunVariant({ platform, arch, musl, avx2 }) {
  const system = { linux: "linux", darwin: "darwin", win32: "windows" }[platform];
  const processor = { x64: "x64", arm64: "aarch64" }[arch];
  if (!system || !processor) {
    throw new SetupFailure(
      `there is no Bun for ${platform} on ${arch}`,
      "use Linux, macOS or Windows on a 64-bit Intel, AMD or ARM processor.",
    );
  }
  return [system, processor, musl && "musl", processor === "x64" && !avx2 && "baseline"].filter(Boolean).join("-");
}

/**
 * The Bun that runs everything: from the cache, else the one on PATH if it is exactly the pinned version, else from npm
 * into the cache.
 * @returns {{ file: string, version: string, fetched: boolean }}
 */
export function provideBun(machine) {
  const version = pinnedBun(machine);
  const variant = bunVariant(machine);
  const cached = () => [variant, `${variant}-baseline`].map((v) => bunFile(machine, version, v)).find(existsSync);
  const kept = cached();
  if (kept) return { file: kept, version, fetched: false };
  const onPath = findProgram(machine, "bun");
  if (onPath && askVersion(machine, onPath).version === version) return { file: onPath, version, fetched: false };
  // Asked again under the lock: another launcher may have fetched it while this one waited.
  const file = withLock(machine, `bun-${version}-${variant}`, () => cached() ?? fetchBun(machine, version, variant));
  return { file, version, fetched: true };
}

function prefixOf(machine, version, variant) {
  return join(machine.cacheDir, "bun", `${version}-${variant}`);
}

function bunFile(machine, version, variant) {
  return join(prefixOf(machine, version, variant), fileInPrefix(machine, variant));
}

function fileInPrefix(machine, variant) {
  return join("node_modules", "@oven", `bun-${variant}`, "bin", machine.platform === "win32" ? "bun.exe" : "bun");
}

/**
 * Installs beside the final prefix and renames at the end: a prefix that exists is whole and was seen to run.
 * Scripts stay off, since the platform package needs none and the user may have switched them off anyway.
 */
function fetchBun(machine, version, variant) {
  const prefix = prefixOf(machine, version, variant);
  const temporary = `${prefix}.${process.pid}.tmp`;
  const name = `@oven/bun-${variant}@${version}`;
  say(`fetching Bun ${version} from npm (${name}, about 100 MB on disk) into ${prefix}`);
  mkdirSync(dirname(prefix), { recursive: true });
  removeLeftovers(dirname(prefix));
  requireRoom(dirname(prefix));
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    installInto(machine, temporary, name);
    const file = join(temporary, fileInPrefix(machine, variant));
    if (!existsSync(file)) throw new SetupFailure(`${name} holds no Bun program`, "report this: the package changed.");
    if (machine.platform !== "win32") chmodSync(file, 0o755);
    const answer = askVersion(machine, file);
    if (answer.signal === "SIGILL" && !variant.endsWith("-baseline")) {
      say("this processor lacks instructions that this Bun needs: taking the baseline build");
      return fetchBun(machine, version, `${variant}-baseline`);
    }
    if (answer.version !== version) {
      throw commandFailure(machine, {
        step: "bun-version",
        what: `the fetched Bun does not run as ${version}:`,
        output: answer.output,
        advice: "check that this system's C library is not older than the one Bun is built for.",
      });
    }
    rmSync(prefix, { recursive: true, force: true });
    renameSync(temporary, prefix);
    return join(prefix, fileInPrefix(machine, variant));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** npm does not notice a disk that fills up while it unpacks, and leaves a program that is cut off. */
function requireRoom(folder) {
  const { bavail, bsize } = statfsSync(folder);
  const freeMB = Math.floor((bavail * bsize) / 1e6);
  if (freeMB < neededMB)
    throw new SetupFailure(`${folder} has ${freeMB} MB free, and Bun takes ${neededMB} MB`, systemAdvice("ENOSPC"));
}

function installInto(machine, prefix, name) {
  const flags = ["--ignore-scripts", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--no-progress"];
  // npm's own pauses add up to 70 s before it says that there is no network
  flags.push("--fetch-retries=3", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000");
  const command = [...npmCommand(machine), "install", "--prefix", prefix, "--global=false", ...flags, name];
  const result = runCommand(machine, command, { cwd: prefix, env: npmEnvironment() });
  if (result.missing) {
    throw new SetupFailure("npm was not found on PATH", "install npm (it comes with Node), or put Bun itself on PATH.");
  }
  if (!result.ok) {
    throw commandFailure(machine, {
      step: "npm-install-bun",
      what: `npm could not install ${name}:`,
      output: result.output,
      advice: "try that npm install by hand; a Bun of exactly this version on PATH serves as well.",
    });
  }
}

/** The npm that started us, since that is the one the user set up; else the one on PATH. */
export function npmCommand(machine) {
  const cli = machine.env.npm_execpath;
  if (cli && basename(cli) === "npm-cli.js" && existsSync(cli)) return [process.execPath, cli];
  if (machine.platform === "win32") {
    return [process.execPath, join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js")];
  }
  return ["npm"];
}

/** Under `npm start` npm hands its own place down by these; the prefix given here is to count instead. */
function npmEnvironment() {
  return { npm_config_local_prefix: undefined, npm_config_workspace: undefined, npm_config_workspaces: undefined };
}

function askVersion(machine, file) {
  const result = runCommand(machine, [file, "--version"], { cwd: machine.checkout, limitMs: 20_000 });
  return { version: result.ok ? result.stdout.trim() : undefined, signal: result.signal, output: result.output };
}

/** Removes what killed launchers left beside the prefixes. */
function removeLeftovers(folder) {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.match(/\.(\d+)\.tmp$/)?.[1]);
    if (pid && !isAlive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
