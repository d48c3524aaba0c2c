import { describe, expect, test } from "bun:test";
import { rejectionOf } from "#test/rejection";
import { silentFrames } from "#test/signals";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { hears, served } from "../service.ts";

describe("temporary keys", () => {
  test("are made of the key, shared, and renewed when one is refused", async () => {
    const { events, emulator } = await served(asr, {
      workflow: hears(["one"]),
      frames: silentFrames(1000),
      config: { temporaryKeys: true },
      faults: [{ on: "handshake", mount: "/api-ws/v1/inference", connections: 1, do: { expiredToken: true } }],
      tracing: true,
    });
    expect(events.filter(({ type }) => type === "opened")).toHaveLength(1);
    expect(emulator.doors.calls).toBe(4); // two keys, two upgrades
    expect(JSON.stringify(events)).not.toContain("example-secret");
  });

  test("cannot be made of a wrong one", async () => {
    const config = { temporaryKeys: true, apiKey: "example-key.wrong" };
    const failing = served(asr, { workflow: hears(["one"]), frames: silentFrames(100), config });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_KEY_REFUSED" });
  });
});
