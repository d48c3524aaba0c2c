import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "#engine/cli";
import { NodeTypes } from "#engine/plugin";
import { newHousehold } from "#engine/runtime";
import { callCommand } from "#test/called-command";
import { folderWith } from "#test/planning";
import { runOnChange } from "../../../engine/cli/watch.ts";

setDefaultTimeout(60_000); // events of the file system come when the system likes

/** A world in a folder, with a Ctrl-C to press. */
function worldIn(cwd: string) {
  const calls = new Set<(count: number) => void>();
  let count = 0;
  const world: World = {
    types: new NodeTypes([]),
    environment: {},
    cwd,
    household: newHousehold(),
    onInterrupt(call) {
      calls.add(call);
      return () => void calls.delete(call);
    },
  };
  return {
    world,
    press() {
      count++;
      for (const call of [...calls]) call(count);
    },
  };
}

/** Writes a file anew, over and over, until told to stop: when a watch begins is the system's affair. */
function keepWriting(path: string): () => void {
  let n = 0;
  const timer = setInterval(() => writeFileSync(path, `# ${n++}\n`), 400);
  return () => clearInterval(timer);
}

const silent = { out() {}, err() {}, color: false };

test("a run that has ended is run again when a file beside it changes, until Ctrl-C", async () => {
  const folder = folderWith({ "w.yaml": "a: 1\n" });
  const { world, press } = worldIn(folder);
  const said: string[] = [];
  const stop = keepWriting(join(folder, "part.yaml"));
  let runs = 0;
  const status = await runOnChange("w.yaml", { ...silent, err: (line) => void said.push(line) }, world, async () => {
    runs++;
    if (runs === 3) press();
    return runs === 3 ? 0 : 1;
  });
  stop();
  expect({ status, runs }).toEqual({ status: 0, runs: 3 });
  expect(said.slice(0, 2)).toEqual(["waiting for a change beside w.yaml; Ctrl-C ends", "part.yaml has changed"]);
});

test("a run that is under way is cancelled by a change, and only by one of a workflow's files", async () => {
  const folder = folderWith({ "w.yaml": "a: 1\n" });
  mkdirSync(join(folder, "runs"));
  const { world, press } = worldIn(folder);
  const stops = ["runs/out.yaml", "speech.wav", "w.yaml"].map((name) => keepWriting(join(folder, name)));
  const said: string[] = [];
  const counts: number[] = [];
  let runs = 0;
  await runOnChange("w.yaml", { ...silent, err: (line) => void said.push(line) }, world, async (inner) => {
    if (++runs === 2) {
      press();
      return 0;
    }
    const cancelled = Promise.withResolvers<void>();
    const off = inner.onInterrupt((count) => {
      counts.push(count);
      if (count === 2) cancelled.resolve();
    });
    await cancelled.promise;
    off();
    return 130;
  });
  for (const stop of stops) stop();
  expect(counts).toEqual([1, 2]);
  expect(said.filter((line) => line.endsWith("has changed"))).toEqual(["w.yaml has changed"]);
});

test("Ctrl-C while it waits ends it with the status of the last run", async () => {
  const { world, press } = worldIn(folderWith({ "w.yaml": "a: 1\n" }));
  const told = { ...silent, err: () => press() };
  expect(await runOnChange("w.yaml", told, world, async () => 1)).toBe(1);
});

test("run --help names it", async () => {
  expect((await callCommand(["run", "--help"], "/")).text).toContain("--watch");
});
