import { join } from "node:path";
import { parseArgs } from "node:util";
import { runBatches } from "./check/batches.ts";
import { scanCheckout } from "./check/scan.ts";
import { type Finished, finish, finishAll, programStep, type Step } from "./check/step.ts";
import type { TestSummary } from "./check/test-summary.ts";

const usage = `Usage: bun test/check.ts [--tests] [PATTERN...]

Runs every check and then every test: what \`npm test\` runs after the set-up.
  --tests    leaves the checks out
  PATTERN    only the test files whose path holds it
`;

const root = join(import.meta.dir, "..");
const minuteMs = 60_000;
const modules = (path: string) => join("node_modules", path);

const checks: readonly Step[] = [
  programStep("types (tsc)", 4 * minuteMs, [modules("typescript/bin/tsc"), "--noEmit"]),
  programStep("format and lint (biome)", 2 * minuteMs, [
    modules("@biomejs/biome/bin/biome"),
    "check",
    "--error-on-warnings",
  ]),
  programStep("rooms (dependency-cruiser)", 2 * minuteMs, [
    modules("dependency-cruiser/bin/dependency-cruiser.mjs"),
    ...["--config", ".dependency-cruiser.cjs", "--output-type", "err-long"],
    ...["engine", "plugins", "native", "test"],
  ]),
  {
    name: "keys, hosts and paths",
    limitMs: minuteMs,
    async run() {
      const { files, findings } = await scanCheckout(root);
      if (files === 0) return { passed: false, text: "no file to scan" };
      return { passed: findings.length === 0, text: findings.join("\n") };
    },
  },
];

const TEST_LIMIT_MS = 12 * minuteMs;
const TEST_SILENCE_MS = 3 * minuteMs;

/** The test files whose path holds one of the patterns. */
const testFiles = (patterns: readonly string[]): string[] =>
  [...new Bun.Glob("{test,plugins,native,engine}/**/*.test.ts").scanSync(root)]
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .sort();

/** All tests as one step; `counted` gets what they came to. */
function tests(patterns: readonly string[], counted: (summary: TestSummary) => void): Step {
  return {
    name: "tests (bun test)",
    limitMs: TEST_LIMIT_MS,
    async run(signal) {
      const { summary, passed, remarks } = await runBatches(testFiles(patterns), {
        // what a test waits for may be a program that a busy machine starts late; bunfig's own limit is not heeded
        command: [process.execPath, "test", "--timeout", String(minuteMs)],
        size: 20,
        width: 2,
        silenceMs: TEST_SILENCE_MS,
        signal,
        print: (output) => process.stdout.write(output),
      });
      counted(summary);
      const late = signal.aborted ? [`the tests did not end within ${TEST_LIMIT_MS / minuteMs} minutes`] : [];
      const none = summary.passed + summary.failed === 0 && !signal.aborted ? ["no test ran"] : [];
      return { passed: passed && none.length === 0, text: [...late, ...remarks, ...none].join("\n") };
    },
  };
}

const line = ({ name, passed, seconds }: Finished) =>
  `${passed ? "passed" : "FAILED"}  ${name}  ${seconds.toFixed(1)} s`;

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { tests: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  process.chdir(root);
  const startedMs = performance.now();
  const results: Finished[] = [];
  const done = (result: Finished) => {
    results.push(result);
    console.log(line(result));
  };
  if (!values.tests) await finishAll(checks, 2, done);
  let summary: TestSummary = { passed: 0, failed: 0, skipped: 0 };
  const tested = await finish(tests(positionals, (found) => (summary = found)));

  console.log("");
  for (const result of [...results, tested]) {
    console.log(line(result));
    if (result.text) console.log(result.text.replace(/^/gm, "    "));
  }
  const broken = results.filter((result) => !result.passed).length;
  // A breakdown that no test stands for is a failure all the same.
  const failed = summary.failed + broken + (tested.passed || summary.failed > 0 ? 0 : 1);
  const passed = summary.passed + results.length - broken;
  console.log(`\n${((performance.now() - startedMs) / 1000).toFixed(0)} s; each check counts as one`);
  console.log(`${passed} passed, ${failed} failed, ${summary.skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(Bun.argv.slice(2)).catch((error: unknown) => {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  return 2;
});
