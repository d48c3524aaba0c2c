import { readdirSync } from "node:fs";
import { runCommand } from "./command.mjs";
import { say } from "./remarks.mjs";

/** How long to wait for another apt or dpkg that holds a lock. */
const lockWaitS = 600;

/** Nothing may ask a question, and the answers are read in English. */
const environment = { DEBIAN_FRONTEND: "noninteractive", APT_LISTCHANGES_FRONTEND: "none", LC_ALL: "C" };

const common = ["-q", "-o", `DPkg::Lock::Timeout=${lockWaitS}`, "-o", "Dpkg::Use-Pty=0", "-o", "Acquire::Retries=2"];

/** Runs apt-get without questions; it waits for dpkg's lock, but `update` not for that of the lists, so this does. */
export function aptGet(machine, args, cwd) {
  const deadline = Date.now() + lockWaitS * 1000;
  for (;;) {
    const result = runCommand(
      machine,
      ["apt-get", ...common, ...args],
      cwd ? { env: environment, cwd } : { env: environment },
    );
    const lists = /Could not get lock \S*(?:lists|archives)\/lock/.test(result.output);
    if (!lists || Date.now() > deadline) return result;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
  }
}

/**
 * Runs `work` with package lists at hand: fetched before if there are none, fetched anew if they turn out to be stale.
 * @param {import("./machine.mjs").Machine} machine
 * @param {{ lists: string, settings: string[] }} place where apt keeps its lists, and the settings that say so
 * @param {() => { ok: boolean, output: string }} work
 */
export function withPackageLists(machine, { lists, settings }, work) {
  const had = hasPackageLists(lists);
  // An update may fail for one of many sources, and end with 0 though none was reached: the work itself decides.
  const updated = had ? "" : updateLists(machine, settings);
  const first = work();
  if (first.ok) return first;
  if (!had || !isStale(first.output)) return { ...first, output: `${updated}\n${first.output}` };
  const renewed = updateLists(machine, settings);
  const second = work();
  return second.ok ? second : { ...second, output: `${renewed}\n${second.output}` };
}

function updateLists(machine, settings) {
  say("fetching Debian's package lists (apt-get update)");
  return aptGet(machine, [...settings, "update"]).output;
}

function hasPackageLists(folder) {
  try {
    return readdirSync(folder).some((name) => /_Packages(?:\.(?:lz4|gz|xz|zst))?$/.test(name));
  } catch {
    return false;
  }
}

/** The lists know no such package, or name a file that the mirror has replaced meanwhile. */
function isStale(output) {
  return /Unable to locate package|has no installation candidate|404 {2}Not Found|Unable to fetch some archives/.test(
    output,
  );
}

/** Says what apt said and what to do: the set-up goes on without these packages. */
export function sayAptFailure(output, packages) {
  const told = output.split("\n").filter((line) => /^(?:E|W|dpkg): ?/.test(line));
  say("Debian's packages could not be installed; going on with what works:");
  for (const line of (told.length > 0 ? told : output.trimEnd().split("\n")).slice(-6)) say(`  ${line}`);
  say(`what to do: ${advice(output, packages)}`);
}

function advice(output, packages) {
  if (/No space left on device|don't have enough free space/.test(output)) {
    return "the disk is full: free about 300 MB and try again.";
  }
  if (/Could not get lock|is held by process/.test(output)) {
    return "another apt or dpkg is running: wait for it to end, then try again.";
  }
  if (/dpkg was interrupted/.test(output)) return "run `dpkg --configure -a`, then try again.";
  if (/unmet dependencies|held broken packages/.test(output)) {
    return "run `apt-get --fix-broken install`, then try again.";
  }
  if (/resolving|connect|Failed to fetch|timed out|unreachable/i.test(output)) {
    return "a mirror was not reached: check the network and /etc/apt/sources.list, then try again.";
  }
  return `try \`apt-get install ${packages.join(" ")}\` by hand; apt says more then.`;
}
