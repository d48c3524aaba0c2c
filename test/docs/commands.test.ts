import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { callCommand } from "#test/called-command";
import { covers } from "#test/covers";
import { PAGES, ROOT } from "./pages.ts";

setDefaultTimeout(60_000); // programs are started, on a machine that may be busy

const manifest = z.object({ scripts: z.record(z.string(), z.string()) });
const { scripts } = manifest.parse(await Bun.file(join(ROOT, "package.json")).json());

/** Every command of a `sh` block with its page and line; comments are left out. */
const commands = PAGES.flatMap(({ path, blocks }) =>
  blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ text, line }) =>
      text.split("\n").map((each, i) => ({ at: `${path}:${line + i}`, command: each.replace(/\s+#.*$/, "").trim() })),
    ),
).filter(({ command }) => command !== "");

const parlando = commands.flatMap(({ at, command }) => {
  const args = /^(?:node engine\/launch\.mjs|bun engine\/main\.ts|parlando) ([a-z].*)$/.exec(command)?.[1];
  return args === undefined ? [] : [[at, args] as const];
});

test.each(parlando)("%s: %s", async (_at, line) => {
  covers("E11");
  const [name = "", ...args] = line.split(" ");
  if (name === "run") {
    // planned with a recording that is not there: its arguments are then right, and no engine is needed
    const { status, text } = await callCommand([name, ...args, "--in", "talk=absent.wav"], ROOT);
    expect({ status, text }).toEqual({ status: 1, text: expect.stringContaining("INPUT_ABSENT") });
    expect(text.match(/PARAM_[A-Z]+|usage/g)).toBeNull();
    return;
  }
  const { status, text } = await callCommand([name, ...args], ROOT);
  // doctor answers for the machine
  expect(name === "doctor" ? [0, 1] : [0], text).toContain(status);
});

describe("other commands", () => {
  const others = commands.filter(({ at }) => !parlando.some(([known]) => known === at));
  test.each(others.map(({ at, command }) => [at, command] as const))("%s: %s", async (_at, command) => {
    expect(await unknownTo(command)).toBeUndefined();
  });
});

/** What is not there that a command names; undefined where all of it is. */
async function unknownTo(command: string): Promise<string | undefined> {
  const npm = /^npm (start|test)(?: -- .*)?$/.exec(command)?.[1];
  if (npm !== undefined) return npm in scripts ? undefined : `no script ${npm}`;
  const script = /^(?:node engine\/launch\.mjs --bun|bun) run (\w+)(?: ([a-z]\w*))?/.exec(command);
  if (script) {
    const [, name = "", part] = script;
    if (!(name in scripts)) return `no script ${name}`;
    return part === undefined || (await Bun.file(join(ROOT, "test", name, `${part}.ts`)).exists())
      ? undefined
      : `no ${part}`;
  }
  const file = /^(?:bun|node) ([\w./-]+\.(?:ts|mjs))\b/.exec(command)?.[1];
  if (file !== undefined) return (await Bun.file(join(ROOT, file)).exists()) ? undefined : `no file ${file}`;
  return /^(git clone|cd|apt-get) /.test(command) ? undefined : "a command that the tests of pages do not know";
}

test.each([
  ["npm stop", "a command that the tests of pages do not know"],
  ["node engine/launch.mjs --bun run nothing", "no script nothing"],
  ["bun run prove nothing", "no nothing"],
  ["bun test/nothing.ts", "no file test/nothing.ts"],
])("%s is answered with %s", async (command, answer) => {
  expect(await unknownTo(command)).toBe(answer);
});
