import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { aptGet, sayAptFailure, withPackageLists } from "./apt.mjs";
import { runCommand } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { say } from "./remarks.mjs";

const stampName = ".parlando-packages.json";

/**
 * The folder into which packages are unpacked for a user without root, as `/` would hold them.
 * @param {import("./machine.mjs").Machine} machine
 * @returns {{ root: string, packages: string[] }} the packages that were asked for and lie there; none of them counts
 *   after the system's release has changed
 */
export function userDebianRoot(machine) {
  const root = join(machine.cacheDir, "debian", "root");
  try {
    const stamp = JSON.parse(readFileSync(join(root, stampName), "utf8"));
    return { root, packages: stamp.release === machine.release ? stamp.packages : [] };
  } catch {
    return { root, packages: [] };
  }
}

/**
 * Downloads packages, with those of their dependencies that the system lacks, and unpacks them without running their
 * scripts. apt checks the signatures of the lists and the sums of the packages as it does for root.
 * @param {import("./machine.mjs").Machine} machine
 * @param {string[]} packages that are neither in the system nor in the user's folder
 * @returns whether they are all there now
 */
export function provideForUser(machine, packages) {
  return withLock(machine, "debian", () => {
    const { root, packages: held } = userDebianRoot(machine);
    const lacking = packages.filter((name) => !held.includes(name));
    if (lacking.length === 0) return true;
    say(`from Debian, without root: will unpack ${lacking.join(" ")} and what they need into ${root}`);
    say("(the system is not touched; PARLANDO_NO_APT=1 or --no-apt leaves them out)");
    const folder = mkdtempSync(join(mkdir(machine.cacheDir, "debian"), "download-"));
    try {
      const fetched = download(machine, lacking, folder);
      const result = fetched.ok ? unpack(machine, folder, { root, held, lacking }) : fetched;
      if (!result.ok) sayAptFailure(result.output, lacking);
      return result.ok;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function mkdir(...parts) {
  const folder = join(...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Asks apt, with lists and a cache of the user's own, what installing would bring in, and downloads exactly that. */
function download(machine, packages, folder) {
  const state = mkdir(machine.cacheDir, "debian", "state");
  const cache = mkdir(machine.cacheDir, "debian", "cache");
  const lists = mkdir(state, "lists");
  mkdir(lists, "partial");
  mkdir(cache, "archives", "partial");
  const settings = ["-o", `Dir::State=${state}`, "-o", `Dir::Cache=${cache}`];
  settings.push("-o", "Dir::State::status=/var/lib/dpkg/status");
  return withPackageLists(machine, { lists, settings }, () => {
    const plan = aptGet(machine, [...settings, "--simulate", "--no-install-recommends", "install", ...packages]);
    if (!plan.ok) return plan;
    const names = [...plan.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
    say(`fetching ${names.length} packages`);
    return aptGet(machine, [...settings, "download", ...names], folder);
  });
}

/** Unpacks beside the folder in use and then takes its place: a root with a stamp is whole. */
function unpack(machine, folder, { root, held, lacking }) {
  const fresh = `${root}.new`;
  const old = `${root}.old`;
  for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
  if (held.length > 0) cpSync(root, fresh, { recursive: true, verbatimSymlinks: true });
  try {
    for (const name of readdirSync(folder).sort()) {
      const result = runCommand(machine, ["dpkg-deb", "-x", join(folder, name), fresh]);
      if (!result.ok) return result;
    }
    const stamp = { release: machine.release, packages: [...held, ...lacking] };
    writeFileSync(join(fresh, stampName), `${JSON.stringify(stamp, null, 2)}\n`);
    if (existsSync(root)) renameSync(root, old);
    renameSync(fresh, root);
    return { ok: true, output: "" };
  } finally {
    for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
  }
}
