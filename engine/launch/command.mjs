import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupFailure, systemAdvice } from "./remarks.mjs";

const minuteMs = 60_000;

/**
 * Runs one program of the set-up to its end, with nothing on standard input and its output kept.
 * @param {import("./machine.mjs").Machine} machine
 * @param {string[]} command the program and its arguments
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, limitMs?: number }} [options]
 * @returns {{ ok: boolean, status: number | null, signal: string | null, missing: boolean, stdout: string, output: string }}
 *   `output` is both streams; `missing` says that there is no such program.
 * @throws when Ctrl-C ended the program: the set-up then ends as well.
 */
export function runCommand(machine, command, options = {}) {
  const [program, ...args] = command;
  const result = spawnSync(program, args, {
    cwd: options.cwd ?? machine.checkout,
    env: { ...machine.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: options.limitMs ?? 20 * minuteMs,
    killSignal: "SIGKILL",
  });
  const stdout = result.stdout ?? "";
  const timedOut = result.error?.code === "ETIMEDOUT";
  const trouble = result.error && !timedOut ? `\n${result.error.message}` : "";
  const limit = timedOut ? `\nstopped: no end after ${(options.limitMs ?? 20 * minuteMs) / 1000} s` : "";
  if (result.signal === "SIGINT" || result.signal === "SIGTERM") process.exit(result.signal === "SIGINT" ? 130 : 143);
  return {
    ok: result.status === 0,
    status: result.status,
    signal: result.signal,
    missing: result.error?.code === "ENOENT",
    stdout,
    output: `${stdout}${result.stderr ?? ""}${trouble}${limit}`,
  };
}

/**
 * The failure of a program, with the end of what it printed and, in full, a log file.
 * @param {import("./machine.mjs").Machine} machine
 * @param {{ step: string, what: string, output: string, advice: string }} failure
 */
export function commandFailure(machine, { step, what, output, advice }) {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const shown = lines.slice(-12).map((line) => `  ${line}`);
  const log = lines.length > shown.length ? keepLog(machine, step, output) : undefined;
  const rest = log ? `\n  (all of it: ${log})` : "";
  return new SetupFailure(`${what}\n${shown.join("\n")}${rest}`, adviceFor(output) ?? advice);
}

/** The advice that what a program printed calls for; undefined when it names nothing we know. */
function adviceFor(output) {
  if (/ENOSPC|No space left on device|Disk quota exceeded/i.test(output)) return systemAdvice("ENOSPC");
  const certificate = /SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)|certificate (?:verify|verification) failed/i;
  if (certificate.test(output)) {
    return "the network presents a certificate of its own: set NODE_EXTRA_CA_CERTS to the file that holds it.";
  }
  const network =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ConnectionRefused|FailedToOpenSocket|DNSResolveFailed/;
  if (network.test(output) || /Temporary failure resolving|Could not resolve|Could not connect/i.test(output)) {
    return "the network was not reached: check the connection, and the proxy and registry settings of npm or apt.";
  }
  if (/EACCES|EPERM|EROFS|Permission denied|Read-only file system/i.test(output)) return systemAdvice("EACCES");
  return undefined;
}

function keepLog(machine, step, output) {
  try {
    const folder = join(machine.cacheDir, "logs");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${step}.log`);
    writeFileSync(file, output);
    return file;
  } catch {
    return undefined; // a full disk may be the very failure; the last lines are shown in any case
  }
}
