import { describe, expect, test } from "bun:test";
import { type Connection, encodeWav, loadOpus, type Network, openDecoder } from "#engine/plugin";
import type { VirtualClock } from "#engine/runtime";
import type { Emulator } from "#engine/testing";
import { covers } from "#test/covers";
import { hears, speaks } from "#test/service-workflows";
import { silence, tone } from "#test/signals";
import type { ServiceOptions } from "#test/vendor-service";
import { canonicalQuery, signCall, stringToSign, tokenParameters } from "../../../plugins/aliyun/token/signature.ts";
import { KEY, TOKEN, withService } from "./service.ts";

interface Event {
  readonly header: {
    readonly name: string;
    readonly namespace: string;
    readonly status: number;
    readonly task_id: string;
    readonly [word: string]: unknown;
  };
  readonly payload?: Record<string, unknown>;
}

const hex = (n: number) => n.toString(16).padStart(32, "0");

/** A client of one socket, as any library would be: what it sends and what it was told. */
class RawClient {
  readonly told: (Event | Uint8Array)[] = [];
  #messages = 0;
  readonly done: Promise<void>;

  constructor(
    readonly connection: Connection,
    readonly namespace: string,
  ) {
    this.done = (async () => {
      for await (const message of connection)
        this.told.push(typeof message === "string" ? (JSON.parse(message) as Event) : message);
    })();
  }

  send(name: string, payload?: unknown, header: Record<string, unknown> = {}): void {
    const own = {
      message_id: hex(++this.#messages),
      task_id: hex(999),
      namespace: this.namespace,
      name,
      appkey: "example-appkey",
    };
    this.connection.send(
      JSON.stringify({ header: { ...own, ...header }, ...(payload === undefined ? {} : { payload }) }),
    );
  }

  get events(): Event[] {
    return this.told.filter((item): item is Event => !(item instanceof Uint8Array));
  }

  get names(): string[] {
    return this.events.map(({ header }) => header.name);
  }

  get audioBytes(): number {
    return this.told.reduce((sum, item) => sum + (item instanceof Uint8Array ? item.length : 0), 0);
  }
}

interface Scene {
  readonly client: RawClient;
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly emulator: Emulator;
  /** Lets run time pass, so that all that is under way arrives. */
  pass(ms?: number): Promise<void>;
}

const scene = <T>(
  options: Partial<ServiceOptions> & { readonly namespace?: string; readonly path?: string; readonly token?: string },
  play: (scene: Scene) => Promise<T>,
): Promise<T> =>
  withService({ workflow: hears("one two", "three"), ...options }, async ({ clock, network, emulator }) => {
    const headers = { "X-NLS-Token": options.token ?? TOKEN };
    const connection = await network.dial({ url: `ws://nls.test${options.path ?? "/ws/v1"}`, headers });
    const client = new RawClient(connection, options.namespace ?? "SpeechRecognizer");
    try {
      return await play({ client, clock, network, emulator, pass: (ms = 100) => clock.sleep(ms) });
    } finally {
      connection.destroy();
    }
  });

const audio = (ms: number) => new Uint8Array(ms * 32);
const START = { format: "pcm", sample_rate: 16000, enable_intermediate_result: true };

describe("the door", () => {
  test.each([
    { how: "in a header", path: "/ws/v1", headers: { "X-NLS-Token": TOKEN }, status: 0 },
    { how: "in the query", path: `/ws/v1?token=${TOKEN}`, headers: {}, status: 0 },
    { how: "under another path", path: "/aliyun/ws/v1", headers: { "X-NLS-Token": TOKEN }, status: 0 },
    { how: "that is missing", path: "/ws/v1", headers: {}, status: 403 },
    { how: "that is unknown", path: "/ws/v1", headers: { "X-NLS-Token": "nls1.Zm9v.1.bar" }, status: 403 },
    { how: "with a wrong secret", path: "/ws/v1", headers: { "X-NLS-Token": `${KEY.id}.wrong` }, status: 403 },
  ])("a token $how: $status", async ({ path, headers, status }) => {
    covers("A7");
    await withService({ workflow: hears("x") }, async ({ network }) => {
      const dialled = network.dial({ url: `ws://nls.test${path}`, headers });
      if (status === 0) (await dialled).destroy();
      else await expect(dialled).rejects.toMatchObject({ details: { status } });
    });
  });

  test("a bad token may be answered on the open socket instead", async () => {
    await scene({ token: "wrong", gatewayConfig: { badToken: "task" } }, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      expect(client.events[0]?.header).toMatchObject({ name: "TaskFailed", status: 40000001 });
    });
  });
});

describe("recognition", () => {
  test("goes as documented: started, changed, completed, each with the task's id and an id of its own", async () => {
    covers("A1", "A3");
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      for (let i = 0; i < 20; i++) client.connection.send(audio(100));
      client.send("StopRecognition");
      await pass();
      expect(client.names[0]).toBe("RecognitionStarted");
      expect(client.names.at(-1)).toBe("RecognitionCompleted");
      expect(new Set(client.names.slice(1, -1))).toEqual(new Set(["RecognitionResultChanged"]));
      const results = client.events.map(({ payload }) => payload?.result);
      expect(results).toEqual([undefined, "one", "one two", "one two three", "one two three"]);
      for (const { header } of client.events)
        expect(header).toMatchObject({ task_id: hex(999), namespace: "SpeechRecognizer", status: 20000000 });
      expect(new Set(client.events.map(({ header }) => header.message_id)).size).toBe(client.events.length);
      expect(client.events[0]?.header.status_text).toBe("Gateway:SUCCESS:Success.");
    });
  });

  test.each([
    { what: "8 kHz", payload: { sample_rate: 8000 }, bytes: () => [new Uint8Array(32_000)] },
    {
      what: "WAV",
      payload: { format: "wav" },
      bytes: () => [encodeWav(silence({ ms: 2000 }), { sampleRateHz: 16000, channels: 1 })],
    },
    { what: "odd pieces of bytes", payload: {}, bytes: () => [1, 3, 639, 641, 62_716].map((n) => new Uint8Array(n)) },
    { what: "no intermediate results", payload: { enable_intermediate_result: false }, bytes: () => [audio(2000)] },
    { what: "unknown keys", payload: { hello: 123, enable_words: true }, bytes: () => [audio(2000)] },
  ])("takes $what", async ({ payload, bytes }) => {
    covers("A2");
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, ...payload });
      await pass();
      for (const piece of bytes()) client.connection.send(piece);
      client.send("StopRecognition", { whatever: true });
      await pass();
      expect(client.events.at(-1)).toMatchObject({
        header: { name: "RecognitionCompleted" },
        payload: { result: "one two three" },
      });
      if ("enable_intermediate_result" in payload) expect(client.events).toHaveLength(2);
    });
  });

  test("takes Opus in messages of one packet each", async () => {
    covers("A2");
    const encoder = (await loadOpus()).encoder({ sampleRateHz: 16000, channels: 1 });
    const pcm = tone({ hz: 300, ms: 2000 });
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "opus" });
      await pass();
      for (let at = 0; at < pcm.length; at += 320) client.connection.send(encoder.encode(pcm.subarray(at, at + 320)));
      client.send("StopRecognition");
      await pass();
      expect(client.events.at(-1)?.payload).toMatchObject({ result: "one two three", duration: 2000 });
    });
  });

  test.each([1, 7, 100, 5000])("takes opu in messages of %i bytes, wherever they end", async (bytes) => {
    covers("A2");
    const encoder = (await loadOpus()).encoder({ sampleRateHz: 16000, channels: 1 });
    const pcm = tone({ hz: 300, ms: 200 });
    const sent: number[] = [];
    for (let at = 0; at < pcm.length; at += 320) {
      const packet = encoder.encode(pcm.subarray(at, at + 320));
      sent.push(packet.length, ...packet);
    }
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "opu" });
      await pass();
      for (let at = 0; at < sent.length; at += bytes)
        client.connection.send(Uint8Array.from(sent.slice(at, at + bytes)));
      client.send("StopRecognition");
      await pass();
      expect(client.events.at(-1)?.payload).toMatchObject({ duration: 200 });
    });
  });

  test("refuses opu whose packets have no length", async () => {
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "opu" });
      await pass();
      client.connection.send(new Uint8Array(10));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({ name: "TaskFailed" });
    });
  });

  test("a socket takes one task after the other, and a task that ended lets late audio pass", async () => {
    await scene({}, async ({ client, pass }) => {
      for (const task of [hex(1), hex(2)]) {
        client.send("StartRecognition", START, { task_id: task });
        await pass();
        client.connection.send(audio(1000));
        client.send("StopRecognition", undefined, { task_id: task });
        await pass();
        client.connection.send(audio(100));
        await pass();
        expect(client.events.at(-1)?.header).toMatchObject({ name: "RecognitionCompleted", task_id: task });
      }
    });
  });

  test("with voice detection, silence at the start fails and the end of a sentence completes", async () => {
    await scene({ workflow: hears("") }, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, enable_voice_detection: true, max_start_silence: 500 });
      await pass();
      for (let i = 0; i < 6; i++) client.connection.send(audio(100));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({ name: "TaskFailed", status: 40270002 });
    });
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, enable_voice_detection: true, max_end_silence: 500 });
      await pass();
      for (let i = 0; i < 11; i++) client.connection.send(audio(100));
      await pass();
      expect(client.events.at(-1)).toMatchObject({
        header: { name: "RecognitionCompleted" },
        payload: { result: "one two" },
      });
      client.send("StopRecognition");
      await pass();
      expect(client.names).not.toContain("TaskFailed");
    });
  });
});

test.each(["ControlTranscriber", "ControlTranscription"])(
  "transcription takes %s and answers nothing to it",
  async (control) => {
    covers("A5");
    await scene({ namespace: "SpeechTranscriber" }, async ({ client, pass }) => {
      client.send("StartTranscription", { ...START, enable_intermediate_result: false });
      await pass();
      client.send(control, { ex: { max_sentence_silence: 400 } });
      client.connection.send(audio(2000));
      client.send("StopTranscription");
      await pass();
      expect(client.names).toEqual([
        "TranscriptionStarted",
        "SentenceBegin",
        "SentenceEnd",
        "SentenceBegin",
        "SentenceEnd",
        "TranscriptionCompleted",
      ]);
      expect(client.events[2]?.payload).toMatchObject({
        index: 1,
        begin_time: 0,
        time: 1000,
        result: "one two",
        confidence: 0.9,
        words: [],
      });
    });
  },
);

describe("synthesis", () => {
  test.each([
    {
      namespace: "SpeechSynthesizer",
      play: (c: RawClient) => c.send("StartSynthesis", { text: "one", format: "mp3" }),
    },
    { namespace: "FlowingSpeechSynthesizer", play: (c: RawClient) => c.send("StartSynthesis", { format: "mp3" }) },
  ])("$namespace speaks MP3", async ({ namespace, play }) => {
    covers("A6");
    await scene({ namespace, workflow: speaks() }, async ({ client, pass }) => {
      play(client);
      const told = async (name: string) => {
        while (!client.names.includes(name)) await pass(); // virtual time does not wait for the encoder
      };
      if (namespace === "FlowingSpeechSynthesizer") {
        await told("SynthesisStarted");
        client.send("RunSynthesis", { text: "One. Two." });
        client.send("StopSynthesis");
      }
      await told("SynthesisCompleted");
      const decoder = await openDecoder("mp3");
      const spoken = client.told.filter((item): item is Uint8Array => item instanceof Uint8Array);
      const pcm = [await decoder.push(Buffer.concat(spoken)), await decoder.end()];
      expect(decoder.format).toEqual({ sampleRateHz: 16_000, channels: 1 });
      expect(pcm.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(1000);
      decoder.close();
    });
  });

  const text = "Hello there.";

  test.each(["SpeechSynthesizer", "SpeechLongSynthesizer"])(
    "%s speaks, tells where, and completes",
    async (namespace) => {
      covers("A6");
      await scene({ namespace, workflow: speaks() }, async ({ client, pass }) => {
        client.send("StartSynthesis", { text, format: "pcm", sample_rate: 8000, enable_subtitle: true });
        await pass();
        expect(client.names).toEqual(["MetaInfo", "SynthesisCompleted"]);
        expect(client.audioBytes).toBe(1200 * 16);
        expect(client.told.filter((item) => item instanceof Uint8Array).map((item) => item.length)).toEqual(
          Array.from({ length: 6 }, () => 3200),
        );
        expect(client.events[0]?.payload).toEqual({
          subtitles: [{ text, begin_time: 0, end_time: 1200, begin_index: 0, end_index: 12, phoneme: "null" }],
        });
      });
    },
  );

  test.each([8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000])(
    "audio comes at %d Hz when it is asked for",
    async (rate) => {
      await scene({ namespace: "SpeechSynthesizer", workflow: speaks() }, async ({ client, pass }) => {
        client.send("StartSynthesis", { text, sample_rate: rate });
        await pass();
        expect(client.audioBytes / 2).toBe(rate * 1.2);
      });
    },
  );

  test("plain synthesis cuts what is longer than 300 characters, long synthesis does not", async () => {
    const sentence = `${"x".repeat(149)}. `;
    for (const [namespace, ms] of [
      ["SpeechSynthesizer", 151 * 100],
      ["SpeechLongSynthesizer", 302 * 100],
    ] as const)
      await scene({ namespace, workflow: speaks() }, async ({ client, pass }) => {
        client.send("StartSynthesis", { text: sentence.repeat(2) });
        await pass();
        expect(client.audioBytes / 32).toBe(ms);
      });
  });

  test("flowing synthesis speaks sentences while text still comes", async () => {
    covers("A6");
    await scene({ namespace: "FlowingSpeechSynthesizer", workflow: speaks() }, async ({ client, pass }) => {
      client.send("StartSynthesis", {
        voice: "longxiaochun",
        sample_rate: 16000,
        volumn: 50,
        session_id: hex(7),
        enable_subtitle: true,
      });
      await pass();
      client.send("RunSynthesis", { text: "The first half," });
      client.send("RunSynthesis", { text: " and the second. Then" });
      await pass();
      expect(client.names).toEqual(["SynthesisStarted", "SentenceBegin"]);
      client.send("FlushText");
      client.send("RunSynthesis", { text: " one more." });
      client.send("StopSynthesis");
      await pass();
      const sentenceEvents = ["SentenceBegin", "SentenceSynthesis", "SentenceEnd"];
      expect(client.names).toEqual([
        "SynthesisStarted",
        ...sentenceEvents,
        ...sentenceEvents,
        ...sentenceEvents,
        "SynthesisCompleted",
      ]);
      expect(client.events[0]?.payload).toEqual({ session_id: hex(7) });
      expect(client.events.at(-1)?.payload).toEqual({ measureType: "TextLengthHD", measureLength: 46 });
      const ends = client.events.filter(({ header }) => header.name === "SentenceEnd");
      expect(ends.flatMap(({ payload }) => payload?.subtitles)).toMatchObject([
        { text: "The first half, and the second.", begin_time: 0, end_time: 3100, sentence: true },
        { text: " Then", begin_time: 3100, end_time: 3600 },
        { text: " one more.", begin_time: 3600, end_time: 4600 },
      ]);
      expect(client.audioBytes).toBe(46 * 3200);
    });
  });

  test("SSML is spoken without its markup", async () => {
    await scene({ namespace: "SpeechSynthesizer", workflow: speaks() }, async ({ client, pass }) => {
      client.send("StartSynthesis", { text: "<speak>a &amp; <break/>b</speak>", enable_ssml: true });
      await pass();
      expect(client.audioBytes / 3200).toBe("a & b".length);
    });
  });
});

describe("what is wrong is told in the vendor's terms, and the socket is closed", () => {
  interface Wrong {
    readonly what: string;
    readonly status: number;
    readonly options?: Parameters<typeof scene>[0];
    play(client: RawClient): void;
  }
  const started = (client: RawClient, ...more: (() => void)[]) => {
    client.send("StartRecognition", START);
    for (const call of more) call();
  };
  const tts = { namespace: "SpeechSynthesizer", workflow: speaks() };
  const flowing = { namespace: "FlowingSpeechSynthesizer", workflow: speaks() };

  test.each<Wrong>([
    {
      what: "an unknown service",
      status: 40010001,
      play: (c) => c.send("StartRecognition", START, { namespace: "DialogAssistant" }),
    },
    { what: "no appkey", status: 40000003, play: (c) => c.send("StartRecognition", START, { appkey: "" }) },
    {
      what: "another's appkey",
      status: 40020105,
      play: (c) => c.send("StartRecognition", START, { appkey: "another" }),
    },
    {
      what: "a short message id",
      status: 40000002,
      play: (c) => c.send("StartRecognition", START, { message_id: "1" }),
    },
    { what: "a short task id", status: 40000002, play: (c) => c.send("StartRecognition", START, { task_id: "1" }) },
    { what: "no JSON", status: 40000002, play: (c) => c.connection.send("hello") },
    { what: "a stop without a start", status: 40000002, play: (c) => c.send("StopRecognition") },
    { what: "an unknown directive", status: 40010003, play: (c) => started(c, () => c.send("Sing")) },
    { what: "a second start", status: 40000002, play: (c) => started(c, () => c.send("StartRecognition", START)) },
    { what: "audio before the start", status: 40000002, play: (c) => started(c, () => c.connection.send(audio(100))) },
    { what: "capitals", status: 40010003, play: (c) => c.send("StartRecognition", { format: "PCM" }) },
    { what: "speex", status: 41010100, play: (c) => c.send("StartRecognition", { format: "speex" }) },
    { what: "a rate of 44,100 Hz", status: 41010101, play: (c) => c.send("StartRecognition", { sample_rate: 44100 }) },
    { what: "no text", status: 40010003, options: tts, play: (c) => c.send("StartSynthesis", { voice: "xiaoyun" }) },
    {
      what: "speech in opus, which is not offered",
      status: 41010100,
      options: tts,
      play: (c) => c.send("StartSynthesis", { text: "x", format: "opus" }),
    },
    {
      what: "a volume of 200",
      status: 40000003,
      options: tts,
      play: (c) => c.send("StartSynthesis", { text: "x", volume: 200 }),
    },
    {
      what: "text before it was started",
      status: 40000002,
      options: flowing,
      play: (c) => c.send("RunSynthesis", { text: "x" }),
    },
  ])("$what: $status", async ({ status, options = {}, play }) => {
    covers("A2", "A9");
    await scene(options, async ({ client, pass }) => {
      play(client);
      await pass();
      const failed = client.events.at(-1)?.header;
      expect(failed).toMatchObject({ name: "TaskFailed", namespace: "Default", status });
      client.connection.send(audio(100)); // late, and to be borne
      expect(await client.connection.closed).toMatchObject({ code: 1000 });
    });
  });

  const flow = async ({ client, pass }: Scene) => {
    client.send("StartSynthesis", {});
    await pass();
  };
  test("SSML in a second text of flowing synthesis", async () => {
    await scene(flowing, async ({ client, pass }) => {
      client.send("StartSynthesis", { enable_ssml: true });
      await pass();
      client.send("RunSynthesis", { text: "<speak>one</speak>" });
      client.send("RunSynthesis", { text: "<speak>two</speak>" });
      await pass();
      expect(client.events.at(-1)?.header.status).toBe(40000003);
    });
  });

  test("limits of flowing text", async () => {
    await scene(flowing, async (stage) => {
      await flow(stage);
      stage.client.send("RunSynthesis", { text: "字".repeat(1001) });
      await stage.pass();
      expect(stage.client.events.at(-1)?.header.status).toBe(40000003);
    });
  });

  test("more than a minute of one sentence", async () => {
    covers("A9");
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      for (let i = 0; i < 61; i++) client.connection.send(audio(1000));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({ name: "TaskFailed", status: 41010104 });
    });
  });

  test("a stop while stopping, and audio that is not of its format", async () => {
    await scene({ namespace: "SpeechTranscriber" }, async ({ client, pass }) => {
      client.send("StartTranscription", START);
      await pass();
      client.send("StopTranscription");
      client.send("StopTranscription");
      await pass();
      expect(client.events.at(-1)?.header.status).toBe(40010005);
    });
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "wav" });
      await pass();
      client.connection.send(new TextEncoder().encode("this is no recording at all"));
      await pass();
      expect(client.events.at(-1)?.header.status).toBe(40270003);
    });
  });

  test("a workflow that fails is a server error that tells a code and nothing of the server", async () => {
    covers("A9");
    const workflow = hears("x").replace(
      'text: "x", partials: auto, words: auto, confidence: 0.9',
      "error: NODE_FAILED",
    );
    await scene({ workflow }, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      client.connection.send(audio(2000));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({
        name: "TaskFailed",
        status: 50000000,
        status_text: "Gateway:SERVER_ERROR:NODE_FAILED",
      });
    });
  });

  test("a client that falls silent is sent away after 10 s; pings keep it, in flowing synthesis up to 23 s", async () => {
    covers("A9");
    const silentAfter = (options: Parameters<typeof scene>[0], name: string, pings: boolean) =>
      scene(options, async ({ client, clock, pass }) => {
        client.send(name, {});
        await pass();
        for (let i = 0; i < 40 && !client.names.includes("TaskFailed"); i++) {
          if (pings) client.connection.ping();
          await pass(1000);
        }
        const failed = client.events.find(({ header }) => header.name === "TaskFailed");
        return { status: failed?.header.status, seconds: Math.round(clock.nowMs() / 1000) };
      });
    const transcribing = { namespace: "SpeechTranscriber" };
    expect(await silentAfter(transcribing, "StartTranscription", false)).toEqual({ status: 40000004, seconds: 11 });
    expect(await silentAfter(transcribing, "StartTranscription", true)).toEqual({ status: undefined, seconds: 40 });
    expect(await silentAfter(flowing, "StartSynthesis", false)).toMatchObject({ status: 40000004, seconds: 11 });
    expect(await silentAfter(flowing, "StartSynthesis", true)).toMatchObject({ status: 40000004, seconds: 23 });
  });

  test("the word beside the status may have its other name", async () => {
    await scene({ gatewayConfig: { statusWord: "status_message" } }, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      expect(client.events[0]?.header).toHaveProperty("status_message");
      expect(client.events[0]?.header).not.toHaveProperty("status_text");
    });
  });

  test("a client that goes away leaves no run behind", async () => {
    covers("A1");
    const emulator = await scene({}, async ({ client, pass, emulator }) => {
      client.send("StartRecognition", START);
      await pass();
      client.connection.send(audio(500));
      await pass();
      expect(emulator.host.running).toBe(1);
      client.connection.destroy();
      client.connection.destroy();
      await pass();
      return emulator;
    });
    expect(emulator.host.reports.map(({ state }) => state)).toEqual(["cancelled"]);
    expect([emulator.host.running, emulator.doors.clients]).toEqual([0, 0]);
  });
});

describe("CreateToken", () => {
  const parameters = (more: Record<string, string> = {}) => ({
    ...tokenParameters({
      accessKeyId: KEY.id,
      nonce: "n-1",
      timestamp: "2026-01-01T00:00:00Z",
      regionId: "cn-shanghai",
    }),
    ...more,
  });
  const call = (network: Network, method: "GET" | "POST", query: string, form: boolean) =>
    network.fetch({
      url: form ? "http://nls.test/" : `http://nls.test/?${query}`,
      method,
      ...(form && { body: query, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    });

  test.each([
    { how: "by GET with a query", method: "GET", form: false },
    { how: "by POST with a query", method: "POST", form: false },
    { how: "by POST with a form", method: "POST", form: true },
  ] as const)("$how makes a token that opens the door until it ends", async ({ method, form }) => {
    covers("A7");
    await withService({ workflow: hears("x"), gatewayConfig: { tokenHours: 1 } }, async ({ network, clock }) => {
      const answer = await call(network, method, signCall(method, parameters(), KEY.secret).query, form);
      expect(answer.status).toBe(200);
      const { Token, ErrMsg } = (await answer.json()) as { Token: { Id: string; ExpireTime: number }; ErrMsg: string };
      expect([ErrMsg, Token.ExpireTime]).toEqual(["", Date.UTC(2026, 0, 1, 1) / 1000]);
      const dial = () => network.dial({ url: "ws://nls.test/ws/v1", headers: { "X-NLS-Token": Token.Id } });
      (await dial()).destroy();
      await clock.sleep(3_600_000);
      await expect(dial()).rejects.toMatchObject({ details: { status: 403 } });
    });
  });

  test.each([
    { what: "an unknown key", change: { AccessKeyId: "nobody" }, status: 404, code: "InvalidAccessKeyId.NotFound" },
    { what: "another action", change: { Action: "DeleteToken" }, status: 404, code: "InvalidAction.NotFound" },
    { what: "a nonce that is missing", change: { SignatureNonce: "" }, status: 400, code: "MissingSignatureNonce" },
    {
      what: "an old time",
      change: { Timestamp: "2025-12-31T23:00:00Z" },
      status: 400,
      code: "InvalidTimeStamp.Expired",
    },
    { what: "no time", change: { Timestamp: "soon" }, status: 400, code: "InvalidTimeStamp.Expired" },
  ])("$what is $code", async ({ change, status, code }) => {
    covers("A7");
    await withService({ workflow: hears("x") }, async ({ network }) => {
      const answer = await call(network, "GET", signCall("GET", parameters(change), KEY.secret).query, false);
      expect([answer.status, ((await answer.json()) as { Code: string }).Code]).toEqual([status, code]);
    });
  });

  test("a wrong signature and a nonce that was used are refused; a plus need not be encoded", async () => {
    covers("A7");
    await withService({ workflow: hears("x") }, async ({ network }) => {
      const codeOf = async (query: string) =>
        ((await (await call(network, "GET", query, false)).json()) as { Code?: string }).Code;
      const wrong = await call(network, "GET", signCall("GET", parameters(), "wrong").query, false);
      const refusal = (await wrong.json()) as { Code: string; Message: string };
      expect(refusal.Code).toBe("SignatureDoesNotMatch");
      // by what it finds behind the colon, the vendor's library for Python knows that it is the secret
      expect(refusal.Message.split(":")[1]).toBe(stringToSign("GET", canonicalQuery(parameters())));
      const good = signCall("GET", parameters(), KEY.secret).query;
      expect([await codeOf(good), await codeOf(good)]).toEqual([undefined, "SignatureNonceUsed"]);
      let nonce = 1;
      let signed = signCall("GET", parameters({ SignatureNonce: `p-${nonce}` }), KEY.secret);
      while (!signed.signature.includes("+"))
        signed = signCall("GET", parameters({ SignatureNonce: `p-${++nonce}` }), KEY.secret);
      expect(await codeOf(signed.query.replaceAll("%2B", "+"))).toBeUndefined();
    });
  });
});
