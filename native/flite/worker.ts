import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";

declare const self: Worker;

/** How a guest ends. Bun's own `proc_exit` would end the whole process. */
class Exit {
  constructor(readonly status: number) {}
}

let module: Promise<WebAssembly.Module> | undefined;

self.onmessage = async ({ data }: MessageEvent<{ open: string } | { id: number; text: string; voice: string }>) => {
  if ("open" in data) {
    module = WebAssembly.compile(readFileSync(data.open));
    module.catch(() => undefined); // told with the first sentence
    return;
  }
  const { id, text, voice } = data;
  try {
    if (!module) throw new Error("asked before it was opened");
    const pcm = speak(await module, text, voice);
    self.postMessage({ id, pcm }, [pcm.buffer]);
  } catch (error) {
    self.postMessage({ id, failed: error instanceof Error ? error.message.slice(0, 200) : "it failed" });
  }
};

/** A program runs once, so each sentence has an instance of its own; the text goes by a file, for arguments have an end. */
function speak(compiled: WebAssembly.Module, text: string, voice: string): Int16Array<ArrayBuffer> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-flite-"));
  try {
    writeFileSync(join(folder, "text"), text);
    const args = ["flite", "-voice", voice, "-f", "/talk/text", "-o", "/talk/speech.wav"];
    const wasi = new WASI({ version: "preview1", args, preopens: { "/talk": folder } });
    const status = run(wasi, compiled);
    if (status !== 0) throw new Error(`the program ended with ${status}`);
    return samples(readFileSync(join(folder, "speech.wav")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(wasi: WASI, compiled: WebAssembly.Module): number {
  const imports = wasi.wasiImport as Record<string, (...values: number[]) => unknown>;
  imports.proc_exit = (status = 0) => {
    throw new Exit(status);
  };
  const instance = new WebAssembly.Instance(compiled, { wasi_snapshot_preview1: imports });
  try {
    wasi.start(instance);
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.status;
    throw error;
  }
}

const HEADER_BYTES = 44;

/** Of the plain WAV that flite writes: 16 kHz, mono, 16 bits. */
function samples(wav: Buffer): Int16Array<ArrayBuffer> {
  if (wav.length <= HEADER_BYTES || wav.toString("latin1", 0, 4) !== "RIFF" || wav.readUInt32LE(24) !== 16_000)
    throw new Error("it wrote no speech of 16 kHz");
  const bytes = new Uint8Array(wav.subarray(HEADER_BYTES, wav.length - (wav.length % 2)));
  return new Int16Array(bytes.buffer);
}
