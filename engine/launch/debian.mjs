import { aptGet, sayAptFailure, withPackageLists } from "./apt.mjs";
import { runCommand } from "./command.mjs";
import { provideForUser, userDebianRoot } from "./debian-user.mjs";
import { findProgram } from "./machine.mjs";
import { withoutCluster } from "./postgres.mjs";
import { say } from "./remarks.mjs";

const engines = ["libpocketsphinx3", "pocketsphinx-en-us", "espeak-ng", "apertium-eng-spa"];
/** They cannot be unpacked into a user's folder: the compiler looks for its headers and start files in the system. */
const compiler = ["gcc", "libc6-dev"];
/** The second language of an example. */
const examples = ["apertium-eng-cat"];
/** What no workflow needs that does not ask for it, and the tests try: devices, and echo and noise taken out. */
const extras = ["alsa-utils", "libspeexdsp1"];
const wantedFor = {
  start: engines,
  test: [...engines, ...compiler, ...extras, ...examples, "pocketsphinx-testdata"],
};

/**
 * For the tests of web pages, which are left out and say so where it is missing. It looks for its parts in the system, so only root gets it,
 * and it is asked for by itself: not every release has it.
 */
const browser = ["chromium"];

/** For the tests of the store on PostgreSQL, which are left out and say so where it is missing. It needs a user of its own, so only root gets it. */
const database = ["postgresql"];

/**
 * Brings the Debian packages that are missing, as root into the system, else into a folder of the user.
 * It never throws for a package that cannot be had: the engine that misses it says so when it is used.
 * @param {import("./machine.mjs").Machine} machine
 * @param {{ occasion: "start" | "test", allowed: boolean }} options `allowed`: apt may be asked to install
 * @returns {{ complete: boolean, userRoot?: string }} `userRoot` is where a user's packages lie, if any do
 */
export function provideDebianPackages(machine, { occasion, allowed }) {
  if (!isDebian(machine)) {
    say("this is no Debian: of the speech engines those are used that are found (`doctor` names them)");
    return { complete: false };
  }
  const provided = provideWanted(machine, wantedFor[occasion], allowed);
  if (occasion === "test" && machine.uid === 0) {
    provideWanted(machine, browser, allowed);
    if (missingPackages(machine, database).length > 0)
      withoutCluster(machine, () => provideWanted(machine, database, allowed));
  }
  return provided;
}

function provideWanted(machine, wanted, allowed) {
  const missing = missingPackages(machine, wanted);
  if (missing.length === 0) return { complete: true };
  if (machine.uid === 0) return { complete: allowed ? installAsRoot(machine, missing) : sayLeftOut(missing) };
  return provideWithoutRoot(machine, missing, allowed);
}

function isDebian(machine) {
  return machine.release !== "" && ["apt-get", "dpkg-query"].every((name) => findProgram(machine, name) !== undefined);
}

/** Those of the packages that dpkg does not call installed. */
function missingPackages(machine, packages) {
  const result = runCommand(machine, ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", ...packages]);
  const installed = new Set(result.stdout.split("\n"));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

function sayLeftOut(missing) {
  say(`missing from Debian, and left out as asked: ${missing.join(" ")} (apt-get install ${missing.join(" ")})`);
  return false;
}

/** @returns whether everything was installed */
function installAsRoot(machine, missing) {
  let told = false;
  const result = withPackageLists(machine, { lists: "/var/lib/apt/lists", settings: [] }, () => {
    if (!told) say(`from Debian, will install ${missing.join(" ")}${askSize(machine, missing)}`);
    if (!told) say("(PARLANDO_NO_APT=1 or --no-apt leaves them out)");
    told = true;
    return aptGet(machine, ["-y", "--no-install-recommends", "install", ...missing]);
  });
  if (!result.ok) sayAptFailure(result.output, missing);
  return result.ok;
}

/** ", with what they need …", or nothing when apt does not say. */
function askSize(machine, packages) {
  const { stdout } = aptGet(machine, ["--assume-no", "--no-install-recommends", "install", ...packages]);
  const count = stdout.match(/(\d+) newly installed/)?.[1];
  const fetched = stdout.match(/Need to get (\S+ [kMG]?B)(?:\/\S+ [kMG]?B)? of archives/)?.[1];
  const disk = stdout.match(/After this operation, (\S+ [kMG]?B) of additional/)?.[1];
  return count && fetched && disk
    ? `, with what they need ${count} packages: ${fetched} to fetch, ${disk} on disk`
    : "";
}

function provideWithoutRoot(machine, missing, allowed) {
  const held = userDebianRoot(machine).packages;
  const lacking = missing.filter((name) => !held.includes(name));
  const portable = lacking.filter((name) => !compiler.includes(name));
  let complete = lacking.length === 0;
  if (!complete && !allowed) sayLeftOut(lacking);
  else if (!complete) {
    const left = lacking.filter((name) => compiler.includes(name));
    if (left.length > 0) say(`only root can install ${left.join(" ")} (sudo apt-get install ${left.join(" ")})`);
    complete = (portable.length === 0 || provideForUser(machine, portable)) && left.length === 0;
  }
  const { root, packages } = userDebianRoot(machine);
  return packages.length > 0 ? { complete, userRoot: root } : { complete };
}
