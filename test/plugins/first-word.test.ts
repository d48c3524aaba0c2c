import { expect, setDefaultTimeout, test } from "bun:test";
import { badAliyun } from "#test/bad-input/aliyun";
import { attempt } from "#test/bad-input/harness";
import { badRtvt } from "#test/bad-input/rtvt";
import { badTencent } from "#test/bad-input/tencent";

setDefaultTimeout(60_000);

const RECOGNISERS = [
  { vendor: badRtvt, node: "rtvt.asr" },
  { vendor: badRtvt, node: "rtvt.interpret" },
  { vendor: badAliyun, node: "aliyun.asr" },
  { vendor: badTencent, node: "tencent.asr" },
] as const;
/** Of what is said. */
const SECONDS = 2.1;

test.each(RECOGNISERS.flatMap((each) => [0, 500, 3000].map((delay) => ({ ...each, delay }))))(
  "$node in a live run: a handshake of $delay ms loses no sample of the first word, and the accounts say so",
  async ({ vendor, node, delay }) => {
    const sound = await attempt(vendor, { node });
    const { report, result, left } = await attempt(vendor, { node, faults: [{ on: "handshake", do: { delay } }] });
    expect([report?.state, result]).toEqual(["done", [...sound.result]]);
    expect(report?.imbalances).toEqual([]);
    expect(report?.edges.flatMap(({ dropped }) => Object.entries(dropped))).toEqual([]);
    const account = report?.nodes.find((each) => each.node === "node");
    expect([account?.held, account?.usage.requests, left]).toEqual([0, 1, []]);
    expect(account?.in.samples).toBe(sound.report?.nodes.find((each) => each.node === "node")?.in.samples);
    expect(account?.usage.audioSeconds).toBeCloseTo((account?.in.samples ?? 0) / 16_000, 1);
    expect(account?.usage.audioSeconds).toBeGreaterThan(SECONDS);
  },
);
