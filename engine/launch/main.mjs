import { join } from "node:path";
import { provideBun } from "./bun.mjs";
import { runChild } from "./child.mjs";
import { provideDebianPackages } from "./debian.mjs";
import { thisMachine } from "./machine.mjs";
import { nativeEnvironment, provideNative, providePackages } from "./packages.mjs";
import { say, sayFailure } from "./remarks.mjs";

const help = `Usage: node engine/launch.mjs [--no-apt] WHAT

Sets up what is missing, then runs WHAT:
  COMMAND ...          parlando COMMAND ... (run, lint, graph, nodes, doctor; --help after it for its own help)
  --start [ARG...]     the example workflow, workflows/interpret.yaml, on a recording of human speech
  --test [ARG...]      every check and test
  --bun ARG...         the project's Bun itself; of the set-up only Bun and the packages
  --setup [start|test] nothing: the set-up alone
  --help               this text

  --no-apt             installs nothing from Debian (also PARLANDO_NO_APT=1)

PARLANDO_CACHE names the folder for Bun, native builds and a user's Debian packages
(else \${XDG_CACHE_HOME:-~/.cache}/parlando). Remarks of the set-up go to standard error.
`;

/**
 * @typedef {object} Wish
 * @property {"help" | "usage" | "setup" | "start" | "test" | "bun" | "command"} form
 * @property {string[]} args what follows, for the command itself
 * @property {"start" | "test" | undefined} occasion whose Debian packages are needed; none for the bare Bun
 * @property {boolean} apt Debian packages may be installed
 */

/** @returns {Wish} */
export function readArguments(argv, env) {
  const apt = argv[0] !== "--no-apt" && !["1", "true", "yes"].includes(env.PARLANDO_NO_APT ?? "");
  const [first, ...rest] = argv[0] === "--no-apt" ? argv.slice(1) : argv;
  const wish = (form, args, occasion) => ({ form, args, occasion, apt });
  if (first === "--start" || first === "--test") {
    // npm start -- --no-apt puts the switch behind
    const behind = rest[0] === "--no-apt";
    return { ...wish(first.slice(2), behind ? rest.slice(1) : rest, first.slice(2)), apt: apt && !behind };
  }
  if (first === "--bun") return wish("bun", rest, undefined);
  if (first === "--setup" && rest.length <= 1 && ["start", "test", undefined].includes(rest[0])) {
    return wish("setup", [], rest[0] ?? "start");
  }
  if (first === undefined || first === "--help" || first === "-h") return wish("help", [], undefined);
  return first.startsWith("-") ? wish("usage", [first], undefined) : wish("command", [first, ...rest], "start");
}

/** The whole of the launcher. Ends the process's work with the status of the command. */
export async function main(argv) {
  try {
    const machine = thisMachine();
    process.exitCode = await launch(machine, readArguments(argv, machine.env));
  } catch (error) {
    sayFailure(error);
    process.exitCode = 1;
  }
}

async function launch(machine, wish) {
  if (wish.form === "help") {
    process.stdout.write(help);
    return 0;
  }
  if (wish.form === "usage") {
    process.stderr.write(`unknown: ${wish.args[0]}\n\n${help}`);
    return 2;
  }
  const bun = provideBun(machine);
  providePackages(machine, bun);
  const { complete, env } = wish.occasion ? provideEngines(machine, bun, wish) : { complete: true, env: {} };
  if (wish.form === "setup") {
    if (complete) say(`ready for ${wish.occasion}`);
    return complete ? 0 : 1;
  }
  return runChild(machine, bun.file, commandOf(machine, wish), {
    cwd: folderOf(machine, wish),
    env: { ...nativeEnvironment(machine), ...env },
  });
}

/** Debian first, since it may bring the compiler that the native build needs. */
function provideEngines(machine, bun, wish) {
  const debian = provideDebianPackages(machine, { occasion: wish.occasion, allowed: wish.apt });
  const native = provideNative(machine, bun);
  if (native === "no-compiler" && wish.form !== "command") {
    say("no C compiler: the speech detector's WASM build serves instead of the native one");
  }
  const env = debian.userRoot && !machine.env.PARLANDO_DEBIAN_ROOT ? { PARLANDO_DEBIAN_ROOT: debian.userRoot } : {};
  return { complete: debian.complete && native !== "failed", env };
}

function commandOf(machine, { form, args }) {
  const entry = join(machine.checkout, "engine", "main.ts");
  if (form === "bun") return args;
  if (form === "test") return [join(machine.checkout, "test", "check.ts"), ...args];
  if (form === "start") return [entry, "run", join("workflows", "interpret.yaml"), ...args];
  return [entry, ...args];
}

/** What the project runs itself runs in its own folder; a user's command runs where the user is. */
function folderOf(machine, { form }) {
  return form === "start" || form === "test" ? machine.checkout : process.cwd();
}
