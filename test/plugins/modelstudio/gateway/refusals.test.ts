import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { API_KEY, HTTP_URL, KEY, REALTIME_URL, SPEAKS, TASKS_URL, withService } from "../service.ts";
import { ASR, command, conversing, dial, eventsOf, listening, PCM, speaking, TASK, TTS, told } from "./task-client.ts";

describe("bad input", () => {
  test.each([
    ["no JSON", ["{"], "InvalidParameter"],
    ["no command", ['{"header":{}}'], "InvalidParameter"],
    ["another action", [command("walk-task", {})], "InvalidParameter"],
    ["a task without its input", [command("run-task", { ...ASR, parameters: PCM })], "InvalidParameter"],
    ["another kind of task", [listening({ task: "ocr" })], "InvalidParameter"],
    ["another model", [listening({ model: "whisper-1" })], "ModelNotFound"],
    ["a synthesis model that recognises", [listening({ model: "cosyvoice-v2" })], "ModelNotFound"],
    ["no format", [listening({ parameters: { sample_rate: 16000 } })], "InvalidParameter"],
    ["no sample rate", [listening({ parameters: { format: "pcm" } })], "InvalidParameter"],
    ["a sample rate out of range", [listening({ parameters: { ...PCM, sample_rate: 1 } })], "InvalidParameter"],
    ["a format that is not read", [listening({ parameters: { ...PCM, format: "speex" } })], "UNSUPPORTED_FORMAT"],
    ["hot words of nobody", [listening({ parameters: { ...PCM, vocabulary_id: "v" } })], "InvalidParameter"],
    ["audio before the task", [new Uint8Array(320)], "InvalidParameter"],
    ["a format that is not written", [speaking({ voice: "v", format: "aac" })], "UNSUPPORTED_FORMAT"],
    ["a rate that opus has not", [speaking({ voice: "v", format: "opus", sample_rate: 22050 })], "InvalidParameter"],
    ["a volume out of range", [speaking({ voice: "v", format: "pcm", volume: 101 })], "InvalidParameter"],
    ["a pitch that is no number", [speaking({ voice: "v", format: "pcm", pitch: "high" })], "InvalidParameter"],
    [
      "Sambert without a text",
      [
        command(
          "run-task",
          { ...TTS, model: "sambert-x", parameters: { format: "pcm", sample_rate: 16000 }, input: {} },
          TASK,
          "out",
        ),
      ],
      "InvalidParameter",
    ],
  ] as [string, (string | Uint8Array)[], string][])(
    "%s is a failed task, and the socket is closed in order",
    async (_, messages, code) => {
      covers("S11");
      await conversing({}, async ({ emulator }, connection) => {
        const heard = eventsOf(await told(connection, messages, /task-failed/));
        expect(heard.at(-1)?.header).toMatchObject({ event: "task-failed", error_code: code });
        expect((await connection.closed).code).toBe(1000);
        expect(emulator.host.running).toBe(0);
      });
    },
  );

  test("a WAV that is none fails the task", async () => {
    await conversing({}, async (_, connection) => {
      await told(connection, [listening({ parameters: { format: "wav", sample_rate: 16000 } })], /task-started/);
      const heard = eventsOf(await told(connection, [Buffer.from("this is no recording at all, not even one")]));
      expect(heard.at(-1)?.header.error_code).toBe("DECODE_ERROR");
    });
  });

  test("a message of more than a MiB is not taken", async () => {
    await conversing({}, async (_, connection) => {
      await told(connection, [listening()], /task-started/);
      const heard = eventsOf(await told(connection, [new Uint8Array(2 ** 20 + 1)]));
      expect(heard.at(-1)?.header.error_code).toBe("InvalidParameter");
    });
  });

  test.each([
    ["none", ""],
    ["another scheme", "Basic x"],
    ["another key", "Bearer wrong"],
    ["another secret", `Bearer ${KEY.id}.wrong`],
    ["a forged temporary key", `Bearer st-${Buffer.from(KEY.id).toString("base64url")}.99999999999999.forged`],
  ])("%s as credential is refused at the door, of sockets and calls", async (_, authorization) => {
    covers("S36");
    await withService({ workflow: SPEAKS }, async (service) => {
      for (const url of [TASKS_URL, `${TASKS_URL}/`, `${REALTIME_URL}?model=x-asr`]) {
        const refused = dial(service, url, authorization);
        expect(await rejectionOf(refused)).toMatchObject({ details: { status: 401 } });
      }
      const call = await service.network.fetch({ url: `${HTTP_URL}/tasks`, headers: { authorization } });
      expect([call.status, await call.json()]).toMatchObject([401, { code: "InvalidApiKey" }]);
      expect(service.emulator.host.started).toBe(0);
    });
  });

  test("the scheme of the credential has no case", async () => {
    await withService({ workflow: SPEAKS }, async (service) => {
      for (const scheme of ["bearer", "Bearer", "BEARER"])
        (await dial(service, TASKS_URL, `${scheme} ${API_KEY}`)).close();
    });
  });
});

test.each([
  [
    "a scripted error at the start",
    { on: "connection", after: { received: 1 }, do: { vendorError: "InternalError.Algo" } },
    "InternalError.Algo",
  ],
  ["too many at once", { on: "handshake", do: { rateLimit: true } }, "Throttling.RateQuota"],
] as const)("%s is told as the vendor tells it", async (_, fault, code) => {
  await conversing({ faults: [fault] }, async (_service, connection) => {
    const heard = eventsOf(await told(connection, [listening()], /task-failed/));
    expect(heard.at(-1)?.header.error_code).toBe(code);
  });
});
