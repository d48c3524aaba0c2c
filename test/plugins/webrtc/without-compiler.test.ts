import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { findCompiler } from "#native/library";

setDefaultTimeout(60_000); // processes are started, on a machine that may be busy

const program = join(import.meta.dir, "fixtures/shared-runs.ts");

interface Came {
  readonly served: readonly string[];
  readonly ended: readonly string[];
  readonly marks: number;
  readonly frames: string;
}

async function runs(env: Readonly<Record<string, string>> = {}): Promise<Came> {
  const child = Bun.spawn([process.execPath, program], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [said, failure] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect({ status: await child.exited, failure }).toEqual({ status: 0, failure: "" });
  return JSON.parse(said);
}

test("without a compiler many runs share the WebAssembly detector, and every frame that comes out is the same", async () => {
  const without = await runs({ PATH: "/nowhere", PARLANDO_NATIVE_DIR: `/nowhere/${process.pid}` });
  expect(without).toMatchObject({ served: ["wasm"], ended: ["done"] });
  expect(without.marks).toBeGreaterThan(40);
  const as = await runs();
  expect(as).toEqual({ ...without, served: [findCompiler() ? "native" : "wasm"] });
});
