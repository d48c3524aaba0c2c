import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

setDefaultTimeout(60_000);

/** What is in the heap is counted, which no load of the machine changes; in a process of its own, since other tests' leavings would count too. */
const startedRuns = join(import.meta.dir, "fixtures", "started-runs.ts");

/** Measured: 11. What all runs of a plan share, made once for each of them, was 11 more. */
const MOST_KIB = 14;

test("a started run of four nodes holds little: what its plan knows is not copied, what it does not use is not made", async () => {
  const child = Bun.spawn([process.execPath, startedRuns], { stdout: "pipe", stderr: "pipe" });
  const [said, failure, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect({ status, ...(status !== 0 && { failure }) }).toEqual({ status: 0 });
  const kib = Number.parseFloat(said);
  expect(kib).toBeGreaterThan(1); // it was measured at all
  expect(kib).toBeLessThan(MOST_KIB);
});
