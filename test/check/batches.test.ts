import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BatchOptions, runBatches } from "./batches.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-batches-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** A test file with this code in it; returns its path from `/`. */
function file(code: string): string {
  const path = join(folder, `${++made}.test.ts`);
  writeFileSync(
    path,
    `import { existsSync, writeFileSync } from "node:fs";\nimport { expect, test } from "bun:test";\n${code}`,
  );
  return path.slice(1);
}

const HANGS = "for (;;);";
/** Hangs the first time only. */
const hangsOnce = (name: string) =>
  `const mark = ${JSON.stringify(join(folder, name))}; if (!existsSync(mark)) { writeFileSync(mark, ""); ${HANGS} }`;

async function run(files: readonly string[], options: Partial<BatchOptions> = {}) {
  let output = "";
  const batched = await runBatches(files, {
    command: ["sh", "-c", 'cd / && exec "$0" test "$@"', process.execPath],
    size: 2,
    width: 2,
    silenceMs: 3000,
    signal: new AbortController().signal,
    print: (text) => (output += text),
    ...options,
  });
  return { ...batched, output };
}

const passes = 'test("passes", () => {});';

test("the counts of all batches are added up", async () => {
  const { summary, passed, remarks } = await run([
    file(passes),
    file(passes),
    file('test("fails", () => { expect(1).toBe(2); });'),
    file('test.skip("skipped", () => {});'),
    file(passes),
  ]);
  expect({ summary, passed, remarks }).toEqual({
    summary: { passed: 3, failed: 1, skipped: 1 },
    passed: false,
    remarks: [],
  });
});

test("a batch that hangs is run again, once, and that is told", async () => {
  const path = file(`${passes}\ntest("hangs", () => { ${hangsOnce("once")} });`);
  const { summary, passed, remarks } = await run([path, file(passes)]);
  expect({ summary, passed }).toEqual({ summary: { passed: 3, failed: 0, skipped: 0 }, passed: true });
  expect(remarks).toHaveLength(1);
  expect(remarks[0]).toMatch(
    /^no line for 3 s in \S+\.test\.ts, after \(pass\) passes(?: \[[\d.]+ms\])?: ended, and its batch was run again$/,
  );
});

test("a batch that hangs again has failed", async () => {
  const { summary, passed, remarks } = await run([file(`test("hangs", () => { ${HANGS} });`)]);
  expect({ summary, passed }).toEqual({ summary: { passed: 0, failed: 1, skipped: 0 }, passed: false });
  expect(remarks.map((remark) => remark.replace(/.*: /, ""))).toEqual(["ended, and its batch was run again", "ended"]);
});

test("a batch that hangs after a test has failed is not run again", async () => {
  const { summary, passed, remarks, output } = await run([
    file(`test("fails", () => { expect(1).toBe(2); });\ntest("hangs", () => { ${hangsOnce("failed")} });`),
  ]);
  expect({ summary, passed }).toEqual({ summary: { passed: 0, failed: 1, skipped: 0 }, passed: false });
  expect(remarks.map((remark) => remark.replace(/.*: /, ""))).toEqual(["ended"]);
  expect(output).toContain("(fail) fails");
});

test("one that breaks down counts as a failure, with its status", async () => {
  const { summary, passed, remarks } = await run([file('process.kill(process.pid, "SIGKILL");')]);
  expect({ summary, passed }).toEqual({ summary: { passed: 0, failed: 1, skipped: 0 }, passed: false });
  expect(remarks).toEqual([expect.stringContaining("bun test broke down with status 137")]);
});

test("what is stopped tells where it stood, and the rest is not begun", async () => {
  const limit = new AbortController();
  const stopped = run([file(passes), file(`test("hangs", () => { ${HANGS} });`), file(passes)], {
    width: 1,
    silenceMs: 60_000,
    signal: limit.signal,
  });
  setTimeout(() => limit.abort(), 2000);
  const { passed, remarks, output } = await stopped;
  expect({ passed, remarks }).toEqual({ passed: false, remarks: [expect.stringMatching(/^stopped in \S+\.test\.ts/)] });
  expect(output.match(/\(pass\)/g)).toHaveLength(1);
});
