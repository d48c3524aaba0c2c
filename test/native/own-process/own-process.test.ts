import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { OwnProcess } from "#native/own-process";
import { rejectionOf } from "#test/rejection";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-own-process-"));
afterAll(() => rmSync(folder, { recursive: true }));

const code = (name: string) => JSON.stringify(join(import.meta.dir, "../../..", name));
const module = pathToFileURL(join(folder, "asked.ts"));
writeFileSync(
  module.pathname,
  `import { EngineError } from ${code("engine/errors/index.ts")};
import { serveRequests } from ${code("native/own-process/index.ts")};
serveRequests("asked", async (ask: any) => {
  if (ask === "refuse") throw new EngineError("MODEL_UNFIT", "not this");
  if (ask === "break") throw new Error("oops");
  if (ask === "exit") { process.stderr.write("first\\nthe reason\\n"); process.exit(255); }
  if (ask === "kill") process.kill(process.pid, "SIGKILL");
  if (ask === "environment") return Object.keys(process.env);
  if (ask === "slow") return new Promise(() => {});
  return ask;
});
`,
);

/** What a request failed with. */
const told = (asking: Promise<unknown>): Promise<unknown[]> =>
  asking.then(
    (value) => ["answered", value],
    (error) => [error.code, error.message],
  );

const open = () => new OwnProcess({ name: "asked", module });

test("answers come in the order of the requests, values whole", async () => {
  const asked = open();
  const pcm = Int16Array.from({ length: 100_000 }, (_, i) => i % 1000);
  const answers = await Promise.all([asked.ask("one"), asked.ask({ pcm }), asked.ask(undefined)]);
  expect(answers).toEqual(["one", { pcm }, undefined]);
  await asked.close();
});

test.each([
  { ask: "refuse", code: "MODEL_UNFIT", message: "not this" },
  { ask: "break", code: "ENGINE_FAILED", message: "oops" },
])("what it throws is the answer ($code), and it goes on", async ({ ask, code, message }) => {
  const asked = open();
  expect(await rejectionOf(asked.ask(ask))).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(await asked.ask(1)).toBe(1);
  await asked.close();
});

test.each([
  { ask: "exit", message: "ended with status 255: the reason" },
  { ask: "kill", message: "ended with SIGKILL" },
])("its end ($ask) fails what is asked and what is asked later, and nothing else", async ({ ask, message }) => {
  const asked = open();
  const ends = [asked.ask(ask), asked.ask("behind it")].map(told);
  for (const end of [...ends, told(asked.ask("later"))])
    expect(await end).toEqual(["ENGINE_FAILED", expect.stringContaining(message)]);
  await asked.close();
});

test("a wait that is given up ends with the reason, and closing ends the process at once", async () => {
  const asked = open();
  const stop = new AbortController();
  const waiting = asked.ask("slow", stop.signal);
  stop.abort(new Error("enough"));
  expect(await rejectionOf(waiting)).toHaveProperty("message", expect.stringContaining("enough"));
  const hopeless = asked.ask("slow");
  hopeless.catch(() => undefined);
  await asked.close();
  expect(await rejectionOf(hopeless)).toMatchObject({ code: "ENGINE_FAILED" });
  expect(await rejectionOf(asked.ask(1))).toMatchObject({ message: "asked: asked after it was closed" });
  await asked.close();
});

test("it sees nothing of the environment that could hold a secret", async () => {
  process.env.PARLANDO_SECRET_OWN_PROCESS = "x";
  const asked = open();
  const names = (await asked.ask("environment")) as string[];
  delete process.env.PARLANDO_SECRET_OWN_PROCESS;
  await asked.close();
  expect(names).toContain("PATH");
  expect(names.filter((name) => /SECRET|KEY|TOKEN/.test(name))).toEqual([]);
});
