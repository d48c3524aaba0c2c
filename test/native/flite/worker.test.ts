import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FliteAnswer } from "../../../native/flite/flite.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-flite-worker-"));
afterAll(() => rmSync(folder, { recursive: true }));

const UNREACHABLE = 0x00;
const CONSTANT = 0x41;
const CALL = 0x10;
const END = 0x0b;

const named = (name: string) => [name.length, ...Buffer.from(name)];
const section = (id: number, ...bytes: number[]) => [id, bytes.length, ...bytes];

/** A program of WASI whose `_start` does what stands in `code`; function 0 is `proc_exit`. */
const program = (...code: number[]): Uint8Array =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 0),
    ...section(2, 1, ...named("wasi_snapshot_preview1"), ...named("proc_exit"), 0, 1),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...named("memory"), 2, 0, ...named("_start"), 0, 1),
    ...section(10, 1, code.length + 2, 0, ...code, END),
  ]);

/** What the thread says of a sentence, twice, with this in the place of flite. */
async function answers(wasm: Uint8Array): Promise<FliteAnswer[]> {
  const path = join(folder, `${crypto.randomUUID()}.wasm`);
  writeFileSync(path, wasm);
  const worker = new Worker(new URL("../../../native/flite/worker.ts", import.meta.url).href);
  const found: FliteAnswer[] = [];
  const both = Promise.withResolvers<void>();
  worker.onerror = () => both.reject(new Error("the thread ended"));
  worker.onmessage = ({ data }: MessageEvent<FliteAnswer>) => {
    if (found.push(data) === 2) both.resolve();
  };
  worker.postMessage({ open: path });
  for (const id of [1, 2]) worker.postMessage({ id, text: "Hello.", voice: "rms" });
  await both.promise.finally(() => worker.terminate());
  return found;
}

test.each([
  { name: "traps", wasm: program(UNREACHABLE), says: /unreachable/i },
  { name: "exits with a status", wasm: program(CONSTANT, 3, CALL, 0), says: /ended with 3/ },
  { name: "exits well, and wrote nothing", wasm: program(CONSTANT, 0, CALL, 0), says: /no such file|ENOENT/i },
  { name: "ends without a word", wasm: program(), says: /no such file|ENOENT/i },
  { name: "is none", wasm: Buffer.from("no module, but a text"), says: /wasm|module/i },
])("a module that $name fails each sentence, and neither thread nor process ends", async ({ wasm, says }) => {
  expect(await answers(wasm)).toEqual([
    { id: 1, failed: expect.stringMatching(says) },
    { id: 2, failed: expect.stringMatching(says) },
  ]);
});
