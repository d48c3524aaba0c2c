import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MAIN } from "#test/command-line";
import { covers } from "#test/covers";
import { enginesMissing } from "#test/engines";
import { steady, stepsOf } from "./console.ts";
import { type Block, changed, page, ROOT, TUTORIAL } from "./pages.ts";

setDefaultTimeout(240_000); // each command is a process of its own, on a machine that may be busy

const { blocks } = page(TUTORIAL);
// outside of the checkout: whoever reads the page has nothing of it but the command
const around = mkdtempSync(join(tmpdir(), "parlando-tutorial-"));
const folder = join(around, "door");
const bin = join(around, "bin");
afterAll(() => rmSync(around, { recursive: true, force: true }));
mkdirSync(folder);
mkdirSync(bin);
const program = JSON.stringify(process.execPath);
writeFileSync(
  join(bin, "parlando"),
  `#!/bin/sh\nif [ "$1" = --bun ]; then shift; exec ${program} "$@"; fi\nexec ${program} ${JSON.stringify(MAIN)} "$@"\n`,
);
chmodSync(join(bin, "parlando"), 0o755);

/** What a shell of a newcomer has; where engines were put is told by the machine's own variables. */
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(HOME|TMPDIR|XDG_\w+|PARLANDO_\w+)$/.test(name)),
  ),
  PATH: `${bin}:${process.env.PATH}`,
  PARLANDO: ROOT,
  NO_COLOR: "1",
  LC_ALL: "C.UTF-8",
};

/** Both streams together, in the order in which they were written. */
async function called(command: readonly string[], cwd: string): Promise<{ status: number; text: string }> {
  const path = join(around, "printed.txt");
  writeFileSync(path, "");
  const file = openSync(path, "a");
  const child = Bun.spawn([...command], {
    cwd,
    env: environment,
    stdin: "ignore",
    stdout: file,
    stderr: file,
    timeout: 200_000,
    killSignal: "SIGKILL",
  });
  const status = await child.exited;
  return { status, text: readFileSync(path, "utf8") };
}

/** Without what a busy machine, or another build of Bun, prints otherwise. */
const level = (text: string): string =>
  steady(text)
    .replace(/^[█░]+ .*\n/gm, "")
    .replace(/ \[\d+(\.\d+)?m?s\]$/gm, "")
    .replace(/^(bun test) v\S+ \(\w+\)$/gm, "$1");

async function walk({ language, name, text, ...block }: Block): Promise<void> {
  if (language === "console") {
    for (const { command, printed } of stepsOf({ language, text, ...block }))
      expect([command, level((await called(["sh", "-c", command], folder)).text)]).toEqual([command, level(printed)]);
  } else if (name !== undefined) {
    const path = join(folder, name);
    if (language === "diff") return writeFileSync(path, changed(readFileSync(path, "utf8"), text));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

for (const block of blocks) {
  const left = block.name === "engines" && enginesMissing.length > 0;
  const does = block.language === "console" ? "prints what it says" : `writes ${block.name ?? "nothing"}`;
  test.skipIf(left)(`line ${block.line} ${does}${left ? ` (needs ${enginesMissing.join(", ")})` : ""}`, () =>
    walk(block),
  );
}

test("the picture on the page is the one that was drawn", () => {
  const drawn = readFileSync(join(folder, "door.svg"), "utf8");
  expect(readFileSync(join(ROOT, "docs/pictures/door.svg"), "utf8")).toBe(drawn);
});

test("what was written is typed: the compiler finds nothing", async () => {
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  expect(await called([process.execPath, compiler, "--noEmit"], join(folder, "chime"))).toEqual({
    status: 0,
    text: "",
  });
  covers("E2", "E11");
});
