import { dlopen } from "bun:ffi";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLibrary, cacheDir, findCompiler, type LibrarySpec, libc, libraryPath } from "#native/library";

const work = mkdtempSync(join(tmpdir(), "parlando-library-"));
afterAll(() => rmSync(work, { recursive: true }));

const source = join(work, "answer.c");
const header = join(work, "answer.h");
writeFileSync(header, "#define ANSWER 42\n");
writeFileSync(source, '#include "answer.h"\nint answer(void) { return ANSWER; }\n');

const spec: LibrarySpec = {
  name: "answer",
  sources: [source],
  included: [header],
  includeDirs: [work],
  flags: ["-O1"],
};

test.each([
  { name: "its own variable", env: { PARLANDO_NATIVE_DIR: "/a/b", XDG_CACHE_HOME: "/c" }, dir: "/a/b" },
  { name: "the user's cache", env: { XDG_CACHE_HOME: "/c" }, dir: "/c/parlando/native" },
  { name: "no relative folder", env: { PARLANDO_NATIVE_DIR: "a/b", XDG_CACHE_HOME: "c" }, dir: cacheDir({}) },
])("the cache lies where $name says", ({ env, dir }) => {
  expect(cacheDir(env)).toBe(dir);
});

test("the file name tells platform, processor and C library, and changes with flags and every source", () => {
  const path = libraryPath(spec, work);
  expect(path).toContain(`answer-${process.platform}-${process.arch}-${libc()}-`);
  expect(libraryPath({ ...spec, flags: ["-O2"] }, work)).not.toBe(path);
  const other = join(work, "other.h");
  writeFileSync(other, "#define ANSWER 43\n");
  expect(libraryPath({ ...spec, included: [other] }, work)).not.toBe(path);
  expect(libraryPath(spec, work)).toBe(path);
});

test("a source that is not there is named", () => {
  expect(() => libraryPath({ ...spec, sources: [join(work, "gone.c")] }, work)).toThrow(
    expect.objectContaining({ code: "ENGINE_MISSING", message: expect.stringContaining("gone.c") }),
  );
});

test("the C library is read from the executable", () => {
  const musl = join(work, "musl-program");
  writeFileSync(musl, "\x7fELF\0\0/lib/ld-musl-x86_64.so.1\0");
  expect(libc(musl)).toBe(process.platform === "linux" ? "musl" : "system");
});

describe.skipIf(!findCompiler())("with a C compiler", () => {
  test("a library is compiled once, then found; nothing temporary stays", () => {
    const dir = join(work, "once");
    const path = buildLibrary(spec, { dir });
    expect(dlopen(path, { answer: { args: [], returns: "i32" } }).symbols.answer()).toBe(42);
    expect(buildLibrary(spec, { dir, path: "/nowhere" })).toBe(path);
    expect(readdirSync(dir)).toEqual([path.slice(dir.length + 1)]);
  });

  test("processes that build at once all get a whole library", async () => {
    const dir = join(work, "many");
    const code = `import { dlopen } from "bun:ffi"; import { buildLibrary } from "#native/library";
      const path = buildLibrary(${JSON.stringify(spec)}, { dir: ${JSON.stringify(dir)} });
      console.log(dlopen(path, { answer: { args: [], returns: "i32" } }).symbols.answer());`;
    const run = async () => {
      const child = Bun.spawn([process.execPath, "-e", code], { cwd: process.cwd(), stdout: "pipe" });
      return (await new Response(child.stdout).text()).trim();
    };
    expect(await Promise.all([run(), run(), run()])).toEqual(["42", "42", "42"]);
    expect(readdirSync(dir)).toHaveLength(1);
  });

  test("what the compiler complains of is in the error, and nothing is left behind", () => {
    const dir = join(work, "bad");
    const bad = join(work, "bad.c");
    writeFileSync(bad, "int answer(void) { return nothing; }\n");
    expect(() => buildLibrary({ ...spec, sources: [bad] }, { dir })).toThrow(
      expect.objectContaining({ code: "ENGINE_FAILED", message: expect.stringContaining("nothing") }),
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  test("a cache that cannot be written is named", () => {
    expect(() => buildLibrary(spec, { dir: join(source, "below-a-file") })).toThrow(
      expect.objectContaining({ code: "FILE_UNWRITABLE" }),
    );
  });
});

test("without a compiler the error says so", () => {
  expect(() => buildLibrary(spec, { dir: join(work, "none"), path: work })).toThrow(
    expect.objectContaining({ code: "ENGINE_MISSING" }),
  );
});
