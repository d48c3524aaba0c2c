import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caller, openTestControl } from "#test/control";
import { rejectionOf } from "#test/rejection";

setDefaultTimeout(60_000); // on a busy machine

/** A body that comes in steps; one of them may fail. */
function bodyOf(...steps: (() => Uint8Array)[]): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const step = steps[at++];
      if (step) controller.enqueue(step());
      else controller.close();
    },
  });
}

test("what is still coming in has a name of its own, and takes its place when it is whole", async () => {
  await using opened = await openTestControl();
  const folder = join(opened.folder, "parlando-data", "uploads");
  const seen: string[][] = [];
  const second = () => {
    seen.push(readdirSync(folder));
    return new Uint8Array(4);
  };
  const upload = await opened.control.uploads.create(
    caller,
    bodyOf(() => new Uint8Array(3), second),
  );
  expect(upload.bytes).toBe(7);
  expect(seen).toEqual([[`${upload.id}.part`]]);
  expect(readdirSync(folder)).toEqual([upload.id]);
});

test("what breaks off leaves nothing behind", async () => {
  await using opened = await openTestControl();
  const breaks = () => {
    throw new Error("gone");
  };
  const body = bodyOf(() => new Uint8Array(3), breaks);
  expect(await rejectionOf(opened.control.uploads.create(caller, body))).toHaveProperty(
    "message",
    expect.stringContaining("gone"),
  );
  expect(readdirSync(join(opened.folder, "parlando-data", "uploads"))).toEqual([]);
});

test("what a killed process had half of is removed by the next one, and nothing else is", async () => {
  const home = mkdtempSync(join(tmpdir(), "parlando-uploads-"));
  const folder = join(home, "parlando-data", "uploads");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "upload_1.part"), "half");
  writeFileSync(join(folder, "upload_2"), "whole");
  {
    await using opened = await openTestControl({ folder: home });
    expect(readdirSync(folder)).toEqual(["upload_2"]);
    expect(opened.folder).toBe(home);
  }
  rmSync(home, { recursive: true });
});
