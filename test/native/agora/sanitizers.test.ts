import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { shimLibrary } from "#native/agora";
import { buildStandIn } from "#test/agora-stand-in";
import { covers } from "#test/covers";
import { canPreload, hasCompiler, Sanitized } from "#test/sanitizers";

setDefaultTimeout(180_000); // compiles under sanitizers, on a busy machine

const sanitized = new Sanitized(shimLibrary());
afterAll(() => {
  sanitized.remove();
});

describe.skipIf(!hasCompiler)(
  "a driver in C under AddressSanitizer and UndefinedBehaviorSanitizer (needs a C compiler)",
  () => {
    let driver: string;
    beforeAll(() => {
      driver = sanitized.buildDriver(join(import.meta.dir, "driver.c"));
    });

    test("the sanitizer is there: a planted read beyond a buffer ends the driver", async () => {
      const { status, out, err } = await sanitized.drive(driver, "--overread");
      expect(status).not.toBe(0);
      expect(out).not.toContain("not caught");
      expect(err).toContain("heap-buffer-overflow");
    });

    test("three threads talk and are let go, three times, and misuse is answered with errors", async () => {
      covers("G6");
      expect(await sanitized.drive(driver, "run")).toEqual({ status: 0, out: "0 failures\n", err: "" });
    });
  },
);

/** One says something to another for a while; prints what came, and how often a frame was not what it should be. */
const talk = (library: string) => `
  import { AgoraService } from "#native/agora";
  const service = AgoraService.open({ library: ${JSON.stringify(library)}, abi: "4.4.32", appId: "a", scenario: 9, sampleRateHz: 16000 });
  const [ann, ear] = [service.connection(), service.connection()];
  const odd = [];
  let right = 0, wrong = 0;
  for (const [connection, user] of [[ann, "1"], [ear, "2"]]) {
    connection.connect("t", "room", user);
    for (let event; event?.type !== "connected"; event = connection.nextEvent()) await Bun.sleep(1);
    connection.join({ publishes: user === "1", hears: "everybody" });
  }
  for (let round = 0; round < 40; round++) {
    ann.send(new Int16Array(160).fill(1000 + round), 1, 16000);
    await Bun.sleep(10);
    if (round % 10 === 0) Bun.gc(true);
    for (let frame = ear.nextFrame(); frame; frame = ear.nextFrame())
      if (frame.pcm.length === 160 && frame.pcm.every((sample) => sample === frame.pcm[0])) right++; else wrong++;
    for (let event = ear.nextEvent(); event; event = ear.nextEvent()) if (event.type === "oddFrame") odd.push(event.value);
  }
  for (const connection of [ann, ear]) { connection.leave(); connection.close(); }
  service.close();
  console.log(JSON.stringify({ right: right > 20, wrong, odd: odd.length > 20 }));`;

describe.skipIf(!canPreload)("inside Bun, in a child process (needs gcc's libasan)", () => {
  test("frames come whole from the library's threads, whose memory is gone by then", async () => {
    covers("G6");
    covers("G6");
    const { status, out, err } = await sanitized.child(talk(buildStandIn(4432)));
    expect({ status, out, err }).toEqual({ status: 0, out: '{"right":true,"wrong":0,"odd":false}\n', err: "" });
  });

  test("frames of another layout than the configured one are told and not taken for audio", async () => {
    covers("G10");
    const { status, out } = await sanitized.child(talk(buildStandIn(4432, ["STAND_IN_WIDER"])));
    expect({ status, out }).toEqual({ status: 0, out: '{"right":false,"wrong":0,"odd":true}\n' });
  });
});
