import { describe, expect, test } from "bun:test";
import { type Connection, EngineError, encodeS16le, openEncoder } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { silence } from "#test/signals";
import { textsOf } from "#test/texts";
import type { Service, ServiceOptions } from "#test/vendor-service";
import { fileAsr } from "../../../plugins/modelstudio/file-asr.ts";
import { at, serveFiles, wav } from "./recordings.ts";
import {
  ACCESS,
  API_KEY,
  AUTHORIZATION,
  HTTP_URL,
  hears,
  KEY,
  REALTIME_URL,
  SPEAKS,
  TASKS_URL,
  withService,
} from "./service.ts";

interface TaskEvent {
  readonly header: {
    readonly event: string;
    readonly task_id: string;
    readonly error_code?: string;
    readonly error_message?: string;
  };
  readonly payload: Record<string, unknown>;
}

const T1 = "1".repeat(32);
const ASR = { task_group: "audio", task: "asr", function: "recognition", model: "paraformer-realtime-v2" };
const TTS = { task_group: "audio", task: "tts", function: "SpeechSynthesizer", model: "cosyvoice-v2" };
const PCM = { format: "pcm", sample_rate: 16000 };
const command = (action: string, payload: unknown, taskId = T1, streaming = "duplex") =>
  JSON.stringify({ header: { action, task_id: taskId, streaming }, payload });
const listening = (more = {}) => command("run-task", { ...ASR, parameters: PCM, input: {}, ...more });
const FINISH = command("finish-task", { input: {} });

const dial = ({ network }: Pick<Service, "network">, url = TASKS_URL, authorization = AUTHORIZATION) =>
  network.dial({ url, headers: { authorization } });

/** Sends all of it at once, and hears what comes until the socket is closed or the last event is there; audio as its length. */
async function told(
  connection: Connection,
  messages: readonly (string | Uint8Array)[],
  until = /task-finished|task-failed/,
) {
  for (const message of messages) connection.send(message);
  const heard: (TaskEvent | number)[] = [];
  for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
    heard.push(typeof message === "string" ? (JSON.parse(message) as TaskEvent) : message.length);
    if (typeof message === "string" && until.test(message)) break;
  }
  return heard;
}

const eventsOf = (heard: readonly (TaskEvent | number)[]): TaskEvent[] =>
  heard.filter((one): one is TaskEvent => typeof one !== "number");
const namesOf = (heard: readonly (TaskEvent | number)[]) =>
  heard.map((one) => (typeof one === "number" ? "audio" : one.header.event));

/** One client's conversation, each message when the one before was answered to by `started`. */
const conversing = (
  options: Partial<Pick<ServiceOptions, "workflow" | "gatewayConfig" | "faults">>,
  use: (service: Service, connection: Connection) => Promise<void>,
) =>
  withService({ workflow: hears(["one two"]), ...options }, async (service) => {
    const connection = await dial(service);
    await use(service, connection);
    connection.close();
  });

describe("recognition", () => {
  test("has the shape that the vendor's library wants", async () => {
    covers("S6", "S7");
    await conversing({}, async (_, connection) => {
      const [started] = eventsOf(await told(connection, [listening()], /task-started/));
      expect(started).toEqual({ header: { task_id: T1, event: "task-started", attributes: {} }, payload: {} } as never);
      const heard = eventsOf(await told(connection, [encodeS16le(silence({ ms: 1000 })), FINISH]));
      const [partial] = heard;
      expect(partial?.payload).toEqual({
        output: {
          sentence: {
            begin_time: 0,
            end_time: null,
            text: "one",
            words: [{ begin_time: 0, end_time: expect.any(Number), text: "one", punctuation: "" }],
            heartbeat: false,
            sentence_end: false,
          },
        },
        usage: null,
      });
      expect(heard.at(-2)?.payload).toMatchObject({
        output: { sentence: { end_time: 1000, text: "one two", sentence_end: true } },
        usage: { duration: 1 },
      });
      expect(heard.at(-1)?.payload).toEqual({ output: {}, usage: null });
    });
  });

  test("a client need not wait until its task has started", async () => {
    await conversing({}, async (_, connection) => {
      const heard = eventsOf(await told(connection, [listening(), encodeS16le(silence({ ms: 1000 })), FINISH]));
      expect(heard[0]?.header.event).toBe("task-started");
      expect(heard.at(-2)?.payload).toMatchObject({ output: { sentence: { text: "one two", sentence_end: true } } });
      expect(heard.at(-1)?.header.event).toBe("task-finished");
    });
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "pcm", sample_rate: 16000 };
      const begin = command("run-task", { ...TTS, parameters, input: {} });
      const text = command("continue-task", { input: { text: "Hi." } });
      const heard = await told(connection, [begin, text, FINISH]);
      expect([eventsOf(heard)[0]?.header.event, eventsOf(heard).at(-1)?.header.event]).toEqual([
        "task-started",
        "task-finished",
      ]);
      expect(heard.some((one) => typeof one === "number")).toBe(true);
    });
  });

  test("a socket takes one task after the other, and late audio is let pass", async () => {
    covers("S31");
    await conversing({}, async (_, connection) => {
      for (const id of [T1, "a-b-c"]) {
        await told(connection, [command("run-task", { ...ASR, parameters: PCM, input: {} }, id)], /task-started/);
        connection.send(encodeS16le(silence({ ms: 500 })));
        const finish = command("finish-task", { input: {} }, id);
        const heard = await told(connection, [finish, new Uint8Array(320), finish]);
        expect(eventsOf(heard).at(-1)?.header).toMatchObject({ event: "task-finished", task_id: id });
      }
    });
  });

  test("a task that begins while one is running breaks that off", async () => {
    await conversing({}, async ({ emulator, clock }, connection) => {
      await told(connection, [listening()], /task-started/);
      const second = command("run-task", { ...ASR, parameters: PCM, input: {} }, "second");
      await told(connection, [second], /task-started/);
      await clock.sleep(100);
      expect(emulator.host.running).toBe(1);
      const heard = await told(connection, [FINISH, command("finish-task", { input: {} }, "second")]);
      expect(eventsOf(heard).map(({ header }) => header.task_id)).toEqual(["second"]);
    });
  });

  test("Fun-ASR's sentences have numbers, Gummy's have translations", async () => {
    covers("S23");
    await conversing({ workflow: hears(["one", "two"], "es") }, async (_, connection) => {
      const sound = encodeS16le(silence({ ms: 2000 }));
      await told(connection, [listening({ model: "fun-asr-realtime" })], /task-started/);
      const numbered = eventsOf(await told(connection, [sound, FINISH]));
      const numbers = numbered.flatMap(({ payload }) => {
        const { sentence } = (payload.output ?? {}) as { sentence?: { sentence_id: number; sentence_end: boolean } };
        return sentence?.sentence_end ? [sentence.sentence_id] : [];
      });
      expect(numbers).toEqual([1, 2]);
      const parameters = { ...PCM, translation_enabled: true, translation_target_languages: ["es"] };
      await told(connection, [listening({ model: "gummy-realtime-v1", parameters })], /task-started/);
      const translated = eventsOf(await told(connection, [sound, FINISH]));
      expect(JSON.stringify(translated)).toContain('"lang":"es"');
      expect(translated.filter(({ payload }) => JSON.stringify(payload).includes('"ONE"'))).toHaveLength(1);
    });
  });
});

describe("synthesis", () => {
  test("one event right before each message of audio, and the sentence's around them", async () => {
    covers("S8", "S9");
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { text_type: "PlainText", voice: "longxiaochun_v2", format: "pcm", sample_rate: 16000 };
      await told(connection, [command("run-task", { ...TTS, parameters, input: {} })], /task-started/);
      const pieces = [" ", "Hi. Yo", "u."].map((text) => command("continue-task", { input: { text } }));
      const heard = await told(connection, [...pieces, FINISH]);
      for (const [i, one] of heard.entries())
        if (typeof one === "number") {
          const before = heard[i - 1];
          expect(typeof before === "object" && before.payload.output).toMatchObject({ type: "sentence-synthesis" });
        }
      const types = eventsOf(heard).map(({ payload }) => (payload.output as { type?: string }).type);
      expect(types.filter((type) => type !== "sentence-synthesis")).toEqual([
        "sentence-begin",
        "sentence-end",
        "sentence-begin",
        "sentence-end",
        undefined,
      ]);
      const ends = eventsOf(heard).filter(({ payload }) => JSON.stringify(payload).includes("sentence-end"));
      expect(ends.map(({ payload }) => payload)).toMatchObject([
        { output: { original_text: " Hi.", sentence: { index: 0, words: [{ begin_time: 0, end_time: 400 }] } } },
        { output: { original_text: " You.", sentence: { index: 1, words: [{ begin_time: 400, end_time: 900 }] } } },
      ]);
      expect(eventsOf(heard).at(-1)).toMatchObject({
        header: { attributes: { request_uuid: expect.any(String) } },
        payload: { output: { sentence: { index: 1, words: [] } }, usage: { characters: 9 } },
      });
    });
  });

  test("flush speaks what is there; blanks alone make no sentence", async () => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "pcm", sample_rate: 16000 };
      await told(connection, [command("run-task", { ...TTS, parameters, input: {} })], /task-started/);
      const messages = [
        command("continue-task", { input: { text: "Hi" } }),
        command("continue-task", { input: { flush: true } }),
      ];
      expect(namesOf(await told(connection, messages, /sentence-begin/))).toEqual(["result-generated"]);
      await told(connection, [FINISH]);
      await told(connection, [command("run-task", { ...TTS, parameters, input: {} })], /task-started/);
      const blank = await told(connection, [command("continue-task", { input: { text: " " } }), FINISH]);
      expect(namesOf(blank)).toEqual(["task-finished"]);
    });
  });

  test("a WAV begins with one head, whatever the number of sentences", async () => {
    covers("S18");
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "wav", sample_rate: 8000 };
      await told(connection, [command("run-task", { ...TTS, parameters, input: {} })], /task-started/);
      const heard = await told(connection, [command("continue-task", { input: { text: "A. B." } }), FINISH]);
      const bytes = heard.reduce<number>((sum, one) => sum + (typeof one === "number" ? one : 0), 0);
      expect(bytes).toBe(44 + (2 + 3) * 800 * 2);
    });
  });

  test("SSML is one text, read without its markup", async () => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      const parameters = { voice: "v", format: "pcm", sample_rate: 16000, enable_ssml: true };
      await told(connection, [command("run-task", { ...TTS, parameters, input: {} })], /task-started/);
      const one = command("continue-task", { input: { text: "<speak>Hi<break/></speak>" } });
      const [begin] = eventsOf(await told(connection, [one], /sentence-begin/));
      expect(begin?.payload).toMatchObject({ output: { original_text: "Hi" } });
      const failed = eventsOf(await told(connection, [one])).at(-1);
      expect(failed?.header).toMatchObject({ error_message: "Text request limit violated, expected 1." });
    });
  });
});

describe("a text that the vendor's library hands over at once, which it always says may be SSML", () => {
  const begun = async (connection: Parameters<typeof told>[0]) => {
    const parameters = { voice: "v", format: "pcm", sample_rate: 16000, enable_ssml: true };
    await told(connection, [command("run-task", { ...TTS, parameters, input: {} })], /task-started/);
  };

  test("is plain where it does not begin like SSML", async () => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      await begun(connection);
      const text = "Is 3 < 5, and 7 > 2, A & B?";
      const [begin] = eventsOf(
        await told(connection, [command("continue-task", { input: { text } })], /sentence-begin/),
      );
      expect(begin?.payload).toMatchObject({ output: { original_text: text } });
    });
  });

  test.each([
    ["is not well formed", "<speak><voice>Hi</speak>"],
    ["leaves its element", "<speak>Hi</speak><audio src='file:///x'/>"],
    ["declares a document type", "<!DOCTYPE a><speak>Hi</speak>"],
    ["names what it does not declare", "<speak>&hi;</speak>"],
  ])("fails its task where it %s", async (_, text) => {
    await conversing({ workflow: SPEAKS }, async (_, connection) => {
      await begun(connection);
      const failed = eventsOf(await told(connection, [command("continue-task", { input: { text } })])).at(-1);
      expect(failed?.header).toMatchObject({ event: "task-failed", error_code: "InvalidParameter" });
    });
  });
});

describe("bad input", () => {
  const speaking = (parameters: Record<string, unknown>) => command("run-task", { ...TTS, parameters, input: {} });
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
          T1,
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
        await expect(refused).rejects.toMatchObject({ details: { status: 401 } });
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

describe("patience", () => {
  test("a task that is given nothing for 23 s is given up, in the vendor's words", async () => {
    await conversing({}, async ({ clock }, connection) => {
      await told(connection, [listening()], /task-started/);
      const beganMs = clock.nowMs();
      const heard = eventsOf(await told(connection, []));
      expect(heard.at(-1)?.header).toMatchObject({
        error_code: "CLIENT_ERROR",
        error_message: "request timeout after 23 seconds.",
      });
      expect(clock.nowMs() - beganMs).toBeLessThan(26_000);
    });
  });

  test("a socket without a task is closed after a minute", async () => {
    await conversing({}, async ({ clock }, connection) => {
      await connection.closed;
      expect(Math.abs(clock.nowMs() - 60_000)).toBeLessThan(3000);
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

describe("the real-time protocol", () => {
  const event = (type: string, fields: object = {}) => JSON.stringify({ event_id: "event_7", type, ...fields });
  const typesOf = (heard: readonly unknown[]) => heard.map((one) => (one as { type: string }).type);

  test("audio that comes before the session is ready waits for it", async () => {
    await withService({ workflow: hears(["one two"]) }, async (service) => {
      const connection = await dial(service, `${REALTIME_URL}?model=qwen3-asr-flash-realtime`);
      const audio = Buffer.from(encodeS16le(silence({ ms: 1000 }))).toString("base64");
      const messages = [
        event("session.update", { session: { sample_rate: 16000, turn_detection: { type: "server_vad" } } }),
        event("input_audio_buffer.append", { audio }),
        event("session.finish"),
      ];
      const heard = await told(connection, messages, /session.finished/);
      expect(typesOf(heard)).toEqual([
        "session.created",
        "session.updated",
        "input_audio_buffer.speech_started",
        "conversation.item.input_audio_transcription.text",
        "conversation.item.input_audio_transcription.text",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "conversation.item.input_audio_transcription.completed",
        "session.finished",
      ]);
      expect(heard.at(-2)).toMatchObject({ transcript: "one two", content_index: 0 });
      connection.close();
    });
  });

  test("a response has its events in order, and a commit is awaited where the client commits", async () => {
    covers("S9");
    await withService({ workflow: SPEAKS }, async (service) => {
      const connection = await dial(service, `${REALTIME_URL}?model=qwen3-tts-flash-realtime`);
      const session = { voice: "Cherry", mode: "commit", response_format: "pcm", sample_rate: 24000 };
      const messages = [
        event("session.update", { session }),
        event("input_text_buffer.append", { text: "Never spoken." }),
        event("input_text_buffer.clear"),
        event("input_text_buffer.append", { text: "Hi" }),
        event("input_text_buffer.commit"),
        event("session.finish"),
      ];
      const heard = await told(connection, messages, /session.finished/);
      const types = typesOf(heard).filter((type, i, all) => type !== all[i - 1]);
      expect(types).toEqual([
        "session.created",
        "session.updated",
        "input_text_buffer.cleared",
        "input_text_buffer.committed",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.audio.delta",
        "response.audio.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
        "session.finished",
      ]);
      const bytes = heard
        .flatMap((one) => (one as { delta?: string }).delta ?? [])
        .map((delta) => Buffer.from(delta, "base64").length);
      expect(bytes.reduce((sum, length) => sum + length, 0)).toBe(2 * 2400 * 2);
      expect(heard.at(-2)).toMatchObject({
        response: { status: "completed", voice: "Cherry", usage: { characters: 2 } },
      });
      connection.close();
    });
  });

  test.each([
    ["no event", "{}", "qwen-asr", "invalid_value"],
    ["no JSON", "{", "qwen-asr", "invalid_value"],
    ["an unknown model", event("session.update", { session: {} }), "qwen-omni", "ModelNotFound"],
    ["an unknown type", event("dance"), "qwen-asr", "invalid_value"],
    ["audio before the session", event("input_audio_buffer.append", { audio: "AAAA" }), "qwen-asr", "invalid_value"],
    ["a rate that is not taken", event("session.update", { session: { sample_rate: 1 } }), "qwen-asr", "invalid_value"],
    ["no voice", event("session.update", { session: {} }), "qwen-tts", "invalid_value"],
    [
      "a format that is not written",
      event("session.update", { session: { voice: "v", response_format: "aac" } }),
      "qwen-tts",
      "invalid_value",
    ],
    [
      "a speed out of range",
      event("session.update", { session: { voice: "v", speech_rate: 9 } }),
      "qwen-tts",
      "invalid_value",
    ],
    ["text before the session", event("input_text_buffer.append", { text: "x" }), "qwen-tts", "invalid_value"],
  ])("%s is answered with an error", async (_, message, model, code) => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const connection = await dial(service, `${REALTIME_URL}?model=${model}`);
      const heard = await told(connection, [message], /"type":"error"/);
      expect(heard.at(-1)).toMatchObject({ error: { code } });
      connection.close();
    });
  });
});

describe("calls", () => {
  const call = (service: Pick<Service, "network">, method: string, path: string, body?: unknown, headers = {}) =>
    service.network.fetch({
      url: `${HTTP_URL}${path}`,
      method,
      headers: { authorization: AUTHORIZATION, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  const ASYNC = { "x-dashscope-async": "enable" };
  const SUBMIT = "/services/audio/asr/transcription";

  test("of several recordings one may fail; the task succeeds with the others", async () => {
    covers("S19");
    await withService({ workflow: hears(["one two"]) }, async (service) => {
      const close = await serveFiles(service, { "a.wav": wav(1000) });
      const urls = ["http://files.test/none.wav", "http://files.test/a.wav"];
      const submitted = await call(
        service,
        "POST",
        SUBMIT,
        { model: "paraformer-v2", input: { file_urls: urls } },
        ASYNC,
      );
      const { output } = (await submitted.json()) as { output: { task_id: string; task_status: string } };
      expect(output.task_status).toBe("PENDING");
      await service.clock.sleep(5000);
      const state = await (await call(service, "GET", `/tasks/${output.task_id}`)).json();
      expect(state).toMatchObject({
        output: {
          task_status: "SUCCEEDED",
          results: [
            { file_url: urls[0], subtask_status: "FAILED", code: "InvalidFile.DownloadFailed" },
            { file_url: urls[1], subtask_status: "SUCCEEDED" },
          ],
          task_metrics: { TOTAL: 2, SUCCEEDED: 1, FAILED: 1 },
        },
        usage: { duration: 1 },
      });
      expect(await (await call(service, "GET", "/tasks?page_size=1&status=SUCCEEDED")).json()).toMatchObject({
        total: 1,
      });
      expect((await call(service, "POST", `/tasks/${output.task_id}/cancel`)).status).toBe(400);
      await close();
    });
  });

  test("a task of another key, or of nobody, is not known", async () => {
    await withService({ workflow: SPEAKS }, async (service) => {
      expect(await (await call(service, "GET", "/tasks/nobody")).json()).toMatchObject({
        output: { task_status: "UNKNOWN" },
      });
      expect((await call(service, "GET", "/results/nobody")).status).toBe(404);
    });
  });

  test.each([
    ["no JSON", SUBMIT, "{", ASYNC, 400, "InvalidParameter"],
    ["no address", SUBMIT, { model: "paraformer-v2", input: { file_urls: ["x"] } }, ASYNC, 400, "InvalidParameter"],
    ["a submission that wants to wait", SUBMIT, {}, {}, 403, "AccessDenied"],
    [
      "a text without words",
      "/services/audio/tts/SpeechSynthesizer",
      { model: "cosyvoice-v2", input: { text: " ", voice: "v", format: "pcm", sample_rate: 16000 } },
      {},
      400,
      "InvalidParameter",
    ],
    [
      "a format that is not written",
      "/services/audio/tts/SpeechSynthesizer",
      { model: "cosyvoice-v2", input: { text: "x", voice: "v", format: "aac" } },
      {},
      400,
      "UNSUPPORTED_FORMAT",
    ],
    [
      "a model that does not speak",
      "/services/aigc/multimodal-generation/generation",
      { model: "qwen-max", input: { text: "x", voice: "v" } },
      {},
      404,
      "ModelNotFound",
    ],
    [
      "a prefix that is too long",
      "/services/audio/asr/customization",
      {
        model: "speech-biasing",
        input: { action: "create_vocabulary", target_model: "m", prefix: "tenletters", vocabulary: [{ text: "x" }] },
      },
      {},
      400,
      "InvalidParameter",
    ],
    [
      "an action that is not known",
      "/services/audio/asr/customization",
      { model: "speech-biasing", input: { action: "burn_vocabulary" } },
      {},
      400,
      "InvalidParameter",
    ],
  ])("%s is answered with a code", async (_, path, body, headers, status, code) => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const answer = await call(service, "POST", path, body, headers);
      expect([answer.status, await answer.json()]).toMatchObject([status, { code, request_id: expect.any(String) }]);
    });
  });

  test("without events, a text is answered with all of its audio", async () => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const input = { text: "Hi", voice: "v", format: "pcm", sample_rate: 16000 };
      const answer = await call(service, "POST", "/services/audio/tts/SpeechSynthesizer", {
        model: "cosyvoice-v2",
        input,
      });
      const { output, usage } = (await answer.json()) as {
        output: { audio: { data: string }; finish_reason: string };
        usage: unknown;
      };
      expect(Buffer.from(output.audio.data, "base64")).toHaveLength(2 * 1600 * 2);
      expect([output.finish_reason, usage]).toEqual(["stop", { characters: 2 }]);
    });
  });

  test.each([
    {
      what: "CosyVoice",
      path: "/services/audio/tts/SpeechSynthesizer",
      model: "cosyvoice-v2",
      more: { format: "pcm", sample_rate: 16000 },
      type: "application/octet-stream",
      bytes: 2 * 1600 * 2,
    },
    {
      what: "Qwen",
      path: "/services/aigc/multimodal-generation/generation",
      model: "qwen3-tts-flash",
      more: {},
      type: "audio/wav",
      bytes: 44 + 2 * 2400 * 2,
    },
  ])("what $what spoke can be fetched as a file", async ({ path, model, more, type, bytes }) => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const answer = await call(service, "POST", path, { model, input: { text: "Hi", voice: "v", ...more } });
      const { url, expires_at } = ((await answer.json()) as { output: { audio: { url: string; expires_at: number } } })
        .output.audio;
      expect(expires_at).toBeGreaterThan(service.emulator.host.epochMs() / 1000);
      const file = await service.network.fetch({ url });
      expect([file.status, file.headers["content-type"], (await file.bytes()).length]).toEqual([200, type, bytes]);
      expect((await service.network.fetch({ url: `${url}0` })).status).toBe(404);
      await service.clock.sleep(86_400_000);
      expect((await service.network.fetch({ url })).status).toBe(404);
    });
  });

  test("lists of hot words are made, looked at, changed and deleted, each by its own key", async () => {
    covers("S26");
    await withService({ workflow: SPEAKS }, async (service) => {
      const act = async (input: object) =>
        (await call(service, "POST", "/services/audio/asr/customization", { model: "speech-biasing", input })).json();
      const vocabulary = [{ text: "Gummy", weight: 4, lang: "en" }];
      const made = await act({ action: "create_vocabulary", target_model: "m", prefix: "ex", vocabulary });
      const { vocabulary_id } = (made as { output: { vocabulary_id: string } }).output;
      expect(await act({ action: "list_vocabulary", prefix: "ex" })).toMatchObject({
        output: { vocabulary_list: [{ vocabulary_id }] },
      });
      await act({ action: "update_vocabulary", vocabulary_id, vocabulary: [{ text: "Other" }] });
      expect(await act({ action: "query_vocabulary", vocabulary_id })).toMatchObject({
        output: { vocabulary: [{ text: "Other" }] },
      });
      await act({ action: "delete_vocabulary", vocabulary_id });
      expect(await act({ action: "query_vocabulary", vocabulary_id })).toMatchObject({ code: "InvalidParameter" });
    });
  });

  test("a temporary key opens everything, and only for its time", async () => {
    await withService({ workflow: hears(["one"]) }, async (service) => {
      const made = await call(service, "POST", "/tokens?expire_in_seconds=60");
      const { token, expires_at } = (await made.json()) as { token: string; expires_at: number };
      expect(expires_at).toBe(Math.floor(service.emulator.host.epochMs() / 1000) + 60);
      (await dial(service, TASKS_URL, `Bearer ${token}`)).close();
      await service.clock.sleep(61_000);
      await expect(dial(service, TASKS_URL, `Bearer ${token}`)).rejects.toBeInstanceOf(EngineError);
    });
  });
});

test("MP3 that comes in is decoded", async () => {
  covers("S17", "S39");
  const encoder = await openEncoder("mp3", { sampleRateHz: 16_000, channels: 1 });
  const mp3 = Buffer.concat([encoder.encode(silence({ ms: 2000 })), encoder.end()]);
  encoder.close();
  // the gateway's decoder is made in time that is not the clock's
  const gatewayConfig = { idleMs: 0, socketIdleMs: 0 };
  await conversing({ gatewayConfig, workflow: hears(["one two"]) }, async (_, connection) => {
    await told(connection, [listening({ parameters: { format: "mp3", sample_rate: 16000 } })], /task-started/);
    const heard = eventsOf(await told(connection, [mp3.subarray(0, 1000), mp3.subarray(1000), FINISH]));
    expect(heard.at(-2)?.payload).toMatchObject({ output: { sentence: { text: "one two" } } });
  });
});

test("a recording in stereo, of which the second channel is wanted, and one that has none", async () => {
  await withService({ workflow: hears(["one two"]) }, async (service) => {
    const close = await serveFiles(service, { "stereo.wav": wav(1000, 2), "mono.wav": wav(1000) });
    const { clock, network } = service;
    const { url: _, ...calls } = ACCESS;
    const drive = (name: string) =>
      driveNode(fileAsr, { ...calls, channels: [1] }, { frames: [at(name)], clock, network });
    expect(textsOf((await drive("stereo.wav")).frames("final"))).toHaveLength(1);
    await expect(drive("mono.wav")).rejects.toMatchObject({ details: { vendorCode: "UNSUPPORTED_FORMAT" } });
    await close();
  });
});
