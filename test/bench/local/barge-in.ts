import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileDevice, speakOver } from "#test/spoken-over";
import type { Measurement } from "../measurement.ts";

const GOAL_MS = 60;
const TIMES = 40;
const MIN_MS = 200;

/** How long a loudspeaker goes on when the user speaks over the machine, in frames of 20 ms, on a device of ALSA's that writes into a file. */
export async function bargeInTimes(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-bench-"));
  const raw = join(folder, "heard.raw");
  const before = process.env.ALSA_CONFIG_PATH;
  writeFileSync(`${raw}.conf`, fileDevice(raw));
  process.env.ALSA_CONFIG_PATH = `/usr/share/alsa/alsa.conf:${raw}.conf`;
  let triggeredAtMs = 0;
  const written: number[] = [];
  try {
    const { silences } = await speakOver({
      times: TIMES,
      minMs: MIN_MS,
      settings: { device: "parlando_out", through: "alsa" },
      onEvent({ type }) {
        if (type === "bargeIn") triggeredAtMs = Date.now();
        if (type === "silenced") written.push(Math.max(0, statSync(raw).mtimeMs - triggeredAtMs));
      },
    });
    const note = `${silences.length} times`;
    return [
      {
        ...figure(
          "local.bargein.trigger",
          silences.map(({ triggerMs }) => triggerMs),
          note,
        ),
        goal: { op: "<=", value: GOAL_MS },
      },
      figure("local.bargein.written", written, "until the last sample was written to the file, by the file's own time"),
      figure(
        "local.bargein.voiced",
        silences.map(({ afterMs }) => afterMs),
        `from the first voiced frame, minMs ${MIN_MS} among it`,
      ),
    ];
  } finally {
    if (before === undefined) delete process.env.ALSA_CONFIG_PATH;
    else process.env.ALSA_CONFIG_PATH = before;
    rmSync(folder, { recursive: true });
  }
}

function figure(key: string, found: readonly number[], note: string): Measurement {
  const sorted = found.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    key,
    value: at(0.95),
    unit: "ms p95",
    spread: { min: at(0.01), max: at(1) },
    note: `${note}; p50 ${at(0.5).toFixed(1)} ms`,
  };
}
