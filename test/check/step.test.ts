import { expect, test } from "bun:test";
import { finish, finishAll, programStep, runGroup, type Step } from "./step.ts";

test("a step that throws has failed, with its message", async () => {
  const step: Step = { name: "s", limitMs: 1000, run: () => Promise.reject(new Error("no file to scan")) };
  expect(await finish(step)).toMatchObject({ name: "s", passed: false, text: "no file to scan" });
});

test.each([
  { name: "exit status 0", code: "console.log('fine')", passed: true, text: "" },
  { name: "exit status 1", code: "console.error('a finding'); process.exit(1)", passed: false, text: "a finding" },
  { name: "a crash", code: "process.kill(process.pid, 'SIGKILL')", passed: false, text: "" },
])("a program passes by its exit status alone: $name", async ({ code, passed, text }) => {
  expect(await finish(programStep("p", 10_000, ["-e", code]))).toMatchObject({ passed, text });
});

test("at its limit a program is ended together with what it started, and counts as failed", async () => {
  const limit = new AbortController();
  // The grandchild holds the output open: waiting for it would take for ever.
  const ended = await runGroup(["sh", "-c", "sleep 1000 & echo started; wait"], limit.signal, () => limit.abort());
  expect(ended).toMatchObject({ timedOut: true, output: "started\n" });
  expect(ended.status).not.toBe(0);
});

test("steps run in the order given, no more at a time than asked", async () => {
  let running = 0;
  let most = 0;
  const begun: string[] = [];
  const steps = ["a", "b", "c", "d", "e"].map(
    (name): Step => ({
      name,
      limitMs: 1000,
      async run() {
        begun.push(name);
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return { passed: true, text: "" };
      },
    }),
  );
  const done: string[] = [];
  await finishAll(steps, 2, ({ name }) => done.push(name));
  expect({ begun: begun.join(""), most, done: done.toSorted().join("") }).toEqual({
    begun: "abcde",
    most: 2,
    done: "abcde",
  });
});
