import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * What the set-up knows of the machine it runs on. It is passed to every step, so that a test can describe another one.
 * @typedef {object} Machine
 * @property {string} checkout the project's root folder
 * @property {string} cacheDir where Bun, the native builds and a user's Debian packages live
 * @property {NodeJS.Platform} platform
 * @property {string} arch as Node names it
 * @property {boolean} musl the C library is musl
 * @property {boolean} avx2 the processor has AVX2, or nothing is known
 * @property {number} uid 0 is root; -1 where there are no user ids
 * @property {string} release the Debian-like release's code name; "" elsewhere
 * @property {string} root where the system's own files begin: `/`
 * @property {Record<string, string | undefined>} env the environment of everything that is started
 */

/** @returns {Machine} */
export function thisMachine() {
  const env = { ...process.env };
  return {
    checkout: resolve(dirname(fileURLToPath(import.meta.url)), "../.."),
    cacheDir: cacheFolder(env),
    platform: process.platform,
    arch: process.arch,
    musl: process.platform === "linux" && hasOnlyMusl(process.arch),
    avx2: hasAvx2(process.platform, process.arch),
    uid: process.getuid?.() ?? -1,
    release: debianRelease(),
    root: "/",
    env,
  };
}

/** `PARLANDO_CACHE`, else `parlando` in the user's cache folder. */
export function cacheFolder(env) {
  if (env.PARLANDO_CACHE) return resolve(env.PARLANDO_CACHE);
  // A relative XDG_CACHE_HOME is to be ignored, says the XDG base directory specification.
  const base = env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), ".cache");
  return join(base, "parlando");
}

/** The first file of that name on PATH that may be executed; undefined when there is none. */
export function findProgram(machine, name) {
  for (const folder of (machine.env.PATH ?? "").split(delimiter)) {
    const file = join(folder || ".", machine.platform === "win32" ? `${name}.exe` : name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // not here: the next folder
    }
  }
  return undefined;
}

/** A Debian with the `musl` package has both loaders; there the system itself is glibc. */
function hasOnlyMusl(arch) {
  const name = arch === "arm64" ? "aarch64" : "x86_64";
  const glibc = arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  return existsSync(`/lib/ld-musl-${name}.so.1`) && !existsSync(glibc);
}

/** Only Linux says it in a file. Elsewhere a Bun that dies of an illegal instruction is replaced by the baseline one. */
function hasAvx2(platform, arch) {
  if (arch !== "x64" || platform !== "linux") return true;
  try {
    return /^flags\s*:.*\bavx2\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return true;
  }
}

function debianRelease() {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    const field = (name) => text.match(new RegExp(`^${name}="?([^"\\n]*)"?$`, "m"))?.[1] ?? "";
    const family = `${field("ID")} ${field("ID_LIKE")}`.split(/\s+/);
    return family.includes("debian") || family.includes("ubuntu") ? field("VERSION_CODENAME") || field("ID") : "";
  } catch {
    return "";
  }
}
