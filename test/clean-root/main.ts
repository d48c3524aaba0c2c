import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CleanRootError, makeBase, makeRoot, type Ran, runInside, sh } from "./root.ts";

const usage = `Usage: bun test/clean-root/main.ts [--as root|user|both] [--only start|test|both] [--work FOLDER]

Makes a minimal Debian 12 with Node and npm, clones the last commit into it, and runs \`npm start\` and \`npm test\` there
as on a machine that never saw the project. Wants root, mmdebstrap, git and a network.
  --work FOLDER   keeps the base system, the roots and the logs there, and uses a base system that is there already`;

const place = "/srv/parlando";
const userId = 1000;

/** One command inside, and what its output must show. */
interface Trial {
  readonly name: string;
  readonly command: string;
  /** What is wrong with what it printed, if anything. */
  readonly fault?: (ran: Ran, root: string) => Promise<string | undefined>;
}

const closingLine = /^\d+ passed, 0 failed, \d+ skipped$/m;

const start: Trial[] = [
  { name: "npm start", command: "npm start", fault: wantsFiles },
  { name: "npm start, again", command: "npm start", fault: wantsQuiet },
];
const test: Trial[] = [{ name: "npm test", command: "npm test", fault: wantsClosingLine }];
const bare: Trial = {
  name: "nothing is there before",
  command: "node --version && npm --version && ! command -v bun && ! command -v cc && ! command -v git",
};
const leftOver: Trial = { name: "the set-up when nothing is missing", command: "node engine/launch.mjs --setup start" };

/** The run names what it wrote; the recording is to be a WAV with sound in it, the subtitles are to hold two languages' lines. */
async function wantsFiles({ out, err }: Ran, root: string): Promise<string | undefined> {
  const written = [...`${out}\n${err}`.matchAll(/^wrote (\S+)/gm)].map((match) => join(root, place, match[1]!));
  const speech = written.find((path) => path.endsWith(".wav"));
  const subtitles = written.find((path) => path.endsWith(".srt"));
  if (!speech || !subtitles) return "its output names no WAV and no subtitles";
  const header = await Bun.file(speech).slice(0, 4).text();
  if (header !== "RIFF" || Bun.file(speech).size < 100_000) return "the speech it wrote is no WAV of some seconds";
  const cues = (await Bun.file(subtitles).text()).match(/-->/g)?.length ?? 0;
  return cues > 0 ? undefined : "the subtitles it wrote have no cue";
}

async function wantsQuiet(ran: Ran, root: string): Promise<string | undefined> {
  const again = /\[set-up\] (?:fetching|installing|from Debian|building)/.test(ran.err);
  return again ? "it set up again what was there" : wantsFiles(ran, root);
}

async function wantsClosingLine({ out }: Ran): Promise<string | undefined> {
  return closingLine.test(out) ? undefined : "no closing line with 0 failed";
}

async function proveAs(who: "root" | "user", work: string, only: string): Promise<boolean> {
  const root = join(work, who);
  await makeRoot(join(work, "base"), root, resolve(import.meta.dir, "../.."), place);
  const uid = who === "root" ? 0 : userId;
  if (who === "user") {
    await sh(["chroot", root, "useradd", "--create-home", "--uid", String(userId), "someone"]);
    await sh(["chroot", root, "chown", "-R", `${userId}:${userId}`, place]);
  }
  const trials = [bare, ...(only === "test" ? [] : start), ...(only === "start" ? [] : test), leftOver];
  let good = true;
  for (const trial of trials) {
    const ran = await runInside(root, uid, place, trial.command);
    const fault = ran.status === 0 ? await trial.fault?.(ran, root) : `exit status ${ran.status}`;
    if (fault) good = false;
    const log = join(work, "logs", `${who} ${trial.name}.log`.replaceAll(/[ ,]+/g, "-"));
    await Bun.write(log, `${ran.out}\n--- standard error ---\n${ran.err}`);
    const closing = ran.out.match(/^\d+ passed, \d+ failed, \d+ skipped$/m)?.[0] ?? "";
    console.log(
      `${fault ? "FAILED" : "passed"}  as ${who}: ${trial.name}  ${ran.seconds.toFixed(1)} s  ${fault ?? closing}`,
    );
    if (fault) console.log(`${tail(ran.out)}\n${tail(ran.err)}\n    (all of it: ${log})`);
  }
  return good;
}

const tail = (text: string) => text.trimEnd().split("\n").slice(-25).join("\n").replace(/^/gm, "    ");

async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      as: { type: "string", default: "both" },
      only: { type: "string", default: "both" },
      work: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (
    values.help ||
    !["root", "user", "both"].includes(values.as) ||
    !["start", "test", "both"].includes(values.only)
  ) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  if (process.getuid?.() !== 0)
    throw new CleanRootError("run this as root: it makes a file system and changes into it");
  const work = values.work ? resolve(values.work) : await mkdtemp(join(tmpdir(), "parlando-clean-root-"));
  await mkdir(join(work, "logs"), { recursive: true });
  if (!existsSync(join(work, "base", "usr/bin/node"))) {
    await rm(join(work, "base"), { recursive: true, force: true });
    console.log("making a minimal Debian 12 (mmdebstrap), with Node and npm copied in");
    await makeBase(join(work, "base"));
  }
  let good = true;
  for (const who of ["root", "user"] as const) {
    if (values.as === who || values.as === "both") good = (await proveAs(who, work, values.only)) && good;
  }
  if (!values.work && good) await rm(work, { recursive: true, force: true });
  return good ? 0 : 1;
}

process.exitCode = await main(Bun.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof CleanRootError ? error.message : error);
  return 2;
});
