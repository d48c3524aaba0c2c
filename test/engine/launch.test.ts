import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeMachine, launcherModule, linesOf, until } from "#test/fake-machine";

let fake: FakeMachine;
beforeEach(() => {
  fake = new FakeMachine();
});
afterEach(() => fake.remove());

/** This very Bun under the name that the launcher looks for, and nothing to be had from Debian. */
function readyMachine(): void {
  fake.program("bun", `[ "$1" = install ] && exit 0\nexec "${process.execPath}" "$@"`);
  fake.program("npm", "exit 1");
}

function script(name: string, text: string): string {
  const file = join(fake.folder, name);
  writeFileSync(file, text);
  return file;
}

describe("the words of the command line", async () => {
  interface Wish {
    form: string;
    args: string[];
    occasion: string | undefined;
    apt: boolean;
  }
  type Read = { readArguments(argv: string[], env: Record<string, string>): Wish };
  const { readArguments } = await launcherModule<Read>("main");

  test.each<[string, string[], Wish]>([
    [
      "a command",
      ["run", "a.yaml", "--json"],
      { form: "command", args: ["run", "a.yaml", "--json"], occasion: "start", apt: true },
    ],
    [
      "a command's own --help",
      ["run", "--help"],
      { form: "command", args: ["run", "--help"], occasion: "start", apt: true },
    ],
    [
      "--start with arguments",
      ["--start", "--json"],
      { form: "start", args: ["--json"], occasion: "start", apt: true },
    ],
    ["--test", ["--test"], { form: "test", args: [], occasion: "test", apt: true }],
    ["--bun", ["--bun", "run", "bench"], { form: "bun", args: ["run", "bench"], occasion: undefined, apt: true }],
    ["--setup", ["--setup"], { form: "setup", args: [], occasion: "start", apt: true }],
    ["--setup test", ["--setup", "test"], { form: "setup", args: [], occasion: "test", apt: true }],
    ["--setup something", ["--setup", "all"], { form: "usage", args: ["--setup"], occasion: undefined, apt: true }],
    ["an unknown switch", ["--tests"], { form: "usage", args: ["--tests"], occasion: undefined, apt: true }],
    ["nothing", [], { form: "help", args: [], occasion: undefined, apt: true }],
    ["--no-apt in front", ["--no-apt", "doctor"], { form: "command", args: ["doctor"], occasion: "start", apt: false }],
    ["--no-apt behind npm's --", ["--start", "--no-apt"], { form: "start", args: [], occasion: "start", apt: false }],
  ])("%s", (_, argv, wish) => {
    expect(readArguments(argv, {})).toEqual(wish);
  });

  test("the environment can keep apt away, too", () => {
    expect(readArguments(["--test"], { PARLANDO_NO_APT: "1" }).apt).toBe(false);
  });
});

test("a Node that is too old gets a sentence and no stack trace", async () => {
  const old = script(
    "old.cjs",
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.4" } });`,
  );
  const ran = await fake.launched(["--bun", "--version"], { NODE_OPTIONS: `--require ${old}` });
  expect(ran.status).toBe(1);
  expect(ran.err).toContain("this is Node 18.20.4, and Parlando's launcher wants Node 20 or newer");
  expect(ran.err).not.toContain("    at ");
});

test("standard output belongs to the command, and its status passes through", async () => {
  readyMachine();
  const child = script("child.ts", `console.log(process.argv.slice(2).join("|")); process.exit(7);`);
  const ran = await fake.launched(["--bun", child, "a b", "--x"]);
  expect(ran.out).toBe("a b|--x\n");
  expect(ran.err).toContain("[set-up] installing the packages of bun.lock");
  expect(ran.status).toBe(7);
});

test("a child that a signal ended gives 128 and the signal's number", async () => {
  readyMachine();
  const child = script("child.ts", `process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);`);
  expect((await fake.launched(["--bun", child])).status).toBe(137);
});

test("the child finds the same Bun by name", async () => {
  fake.npmBringing(`[ "$1" = install ] && exit 0; exec ${process.execPath} "$@"`);
  const child = script("child.ts", `console.log(Bun.which("bun"));`);
  const { out } = await fake.launched(["--bun", child]);
  expect(out.trim()).toStartWith(fake.cache);
});

const echo = `
  let interrupts = 0;
  process.on("SIGINT", () => { interrupts++; console.log("interrupted"); });
  process.on("SIGTERM", () => { console.log(interrupts + " and the end"); process.exit(3); });
  setInterval(() => {}, 1000);
  console.log("ready");
`;

test("signals reach the child, and the launcher waits for what it makes of them", async () => {
  readyMachine();
  const launcher = fake.launch(["--bun", script("child.ts", echo)]);
  const lines = linesOf(launcher.stdout);
  await until(lines, "ready");
  launcher.kill("SIGINT");
  await until(lines, "interrupted");
  launcher.kill("SIGTERM");
  await until(lines, "1 and the end");
  expect(await launcher.exited).toBe(3);
});

test("a Ctrl-C that comes from the terminal and again from npm is one; a person's second one is a second one", async () => {
  type Child = { echoes(nowMs: () => number): (signal: string) => boolean };
  const { echoes } = await launcherModule<Child>("child");
  let nowMs = 0;
  const isEcho = echoes(() => nowMs);
  const heard = [
    [0, "SIGINT"],
    [4, "SIGINT"],
    [5, "SIGTERM"],
    [400, "SIGINT"],
    [430, "SIGINT"],
  ] as const;
  const passed = heard.filter(([atMs, signal]) => {
    nowMs = atMs;
    return !isEcho(signal);
  });
  expect(passed).toEqual([
    [0, "SIGINT"],
    [5, "SIGTERM"],
    [400, "SIGINT"],
  ]);
});

test.skipIf(process.platform !== "linux" || !Bun.which("setpriv"))(
  "a launcher that is killed outright takes the child along",
  async () => {
    readyMachine();
    fake.program("setpriv", `exec ${Bun.which("setpriv")} "$@"`);
    const launcher = fake.launch(["--bun", script("child.ts", echo)]);
    const lines = linesOf(launcher.stdout);
    await until(lines, "ready");
    launcher.kill("SIGKILL");
    await until(lines, "0 and the end");
  },
);

test("busybox's setpriv, which knows no such option, is left alone", async () => {
  readyMachine();
  const busybox = fake.program("busybox", "exit 1");
  symlinkSync(busybox, join(fake.programs, "setpriv"));
  expect((await fake.launched(["--bun", script("child.ts", "process.exit(5)")])).status).toBe(5);
});
