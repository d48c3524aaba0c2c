import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { EngineError } from "#engine/errors";
import { findDecoderFiles, libraryVersion, requireDecoderFiles, type Surroundings } from "#native/pocketsphinx";

const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), "parlando-files-"));
  dirs.push(dir);
  return dir;
}

function put(root: string, ...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  }
}

const LIB = "usr/lib/x86_64-linux-gnu";
const LIBRARY = `${LIB}/libpocketsphinx.so.3`;
const MODEL_DIR = "usr/share/pocketsphinx/model/en-us";
const MODEL = [`${MODEL_DIR}/en-us/mdef`, `${MODEL_DIR}/en-us.lm.bin`, `${MODEL_DIR}/cmudict-en-us.dict`];

/** A machine whose places are folders of this test's own. */
function machine(more: Partial<Surroundings> = {}): Surroundings {
  return { env: {}, home: place(), arch: "x64", systemRoot: place(), ...more };
}

describe("where library and model are looked for", () => {
  test("the system's own need no chain", () => {
    const around = machine();
    put(around.systemRoot, LIBRARY, ...MODEL);
    expect(findDecoderFiles(around)).toEqual({
      missing: [],
      files: {
        library: join(around.systemRoot, LIBRARY),
        chain: [],
        model: {
          acoustic: join(around.systemRoot, MODEL_DIR, "en-us"),
          language: join(around.systemRoot, MODEL_DIR, "en-us.lm.bin"),
          dictionary: join(around.systemRoot, MODEL_DIR, "cmudict-en-us.dict"),
        },
      },
    });
  });

  test("an unpacked library brings what it needs, in the order in which to load it", () => {
    const around = machine();
    const root = join(around.home, ".cache/parlando/debian/root");
    put(root, LIBRARY, ...MODEL);
    put(root, `${LIB}/libsphinxbase.so.3`, `${LIB}/lapack/liblapack.so.3`, `${LIB}/libgfortran.so.5`);
    put(root, `${LIB}/blas/libblas.so.3`, `${LIB}/libquadmath.so.0`);
    expect(findDecoderFiles(around).files?.chain).toEqual(
      ["libquadmath.so.0", "libgfortran.so.5", "blas/libblas.so.3", "lapack/liblapack.so.3", "libsphinxbase.so.3"].map(
        (name) => join(root, LIB, name),
      ),
    );
  });

  test("of a chain only what was unpacked is named: the system has the rest", () => {
    const named = place();
    put(named, LIBRARY, `${LIB}/libsphinxbase.so.3`, ...MODEL);
    const { files } = findDecoderFiles(machine({ env: { PARLANDO_DEBIAN_ROOT: named } }));
    expect(files?.chain).toEqual([join(named, LIB, "libsphinxbase.so.3")]);
  });

  test("a named folder comes before the system, and the system before the cache", () => {
    const named = place();
    const around = machine({ env: { PARLANDO_DEBIAN_ROOT: named } });
    for (const root of [named, around.systemRoot, join(around.home, ".cache/parlando/debian/root")])
      put(root, LIBRARY, ...MODEL);
    expect(findDecoderFiles(around).files?.library).toBe(join(named, LIBRARY));
    expect(findDecoderFiles({ ...around, env: {} }).files?.library).toBe(join(around.systemRoot, LIBRARY));
  });

  test("the cache is where XDG_CACHE_HOME says", () => {
    const cache = place();
    put(join(cache, "parlando/debian/root"), LIBRARY, ...MODEL);
    const { files } = findDecoderFiles(machine({ env: { XDG_CACHE_HOME: cache } }));
    expect(files?.library).toBe(join(cache, "parlando/debian/root", LIBRARY));
  });

  test("library and model may come from different places", () => {
    const named = place();
    const around = machine({ env: { PARLANDO_DEBIAN_ROOT: named } });
    put(named, LIBRARY);
    put(around.systemRoot, ...MODEL);
    const { files } = findDecoderFiles(around);
    expect(files?.library).toBe(join(named, LIBRARY));
    expect(files?.model.acoustic).toBe(join(around.systemRoot, MODEL_DIR, "en-us"));
  });

  test("another processor's library is not taken", () => {
    const around = machine({ arch: "arm64" });
    put(around.systemRoot, LIBRARY, ...MODEL);
    expect(findDecoderFiles(around).files).toBeUndefined();
  });
});

test.each<{ name: string; there: string[]; missing: string[] }>([
  { name: "nothing is installed", there: [], missing: ["libpocketsphinx3", "pocketsphinx-en-us"] },
  { name: "the model is missing", there: [LIBRARY], missing: ["pocketsphinx-en-us"] },
  { name: "the library is missing", there: MODEL, missing: ["libpocketsphinx3"] },
  { name: "the model has no dictionary", there: [LIBRARY, ...MODEL.slice(0, 2)], missing: ["pocketsphinx-en-us"] },
])("$name: the error names package, places and command", ({ there, missing }) => {
  const around = machine();
  put(around.systemRoot, ...there);
  const error = thrownBy(() => requireDecoderFiles(around));
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).code).toBe("ENGINE_MISSING");
  const { message } = error as EngineError;
  expect(["libpocketsphinx3", "pocketsphinx-en-us"].filter((name) => message.includes(`package ${name}`))).toEqual(
    missing,
  );
  expect(message).toContain(around.systemRoot);
  expect(message).toContain("apt-get install libpocketsphinx3 pocketsphinx-en-us");
});

test("the version is read from the library's real name", () => {
  const root = place();
  put(root, "libpocketsphinx.so.3.0.0", "odd");
  expect(libraryVersion(join(root, "libpocketsphinx.so.3.0.0"))).toBe("3.0.0");
  expect(libraryVersion(join(root, "odd"))).toBeUndefined();
});

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
