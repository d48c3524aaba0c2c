import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import { inline, planOf, sourceOf, startPlan, text } from "#test/doubles";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "parlando-artifacts-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const bytes = (words: string) => new TextEncoder().encode(words);

/** A sink that writes each text as a line below a header of four bytes, which holds the number of lines at the end. */
function writer(path: string, failAt = Number.POSITIVE_INFINITY) {
  let file: { write(bytes: Uint8Array): void };
  let lines = 0;
  return inline({
    async create(ctx) {
      const artifact = await ctx.artifact(path, { mediaType: "text/plain" });
      artifact.write(bytes("----"));
      artifact.onFinish(() => artifact.writeAt(0, bytes(String(lines).padStart(4, "0"))));
      file = artifact;
    },
    onFrame(frame) {
      if (++lines > failAt) throw new EngineError("ENGINE_FAILED", "broke");
      if (frame.kind === "text") file.write(bytes(`${frame.text}\n`));
    },
  });
}

const texts = [text("one", 0), text("two", 320), text("three", 640)];

test("a file takes its name when the run ends, whole and mended by its node", async () => {
  const path = join(dir, "deep", "file.txt");
  const plan = planOf({ source: sourceOf(texts, 10), sink: writer(path) }, [["source", "sink"]]);
  const { run } = startPlan(plan);
  const report = await run.done;
  expect(readFileSync(path, "utf8")).toBe("0003one\ntwo\nthree\n");
  expect(report.artifacts).toEqual([{ node: "sink", path, bytes: 18, mediaType: "text/plain", partial: false }]);
  expect(readdirSync(join(dir, "deep"))).toEqual(["file.txt"]);
});

test("a failed run leaves a shorter, valid file that is called partial", async () => {
  const path = join(dir, "file.txt");
  const broken = inline({ onFrame: (frame, emit) => { if (frame === texts[2]) throw new EngineError("ENGINE_FAILED", "x"); emit(frame); } }); // biome-ignore format: one line
  const plan = planOf({ source: sourceOf(texts), broken, sink: writer(path) }, [
    ["source", "broken"],
    ["broken", "sink"],
  ]);
  const report = await startPlan(plan).run.done;
  expect(report.state).toBe("failed");
  expect(readFileSync(path, "utf8")).toBe("0002one\ntwo\n");
  expect(report.artifacts[0]?.partial).toBe(true);
});

test("the file of a sink that fails itself is kept, partial", async () => {
  const path = join(dir, "file.txt");
  const report = await startPlan(planOf({ source: sourceOf(texts), sink: writer(path, 1) }, [["source", "sink"]])).run
    .done;
  expect(report.state).toBe("failed");
  expect(readFileSync(path, "utf8")).toBe("0002one\n");
  expect(report.artifacts[0]?.partial).toBe(true);
});

test("more than a buffer's worth arrives in order", async () => {
  const path = join(dir, "file.txt");
  const long = Array.from({ length: 3000 }, (_, i) => text(`${i} ${"x".repeat(i % 97)}`, i * 320));
  await startPlan(planOf({ source: sourceOf(long), sink: writer(path) }, [["source", "sink"]])).run.done;
  expect(readFileSync(path, "utf8")).toBe(`3000${long.map((frame) => `${frame.text}\n`).join("")}`);
});

test("what a killed process left beside the target is removed by the next run", async () => {
  const leftOver = join(dir, ".parlando-part.file.txt.999999999.run-0");
  const foreign = join(dir, `.parlando-part.file.txt.${process.pid}.run-0`);
  writeFileSync(leftOver, "half");
  writeFileSync(foreign, "of a run of this process");
  await startPlan(planOf({ source: sourceOf(texts), sink: writer(join(dir, "file.txt")) }, [["source", "sink"]])).run
    .done;
  expect(existsSync(leftOver)).toBe(false);
  expect(existsSync(foreign)).toBe(true);
});

test("a target that cannot be written is a coded error before anything starts", async () => {
  writeFileSync(join(dir, "taken"), "");
  const plan = planOf({ source: sourceOf(texts), sink: writer(join(dir, "taken", "file.txt")) }, [["source", "sink"]]);
  const report = await startPlan(plan).run.done;
  expect(report.error?.code).toBe("FILE_UNWRITABLE");
  expect(report.error?.message).toContain("a part of the path is");
  expect(report.edges[0]!.in.frames).toBe(0);
});

test("a run that never began leaves the file of an earlier one as it was", async () => {
  const path = join(dir, "file.txt");
  writeFileSync(path, "of an earlier run");
  const broken = inline({
    create() {
      throw new EngineError("ENGINE_MISSING", "not installed");
    },
  });
  const plan = planOf({ source: sourceOf(texts), broken, sink: writer(path) }, [
    ["source", "broken"],
    ["source", "sink"],
  ]);
  const report = await startPlan(plan).run.done;
  expect(report).toMatchObject({ state: "failed", artifacts: [] });
  expect(readFileSync(path, "utf8")).toBe("of an earlier run");
  expect(readdirSync(dir)).toEqual(["file.txt"]);
});
