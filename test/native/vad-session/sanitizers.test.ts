import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { sessionLibrary } from "#native/vad-session";
import { WebRtcVad } from "#native/webrtc-vad";
import { anything } from "#test/detector-signals";
import { waysHere } from "#test/lane-comparison";
import { recordingNames, recordingPcm } from "#test/recordings";
import { asanLibrary, canPreload, hasCompiler, Sanitized } from "#test/sanitizers";

const sanitized = new Sanitized(sessionLibrary());
afterAll(() => sanitized.remove());

/** Blocks as driver.c reads them: every rate, frame length and mode, and numbers of streams that fill groups of lanes or do not. */
function blocks(): Buffer {
  const parts: Uint8Array[] = [];
  const recorded = recordingNames().map(recordingPcm);
  let seed = 1;
  for (const rate of [8000, 16000, 32000])
    for (const frameMs of [10, 20, 30])
      for (const mode of [0, 1, 2, 3] as const) {
        const streams = [1, 3, 7, 16, 17, 20][seed % 6]!;
        const ticks = 25;
        const samples = (rate / 1000) * frameMs;
        const sound = recorded[seed % Math.max(1, recorded.length)] ?? anything(samples * ticks, rate, seed);
        const own = Array.from({ length: streams }, (_, i) =>
          i === 0 && sound.length >= samples * ticks ? sound : anything(samples * ticks, rate, seed * 31 + i),
        );
        const plain = own.map(() => WebRtcVad.open(rate, mode, "native"));
        const verdicts: number[] = [];
        parts.push(new Uint8Array(Int32Array.of(rate, frameMs, mode, streams, ticks).buffer));
        for (let tick = 0; tick < ticks; tick++)
          for (const [i, pcm] of own.entries()) {
            const frame = pcm.slice(tick * samples, (tick + 1) * samples);
            parts.push(new Uint8Array(frame.buffer));
            verdicts.push(plain[i]!.isSpeech(frame) ? 1 : 0);
          }
        parts.push(Uint8Array.from(verdicts));
        for (const vad of plain) vad.close();
        seed++;
      }
  return Buffer.concat(parts);
}

describe.skipIf(!hasCompiler)(
  "a driver in C under AddressSanitizer and UndefinedBehaviorSanitizer (needs a C compiler)",
  () => {
    let driver: string;
    beforeAll(() => {
      driver = sanitized.buildDriver(join(import.meta.dir, "driver.c"));
    }, 180_000);

    test("the sanitizer is there: a planted read beyond a buffer ends the driver", async () => {
      const { status, out, err } = await sanitized.drive(driver, "--overread");
      expect(status).not.toBe(0);
      expect(out).not.toContain("not caught");
      expect(err).toContain("heap-buffer-overflow");
    });

    test("all ways of judging read no further than their buffers, agree, and answer misuse with errors", async () => {
      const file = join(sanitized.folder, "blocks");
      await Bun.write(file, blocks());
      const { status, out, err } = await sanitized.drive(driver, file);
      expect({ status, err }).toEqual({ status: 0, err: "" });
      expect(out).toMatch(/^[1-9]\d{3,} frames, [1-9]\d{3,} voiced, 0 failures\n$/);
    }, 180_000);
  },
);

describe.skipIf(!canPreload)("inside Bun, in a child process (needs gcc's libasan)", () => {
  beforeAll(() => sanitized.buildLibrary(), 180_000);

  const open = `import { openSessionLibrary, VadSessions } from "#native/vad-session";
    const library = openSessionLibrary(${JSON.stringify(sanitized.library)});
    const settings = { sampleRateHz: 16000, frameMs: 20, aggressiveness: 3, preRollMs: 300, minSpeechMs: 60,
      endpointMs: 500, maxSegmentMs: 15000, settleMs: 200 };`;

  test("a planted read beyond a buffer of malloc ends the child", async () => {
    const { status, out, err } = await sanitized.child(`${open}
      import { dlopen } from "bun:ffi";
      const { malloc } = dlopen(${JSON.stringify(asanLibrary)}, { malloc: { args: ["i32"], returns: "ptr" } }).symbols;
      const short = malloc(638);
      const pool = library.vs_pool_open(3);
      const id = library.vs_open(pool, Int32Array.of(16000, 3, 20, 300, 60, 500, 15000, 200), 8, 0);
      library.vs_stage(pool, id, short, 640);
      console.log("not caught");`);
    expect(out).not.toContain("not caught");
    expect(err).toContain("heap-buffer-overflow");
    expect(status).not.toBe(0);
  }, 180_000);

  test("sessions run there without a complaint, collections of memory in between", async () => {
    const ways = waysHere();
    const { status, out, err } = await sanitized.child(`${open}
      for (const way of ${JSON.stringify(ways)}) {
        using pool = VadSessions.create(way, library);
        const ids = Array.from({ length: 20 }, () => pool.open(settings));
        let voiced = 0;
        for (let tick = 0; tick < 60; tick++) {
          for (const id of ids) pool.stage(id, Int16Array.from({ length: 320 }, (_, i) => Math.sin(i * id) * 9000));
          if (tick % 10 === 0) Bun.gc(true);
          const batch = pool.run();
          for (let i = 0; i < 20; i++) if (batch.voiced(i, 0)) voiced++;
          if (tick % 7 === 0) pool.push(ids[0], new Uint8Array(tick * 11 + 1));
          if (tick % 13 === 0) { pool.end(ids.pop()); ids.push(pool.open(settings)); }
        }
        console.log(way, "judged", voiced > 100);
      }`);
    expect({ status, out, err }).toEqual({
      status: 0,
      out: ways.map((way) => `${way} judged true\n`).join(""),
      err: "",
    });
  }, 180_000);
});
