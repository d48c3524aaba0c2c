/**
 * A sound card in a room, for tests that have none: as `aplay` it keeps what it is given in a file, as `arecord` it plays that file by the clock and
 * gives what its microphone hears of it: 20 ms later, softer, with what walls give back. Where nothing is left to be played it is silent.
 *
 * Usage: bun card.ts aplay|arecord FILE
 */
import { appendFileSync, closeSync, openSync, readSync } from "node:fs";

const RATE_HZ = 16_000;
const BLOCK_SAMPLES = 160;
const DELAY_SAMPLES = 320;
const TAPS = Array.from({ length: 24 }, (_, i) => ({
  at: DELAY_SAMPLES + i * i * 3,
  factor: (i % 3 === 0 ? -0.5 : 0.4) * Math.exp(-i / 6),
}));
const HISTORY_SAMPLES = 4096;

const [as = "", file = ""] = process.argv.slice(2);

async function play(): Promise<void> {
  for await (const bytes of Bun.stdin.stream()) appendFileSync(file, bytes);
}

async function record(): Promise<never> {
  appendFileSync(file, new Uint8Array(0));
  const played = openSync(file, "r");
  process.on("exit", () => closeSync(played));
  const bytes = new Uint8Array(BLOCK_SAMPLES * 2);
  const history = new Int16Array(HISTORY_SAMPLES);
  const begunMs = performance.now();
  let position = 0;
  for (let block = 0; ; block++) {
    const dueMs = begunMs + (block * BLOCK_SAMPLES * 1000) / RATE_HZ;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 0) await Bun.sleep(earlyMs);
    const found = readSync(played, bytes, 0, bytes.length, position) & ~1;
    position += found;
    const pcm = new Int16Array(BLOCK_SAMPLES);
    pcm.set(new Int16Array(bytes.buffer, 0, found / 2));
    process.stdout.write(heard(pcm, history, block * BLOCK_SAMPLES));
  }
}

function heard(pcm: Int16Array, history: Int16Array, from: number): Uint8Array {
  const out = new Int16Array(pcm.length);
  for (const [i, sample] of pcm.entries()) {
    history[(from + i) % HISTORY_SAMPLES] = sample;
    let sum = 0;
    for (const { at, factor } of TAPS) if (from + i >= at) sum += factor * history[(from + i - at) % HISTORY_SAMPLES]!;
    out[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return new Uint8Array(out.buffer);
}

if (as === "aplay") await play();
else await record();
