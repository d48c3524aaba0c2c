import { expect, test } from "bun:test";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { hears } from "#test/service-workflows";
import { counting, framesOf } from "#test/signals";
import { textsOf } from "#test/texts";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, withService } from "../service.ts";
import { whole } from "./driven.ts";

test("two hundred recognitions at once in one process all succeed, at twice the speed of speech", async () => {
  covers("A4");
  await withService({ workflow: hears("all of them") }, async ({ clock, network, emulator }) => {
    const one = (i: number) =>
      driveNode(
        asr,
        { ...ACCESS, ...whole, chunkMs: 20, link: { pace: 2, aheadMs: 0 } },
        { frames: framesOf(counting(16_000 - i)), clock, network },
      );
    const all = await Promise.all(Array.from({ length: 200 }, (_, i) => one(i)));
    expect(all.filter(({ frames }) => textsOf(frames("final"))[0]?.text === "all of them")).toHaveLength(200);
    expect(clock.nowMs()).toBeLessThan(1000);
    expect(emulator.doors.clients).toBe(0);
    expect(emulator.host.running).toBe(0);
  });
}, 60_000);
