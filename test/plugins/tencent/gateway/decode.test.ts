import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { decode, ffmpeg } from "../../../../plugins/tencent/gateway/decode.ts";

describe("recordings that take ffmpeg", () => {
  const dir = mkdtempSync(join(tmpdir(), "parlando-tencent-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  const recording = {
    bytes: new TextEncoder().encode("#!AMR\nabcdefgh"),
    container: "amr",
    format: { sampleRateHz: 8000, channels: 2 },
  };
  const program = (text: string) => {
    writeFileSync(join(dir, "ffmpeg"), `#!/bin/sh\n${text}\n`);
    chmodSync(join(dir, "ffmpeg"), 0o755);
    return { PATH: `${dir}:${process.env.PATH}` };
  };

  test("are decoded by it, channel by channel", async () => {
    covers("T9");
    const { format, pcm } = await decode(recording, program("cat > /dev/null; printf 'AABBCCDD'"));
    expect(format).toEqual({ sampleRateHz: 8000, channels: 2 });
    expect([...pcm]).toEqual([0x4141, 0x4242, 0x4343, 0x4444]);
  });

  test.each([
    { name: "where it fails", environment: () => program("exit 1") },
    { name: "where it is not there", environment: () => ({ PATH: "/nowhere" }) },
  ])("cannot be read $name", async ({ environment }) => {
    covers("T9");
    expect(await rejectionOf(decode(recording, environment()))).toMatchObject({ code: "AUDIO_NOT_RECOGNISED" });
  });

  test("doctor names it", async () => {
    covers("T9");
    const found = await ffmpeg.find();
    expect([ffmpeg.name, ffmpeg.optional]).toEqual(["ffmpeg", true]);
    if (!found.found) expect(found.mend).toContain("ffmpeg");
  });
});
