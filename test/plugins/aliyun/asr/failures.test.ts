import { describe, expect, test } from "bun:test";
import { withRetry } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { silentFrames } from "#test/signals";
import { textsOf } from "#test/texts";
import type { ServiceOptions } from "#test/vendor-service";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, served, withService } from "../service.ts";
import { continuous, whole } from "./driven.ts";

const once = { link: { attempts: 1 } };

describe("failures", () => {
  const failing = (faults: ServiceOptions["faults"], config: Record<string, unknown> = {}) =>
    served(asr, {
      workflow: hears("x"),
      frames: silentFrames(1000),
      config: { ...whole, ...once, ...config },
      ...(faults && { faults }),
    });

  test.each([
    { status: 40000004, code: "VENDOR_LOST" },
    { status: 40000005, code: "VENDOR_RATE_LIMITED" },
    { status: 40000010, code: "VENDOR_QUOTA_EXHAUSTED" },
    { status: 40020105, code: "VENDOR_KEY_REFUSED" },
    { status: 41010104, code: "AUDIO_TOO_LONG" },
    { status: 50000000, code: "VENDOR_FAILED" },
    { status: 49999999, code: "VENDOR_REFUSED" },
  ])("$status is $code, whether at the start or in the middle", async ({ status, code }) => {
    covers("A9");
    for (const fault of [
      { on: "handshake", do: { vendorError: status } },
      { on: "connection", after: { received: 4 }, do: { vendorError: status } },
    ] as const)
      expect(await rejectionOf(failing([fault]))).toMatchObject({ code, details: { vendorCode: status } });
  });

  test.each([
    { what: "a start that is not answered", after: { ms: 0 }, code: "VENDOR_UNREACHABLE" },
    { what: "a stop that is not answered", after: { received: 3 }, code: "RESULT_LATE" },
  ])("$what ends after the 10 s that the vendor's clients wait", async ({ after, code }) => {
    covers("A2");
    const options = { workflow: hears("x"), frames: silentFrames(1000), config: { ...whole, ...once } };
    await withService(
      { ...options, faults: [{ on: "connection", after, do: { silence: true } }] },
      async ({ clock, network }) => {
        const work = driveNode(asr, { ...ACCESS, ...options.config }, { frames: options.frames, clock, network });
        expect(await rejectionOf(work)).toMatchObject({ code });
        expect(clock.nowMs()).toBeGreaterThanOrEqual(10_000);
        expect(clock.nowMs()).toBeLessThan(12_500);
      },
    );
  });

  test.each([
    { what: "noise in place of an event", fault: { garbage: true }, code: "VENDOR_PROTOCOL" },
    { what: "half an event", fault: { half: true }, code: "VENDOR_PROTOCOL" },
    { what: "a socket that breaks", fault: { close: 1006 }, code: "VENDOR_LOST" },
    { what: "a socket that is closed", fault: { close: 1011 }, code: "VENDOR_LOST" },
  ] as const)("$what is a failure that may be tried again, and then nothing is missing", async ({ fault, code }) => {
    covers("A9");
    const faults = [{ on: "connection", connections: 1, after: { received: 8 }, do: fault }] as const;
    expect(await rejectionOf(failing([...faults]))).toMatchObject({ code });
    const { frames } = await served(withRetry(asr, 3), {
      workflow: hears("one two", "three"),
      frames: silentFrames(2000),
      config: continuous,
      faults: [...faults],
    });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two", "three"]);
  });

  test("a slow handshake loses no sample of the first word", async () => {
    const { frames, usage } = await served(asr, {
      workflow: hears("first word"),
      frames: silentFrames(1000),
      config: whole,
      faults: [{ on: "handshake", do: { delay: 3000 } }],
    });
    expect(textsOf(frames("final"))[0]).toMatchObject({ text: "first word", startSample: 0, endSample: 16_000 });
    expect(usage.audioSeconds).toBeCloseTo(1);
  });
});
