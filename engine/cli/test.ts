import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { FileResult, TestResult } from "#engine/testing";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { hasErrors, printFindings, printMends } from "./findings.ts";

/** Runs in one process share its thread; more than this at once wait for each other only. */
const MOST_JOBS = 64;

export const test: Command = {
  name: "test",
  usage: "FILE... [--only NAME] [--update] [--junit FILE] [--jobs N] [--json]",
  listedPlugins: true,
  summary: "Run the tests that stand in workflow files",
  help: [
    "--only NAME   only tests in whose name this stands",
    "--update      write golden files anew instead of comparing them",
    "--junit FILE  the results as JUnit XML, for build servers",
    "--jobs N      how many tests are under way at once (default: by the processors)",
    "--json        one result a line on standard output, for programs",
    "",
    "Tests run in virtual time and without a network. One that needs an engine which is not installed is skipped, and says so.",
    "Exit status: 0 all passed, 1 a failed test or a faulty workflow, 2 wrong usage, such as a name that no test has.",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals: files, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        only: { type: "string" },
        update: { type: "boolean", default: false },
        junit: { type: "string" },
        jobs: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    if (files.length === 0) return wrongUsage(this, console, "name at least one workflow file");
    const jobs = values.jobs === undefined ? 2 * availableParallelism() : Number(values.jobs);
    if (!Number.isInteger(jobs) || jobs < 1 || jobs > MOST_JOBS)
      return wrongUsage(this, console, `--jobs ${values.jobs}: a whole number from 1 to ${MOST_JOBS} is wanted`);
    const { junitReport, runWorkflowTests } = await import("#engine/testing");
    const startedMs = performance.now();
    const results = await runWorkflowTests(files, {
      ...surroundings(world),
      ...(values.only !== undefined && { only: values.only }),
      update: values.update,
      jobs,
      ...(values.json && { onResult: (result: TestResult) => console.out(JSON.stringify(result)) }),
    });
    if (values.junit !== undefined) await writeReport(resolve(world.cwd, values.junit), junitReport(results));
    if (values.json) for (const { findings } of results) for (const each of findings) console.out(JSON.stringify(each));
    else for (const result of results) show(result, console, world.cwd);
    const tests = results.flatMap((result) => result.tests);
    console.err(summary(tests, results, performance.now() - startedMs));
    if (results.some(({ findings }) => hasErrors(findings))) return EXIT.failed;
    if (tests.length === 0 && values.only !== undefined)
      return wrongUsage(this, console, `--only ${values.only}: no test has this in its name`);
    return tests.some(({ status }) => status === "failed") ? EXIT.failed : EXIT.done;
  },
};

const surroundings = (world: World) => ({
  types: world.types,
  environment: world.environment,
  secret: (name: string) => world.environment[`PARLANDO_SECRET_${name.toUpperCase().replaceAll("-", "_")}`],
  cwd: world.cwd,
});

async function writeReport(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function show({ file, findings, tests, count }: FileResult, console: Console, cwd: string): void {
  const faults = findings.filter(({ severity }) => severity !== "note");
  console.out(count === 0 && faults.length === 0 ? `${file}: no tests` : file);
  printFindings(faults, console.out, console);
  printMends(faults, console);
  for (const result of tests) showTest(result, console, cwd);
}

const paint = (code: number, words: string, { color }: Console): string =>
  color ? `\u001b[${code}m${words}\u001b[0m` : words;

function showTest({ name, line, status, reason, problems, updated }: TestResult, console: Console, cwd: string): void {
  const words = {
    passed: paint(32, "ok  ", console),
    failed: paint(31, "FAIL", console),
    skipped: paint(33, "skip", console),
  };
  console.out(
    `  ${words[status]} ${name}${status === "failed" ? ` (line ${line})` : ""}${reason ? `: ${reason}` : ""}`,
  );
  for (const { what, lines } of problems) {
    console.out(`       ${what}`);
    for (const each of lines) console.out(`         ${shaded(each, console)}`);
  }
  for (const path of updated) console.out(`       wrote ${relative(cwd, path)}`);
}

const shaded = (line: string, console: Console): string =>
  line.startsWith("- ") ? paint(31, line, console) : line.startsWith("+ ") ? paint(32, line, console) : line;

/** `3 passed, 1 failed; 2.5 min of audio in 1.2 s`. */
function summary(tests: readonly TestResult[], files: readonly FileResult[], wallMs: number): string {
  const count = (status: TestResult["status"]) => tests.filter((test) => test.status === status).length;
  const parts = (["passed", "failed", "skipped"] as const).flatMap((status) =>
    count(status) === 0 ? [] : [`${count(status)} ${status}`],
  );
  const faulty = files.filter(({ findings }) => hasErrors(findings)).length;
  if (faulty > 0) parts.push(`${faulty} faulty file${faulty === 1 ? "" : "s"}`);
  const seconds = tests.reduce((sum, { mediaMs }) => sum + mediaMs, 0) / 1000;
  const media = seconds < 120 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
  return `${parts.join(", ") || "no tests"}; ${media} of audio in ${(wallMs / 1000).toFixed(1)} s`;
}
