import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import type { FaultScript } from "#engine/plugin";
import { type EmulatedExample, runEmulated } from "#test/emulated-example";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { sampleStart, scratchFolder, TWO_COMMANDS } from "#test/short-recording";

setDefaultTimeout(120_000); // one of them recognises speech, on a machine that may be busy

const RATE_HZ = 16_000;
const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pcm = await sampleStart(TWO_COMMANDS.seconds);
const mono = join(folder, "mono.wav");
writeFileSync(mono, encodeWav(pcm, { sampleRateHz: RATE_HZ, channels: 1 }));

/** The first command on the left, the second on the right. */
const stereo = join(folder, "stereo.wav");
const sides = new Int16Array(pcm.length * 2);
for (const [i, sample] of pcm.entries()) sides[2 * i + (i < 4 * RATE_HZ ? 0 : 1)] = sample;
writeFileSync(stereo, encodeWav(sides, { sampleRateHz: RATE_HZ, channels: 2 }));

const TENCENT = { tencentAt: ["tencent", "url"] } as const;
const ALIYUN = { aliyunAt: ["aliyun", "url"], tokensAt: ["aliyun", "tokenUrl"] } as const;

const example = (more: Pick<EmulatedExample, "example" | "vendors" | "addresses"> & { readonly talk?: string }) =>
  runEmulated({ talk: mono, folder, ...more });
const written = (name: string, file: string) => readFileSync(join(folder, name, file), "utf8");

/** Each call of a vendor breaks soon after it was taken, and from then on nobody is let in. */
const GONE: FaultScript["faults"] = [
  { on: "connection", connections: 1, after: { received: 3 }, do: { close: 1006 } },
  { on: "handshake", connections: Array.from({ length: 50 }, (_, i) => i + 2), do: { refuse: 503 } },
];

describe("compare-vendors, both vendors being their gateways", () => {
  const call = { example: "compare-vendors", talk: stereo, addresses: { ...TENCENT, ...ALIYUN } } as const;

  test("writes down what each of them hears on both sides", async () => {
    const { report, finals } = await example({ ...call, vendors: { tencent: [], aliyun: [] } });
    expect(report).toMatchObject({ state: "done", failures: [] });
    expect(finals).toEqual({
      tencent: ["heard by tencent", "heard by tencent"],
      aliyun: ["heard by aliyun", "heard by aliyun"],
    });
    expect(written("compare-vendors", "tencent.txt").match(/heard by tencent/g)).toHaveLength(2);
    expect(written("compare-vendors", "aliyun.txt").match(/heard by aliyun/g)).toHaveLength(2);
  });

  test("goes on with one where the other lets nobody in", async () => {
    const { report, finals } = await example({
      ...call,
      vendors: { tencent: [{ on: "handshake", do: { refuse: 503 } }], aliyun: [] },
    });
    expect(finals).toEqual({ aliyun: ["heard by aliyun", "heard by aliyun"] });
    expect(report.state).toBe("done");
    expect(report.failures.map(({ node }) => node).sort()).toEqual(["tencent/agent-asr", "tencent/customer-asr"]);
  });
});

describe("failover, both vendors being their gateways", () => {
  const talk = { example: "failover", addresses: { ...TENCENT, ...ALIYUN } } as const;

  test("asks the first while it answers", async () => {
    const { report, finals, events } = await example({ ...talk, vendors: { tencent: [], aliyun: [] } });
    expect(report).toMatchObject({ state: "done", failures: [] });
    expect(finals.text).toEqual(["heard by tencent", "heard by tencent"]);
    expect(events).toEqual([]);
  });

  test("goes to the second in the midst of a sentence", async () => {
    const { report, finals, events } = await example({ ...talk, vendors: { tencent: GONE, aliyun: [] } });
    expect(report).toMatchObject({ state: "done", failures: [] });
    expect(finals.text).toEqual(["heard by aliyun", "heard by aliyun"]);
    expect(events).toEqual(["asr: tencent.asr to aliyun.asr, VENDOR_UNREACHABLE"]);
    expect(written("failover", "transcript.txt").match(/heard by aliyun/g)).toHaveLength(2);
  });

  test.skipIf(enginesMissing.length > 0)(`ends with this machine, where both are gone${NEEDS_ENGINES}`, async () => {
    const { report, finals, events } = await example({ ...talk, vendors: { tencent: GONE, aliyun: GONE } });
    expect(report).toMatchObject({ state: "done", failures: [] });
    expect(finals.text).toEqual([...TWO_COMMANDS.said]);
    expect(events.map((event) => event.replace(/, .*/, ""))).toEqual([
      "asr: tencent.asr to aliyun.asr",
      "asr: aliyun.asr to pocketsphinx.asr",
    ]);
  });
});

test.skipIf(enginesMissing.length > 0)(
  `ab-test gives what the vendor's gateway hears, and keeps what this machine heard${NEEDS_ENGINES}`,
  async () => {
    const { report, finals } = await example({
      example: "ab-test",
      vendors: { azure: [] },
      addresses: { host: ["azure", "host"] },
    });
    expect(report).toMatchObject({ state: "done", failures: [] });
    expect(finals).toEqual({ text: ["heard by azure", "heard by azure"] });
    expect(written("ab-test", "a.jsonl")).toContain("heard by azure");
    for (const command of TWO_COMMANDS.said) expect(written("ab-test", "b.jsonl")).toContain(command);
  },
);
