import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { SetupFailure, say } from "./remarks.mjs";

const waitMs = 15 * 60_000;
const abandonedMs = 30 * 60_000;

/**
 * Runs `work` while no other launcher holds the lock of that name. A folder is the lock, since making one is atomic on
 * every file system. A lock whose holder no longer lives is broken.
 * @template T
 * @param {import("./machine.mjs").Machine} machine
 * @param {string} name letters, digits and dashes
 * @param {() => T} work synchronous
 * @returns {T}
 */
export function withLock(machine, name, work) {
  const folder = join(machine.cacheDir, "locks", name);
  mkdirSync(dirname(folder), { recursive: true });
  take(folder);
  try {
    return work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function take(folder) {
  const deadline = Date.now() + waitMs;
  let told = false;
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, "holder"), `${process.pid} ${hostname()}`);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isAbandoned(folder)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new SetupFailure(
        `another set-up has held ${folder} for ${waitMs / 60_000} minutes`,
        `wait for it to end; if there is none, remove that folder.`,
      );
    }
    if (!told) say("another set-up is under way: waiting for it");
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function isAbandoned(folder) {
  try {
    const ageMs = Date.now() - statSync(folder).mtimeMs;
    const holder = readHolder(folder);
    if (!holder) return ageMs > 5000; // its maker died between the folder and the file
    if (holder.host !== hostname()) return ageMs > abandonedMs;
    return !isAlive(holder.pid);
  } catch (error) {
    if (error.code === "ENOENT") return false; // released meanwhile
    throw error;
  }
}

function readHolder(folder) {
  try {
    const [pid, host] = readFileSync(join(folder, "holder"), "utf8").split(" ");
    return { pid: Number(pid), host };
  } catch {
    return undefined;
  }
}

/** Whether a process of that id exists, whoever owns it. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
