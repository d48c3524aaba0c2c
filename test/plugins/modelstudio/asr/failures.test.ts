import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { silentFrames } from "#test/signals";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { CODES } from "../../../../plugins/modelstudio/status.ts";
import { against, PLAIN } from "../scripted.ts";
import { hears, served } from "../service.ts";

const once = { link: { attempts: 1 } };

describe("failures", () => {
  test.each(Object.entries(CODES).filter(([code]) => /^[A-Z]/.test(code) && code !== "NO_VALID_AUDIO_ERROR"))(
    "%s is %s",
    async (name, code) => {
      covers("S11", "S37");
      const failing = against(asr, once, silentFrames(100), {
        "run-task": ({ say }) => say("task-failed", {}, { error_code: name, error_message: "secret words" }),
      });
      expect(await rejectionOf(failing)).toMatchObject({
        code,
        details: { vendorCode: name, taskId: expect.any(String) },
      });
      await failing.catch((error) => expect(String(error)).not.toContain("secret words"));
    },
  );

  test("a key that is refused at the door is refused for good", async () => {
    const failing = served(asr, { workflow: hears(["x"]), frames: silentFrames(100), config: { apiKey: "wrong" } });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_KEY_REFUSED" });
  });

  test.each([
    ["no JSON", "{"],
    ["no event", '{"header":{}}'],
    ["a result of another form", '{"header":{"event":"result-generated"},"payload":{"output":{"transcription":7}}}'],
  ])("%s is said to be garbled", async (_, text) => {
    const failing = against(asr, once, silentFrames(100), {
      ...PLAIN,
      audio: ({ connection }) => connection.send(text),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("audio is no answer to audio", async () => {
    const failing = against(asr, once, silentFrames(100), {
      ...PLAIN,
      audio: ({ connection }) => connection.send(new Uint8Array(3)),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("a socket that is closed in the midst of a task says which", async () => {
    const failing = against(asr, once, silentFrames(100), {
      ...PLAIN,
      audio: ({ connection }) => connection.close(1000),
    });
    expect(await rejectionOf(failing)).toMatchObject({ code: "VENDOR_LOST", details: { closeCode: 1000 } });
  });
});
