import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ThroughDecibri } from "../../../support/decibri-devices.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-decibri-"));
afterAll(() => rmSync(folder, { recursive: true }));

const missing = [
  ...(process.platform === "linux" ? [] : ["ALSA"]),
  ...(existsSync("/usr/share/alsa/alsa.conf") ? [] : ["alsa-utils"]),
  ...(await import("decibri").then(
    () => [],
    () => ["decibri"],
  )),
];

/** @param devices of ALSA's configuration; its real ones where left out, and there are none in a test */
async function through(type: string, devices = "", device = ""): Promise<ThroughDecibri> {
  const conf = join(folder, `${type}.conf`);
  writeFileSync(conf, devices);
  const script = join(import.meta.dir, "../../../support/decibri-devices.ts");
  const child = Bun.spawn([process.execPath, script, type, device], {
    env: { ...process.env, ALSA_CONFIG_PATH: `/usr/share/alsa/alsa.conf:${conf}` },
    stdout: "pipe",
    stderr: "ignore",
  });
  return JSON.parse(await child.stdout.text());
}

/** A device of ALSA's that is none, and gives one value for longer than is listened: decibri asks it for numbers from -1 to 1. */
function fileDevice(sample: number): string {
  const file = join(folder, "heard.f32");
  writeFileSync(file, new Float32Array(1_000_000).fill(sample / 32_768));
  return `pcm.!default { type file slave.pcm "null" file "/dev/null" infile "${file}" format "raw" }`;
}

const states = ({ events }: ThroughDecibri) => events.flatMap(({ type, state }) => (type === "device" ? [state] : []));

describe.skipIf(missing.length > 0)(`decibri${missing.length > 0 ? `: missing ${missing.join(", ")}` : ""}`, () => {
  test("hears what the machine's own device gives", async () => {
    const found = await through("core.microphone", fileDevice(8192));
    expect(found).toMatchObject({ state: "done" });
    expect(found.heard).toHaveLength(3200);
    // behind the start of its own conversion from the device's rate
    expect(found.heard.slice(1600).every((sample) => Math.abs(sample - 8192) <= 2)).toBe(true);
    expect(states(found)).toEqual(["open"]);
  });

  test("plays to the end, and tells what was heard", async () => {
    const found = await through("core.speaker", 'pcm.!default { type "null" }');
    expect(found).toMatchObject({ state: "done" });
    expect(found.events.filter(({ type }) => type === "played")).toMatchObject([
      { utterance: "u", playedMs: 300, ofMs: 300, cut: false },
    ]);
  });

  test.each(["core.microphone", "core.speaker"])("%s: a device that is not there is a code", async (type) => {
    const found = await through(type, "", "parlando-none");
    expect(found).toMatchObject({ state: "failed", code: "DEVICE_UNAVAILABLE" });
  });

  test.each(["core.microphone", "core.speaker"])("%s: a machine without any device is a code", async (type) => {
    const found = await through(type, 'pcm.!default { type hw card "parlando_none" }');
    expect(found).toMatchObject({ state: "failed" });
    expect(["DEVICE_UNAVAILABLE", "DEVICE_LOST"]).toContain(found.code!);
  });
});
