import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { constants } from "node:os";
import { basename, delimiter, dirname } from "node:path";
import { findProgram } from "./machine.mjs";
import { SetupFailure } from "./remarks.mjs";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"];

const echoMs = 150;

/**
 * Tells a signal from its echo: npm repeats a terminal's Ctrl-C, and `timeout` signals us and then our group. A person
 * does not press again that soon.
 * @param {() => number} nowMs any clock that only goes forward
 * @returns {(signal: string) => boolean} whether this one is an echo of the same signal just before
 */
export function echoes(nowMs) {
  const last = new Map();
  return (signal) => {
    const now = nowMs();
    const echo = now - (last.get(signal) ?? Number.NEGATIVE_INFINITY) < echoMs;
    last.set(signal, now);
    return echo;
  };
}

/**
 * Runs the command itself and ends with its status: 128 plus the signal's number when a signal ended it.
 *
 * The child gets a session of its own, so that each signal reaches it through here and exactly once: in our own group
 * it would get a terminal's Ctrl-C from the terminal and again from us, and a second one means "end at once".
 * @param {import("./machine.mjs").Machine} machine
 * @param {string} bun
 * @param {string[]} args
 * @param {{ cwd: string, env: Record<string, string | undefined> }} place
 * @returns {Promise<number>}
 */
export function runChild(machine, bun, args, { cwd, env }) {
  const ownSession = machine.platform !== "win32"; // there a new session is a new console window
  const [program, ...rest] = ownSession ? [...diesWithUs(machine), bun, ...args] : [bun, ...args];
  // The command may start `bun` by name: it is to be this one.
  const path = [dirname(bun), machine.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(program, rest, {
    cwd,
    env: { ...machine.env, ...env, PATH: path },
    stdio: "inherit",
    detached: ownSession,
  });
  const release = forwardSignals(child, ownSession);
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      release();
      const advice = `remove ${dirname(bun)} and try again; it is fetched anew.`;
      reject(new SetupFailure(`Bun could not be started: ${error.message}`, advice));
    });
    child.once("exit", (status, signal) => {
      release();
      resolve(signal ? 128 + constants.signals[signal] : (status ?? 1));
    });
  });
}

/** On Linux the kernel ends the child if this process is killed outright; elsewhere it lives on, as after a plain spawn. */
function diesWithUs(machine) {
  const setpriv = machine.platform === "linux" && findProgram(machine, "setpriv");
  const known = setpriv && basename(realpathSync(setpriv)) !== "busybox"; // whose setpriv has no such option
  return known ? [setpriv, "--pdeathsig", "TERM", "--"] : [];
}

/** @returns a function that puts the signals back as they were */
function forwardSignals(child, ownSession) {
  const isEcho = echoes(() => performance.now());
  const onSignal = (signal) => {
    if (ownSession && !isEcho(signal)) child.kill(signal);
  };
  // Ctrl-Z: a session of its own has no terminal to stop it, so it is stopped with us, and goes on with us.
  const onStop = () => {
    child.kill("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  };
  const onContinue = () => child.kill("SIGCONT");
  const handlers = forwarded.map((signal) => [signal, onSignal]);
  if (ownSession) handlers.push(["SIGTSTP", onStop], ["SIGCONT", onContinue]);
  for (const [signal, handler] of handlers) {
    if (signal in constants.signals) process.on(signal, handler);
  }
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
