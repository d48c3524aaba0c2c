import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, EngineError, encodeS16le, encodeWav, loadOpus, openDecoder } from "#engine/plugin";
import { covers } from "#test/covers";
import { ACCESS, hearing, KEY, type Service, speaking, tencent } from "#test/tencent";
import { opusFrame, opusPackets } from "../../../plugins/tencent/gateway/audio-in.ts";
import { decode, ffmpeg } from "../../../plugins/tencent/gateway/decode.ts";
import { percentEncode, signSha1, tc3Authorization, wireQuery } from "../../../plugins/tencent/signatures.ts";
import { flowingMessage } from "../../../plugins/tencent/wire/spoken.ts";

type Values = Record<string, string | number>;

const nowS = ({ emulator }: Service) => Math.floor(emulator.host.epochMs() / 1000);
const without = (values: Values, ...names: string[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

describe("the older interface for recordings", () => {
  const PLACE = `POSTaai.qcloud.com/asr/v1/${ACCESS.appId}`;
  let nonce = 1;
  const parameters = (service: Service): Values => ({
    projectid: 0,
    sub_service_type: 0,
    engine_model_type: "16k_0",
    res_text_format: 0,
    res_type: 1,
    callback_url: "http://here.test/cb",
    channel_num: 1,
    source_type: 1,
    secretid: ACCESS.secretId,
    timestamp: nowS(service),
    expired: nowS(service) + 3600,
    nonce: nonce++,
  });

  interface Sending {
    readonly query?: string;
    readonly secret?: string;
    readonly body?: Uint8Array;
    readonly headers?: Record<string, string>;
    readonly appId?: string;
  }
  async function submit({ network }: Service, values: Values, sending: Sending = {}): Promise<number> {
    const {
      query = wireQuery(values),
      secret = ACCESS.secretKey,
      body = new Uint8Array(4),
      appId = ACCESS.appId,
    } = sending;
    const place = PLACE.replace(ACCESS.appId, appId);
    const headers = sending.headers ?? { authorization: signSha1(place, values, secret) };
    const answer = await network.fetch({
      url: `http://tencent.test/asr/v1/${appId}?${query}`,
      method: "POST",
      headers,
      body,
    });
    expect(answer.status).toBe(200);
    const said = (await answer.json()) as { code: number; message: string; requestId: number };
    expect(said.requestId > 0).toBe(said.code === 0);
    return said.code;
  }

  const big = new Uint8Array(5 * 1024 * 1024 + 1);
  const long = `http://h.test/${"a".repeat(2048)}`;
  const url = { source_type: 0, url: "http://h.test/a.wav" };
  const requests: [code: number, change: (values: Values) => Values, sending?: Sending][] = [
    [0, (v) => v],
    [
      0,
      (v) =>
        without(v, "sub_service_type", "engine_model_type", "res_text_format", "res_type", "channel_num", "projectid"),
    ],
    [0, (v) => ({ ...v, ...url }), { body: new Uint8Array(0) }],
    [1010, (v) => without(v, "secretid")],
    [1011, (v) => ({ ...v, timestamp: "now" })],
    [1012, (v) => ({ ...v, expired: Number(v.timestamp) })],
    [1013, (v) => ({ ...v, nonce: 10_000_000_000 })],
    [1013, (v) => without(v, "nonce")],
    [1024, (v) => ({ ...v, expired: Number(v.timestamp) + 90 * 86_400 })],
    [0, (v) => ({ ...v, expired: Number(v.timestamp) + 90 * 86_400 - 1 })],
    [1025, (v) => ({ ...v, timestamp: Number(v.timestamp) - 3700, expired: Number(v.timestamp) - 10 })],
    [1027, (v) => ({ ...v, secretid: "nobody" })],
    [1022, (v) => v, { headers: {} }],
    [1030, (v) => v, { secret: "other" }],
    [1019, (v) => v, { appId: "7" }],
    [1004, (v) => ({ ...v, sub_service_type: 2 })],
    [1005, (v) => ({ ...v, engine_model_type: "16k_zh" })],
    [1003, (v) => ({ ...v, res_text_format: 4 })],
    [1007, (v) => ({ ...v, res_type: 0 })],
    [1006, (v) => ({ ...v, callback_url: "" })],
    [1006, (v) => ({ ...v, callback_url: long })],
    [1008, (v) => without(v, "source_type")],
    [1009, (v) => ({ ...v, source_type: 0 })],
    [1009, (v) => ({ ...v, url: "http://h.test/a.wav" })],
    [1017, (v) => ({ ...v, ...url, url: long })],
    [1000, (v) => ({ ...v, channel_num: 2 })],
    [1000, (v) => ({ ...v, engine_model_type: "8k_6", channel_num: 2 })],
    [0, (v) => ({ ...v, engine_model_type: "8k_0", channel_num: 2 })],
    [1000, (v) => v, { body: new Uint8Array(0) }],
    [1032, (v) => v, { body: big }],
    [1001, (v) => v, { query: "secretid=%E4%BD" }],
    [1001, (v) => v, { query: "secretid=a&secretid=b" }],
  ];
  test.each(requests.map(([code, change, sending = {}]) => ({ code, change, sending })))(
    "code $code (case %#)",
    async ({ code, change, sending }) => {
      covers("T1", "T2", "T3", "T6");
      await using service = await tencent();
      expect(await submit(service, change(parameters(service)), sending)).toBe(code);
    },
  );

  test("values may travel raw, as the vendor's own example has them; the same request twice is a replay", async () => {
    covers("T1");
    await using service = await tencent();
    const values: Values = { ...parameters(service), ...url };
    const query = Object.entries(values)
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
    expect(await submit(service, values, { query, body: new Uint8Array(0) })).toBe(0);
    expect(await submit(service, values, { query, body: new Uint8Array(0) })).toBe(1029);
  });
});

describe("the current interface for recordings", () => {
  interface Calling {
    readonly action?: string;
    readonly signed?: readonly string[];
    readonly contentType?: string;
    readonly secret?: string;
    readonly skewS?: number;
    /** As clients name it that take it from an address. */
    readonly signedFor?: string;
  }
  interface Answered {
    readonly Error?: { readonly Code: string };
    readonly Data?: { readonly TaskId: number };
    readonly [field: string]: unknown;
  }
  async function answerTo(service: Service, body: unknown, calling: Calling = {}): Promise<Answered> {
    const {
      action = "CreateRecTask",
      signed = ["content-type", "host"],
      secret = ACCESS.secretKey,
      skewS = 0,
      signedFor = "asr",
    } = calling;
    const headers = {
      "content-type": calling.contentType ?? "application/json",
      host: "tencent.test",
      "x-tc-action": action,
    };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const timestampS = nowS(service) + skewS;
    const signing = { timestampS, service: signedFor, headers, signed, body: text };
    const authorization = tc3Authorization(signing, ACCESS.secretId, secret);
    const answer = await service.network.fetch({
      url: "http://tencent.test/",
      method: "POST",
      headers: { ...headers, "x-tc-timestamp": `${timestampS}`, "x-tc-version": "2019-06-14", authorization },
      body: text,
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { Response: Answered }).Response;
  }
  async function call(...asked: Parameters<typeof answerTo>): Promise<string> {
    const { Error: error, Data } = await answerTo(...asked);
    return error?.Code ?? (Data?.TaskId ? "taken" : "nothing");
  }
  const task = {
    EngineModelType: "16k_zh",
    ChannelNum: 1,
    ResTextFormat: 0,
    SourceType: 1,
    Data: Buffer.from("abcd").toString("base64"),
    DataLen: 4,
  };

  const calls: [answer: string, body: unknown, calling?: Calling][] = [
    ["taken", task],
    [
      "taken",
      task,
      { signed: ["content-type", "host", "x-tc-action"], contentType: "application/json; charset=utf-8" },
    ],
    ["taken", task, { signedFor: "127" }],
    ["AuthFailure.SignatureFailure", task, { secret: "other" }],
    ["AuthFailure.SignatureExpire", task, { skewS: -301 }],
    ["AuthFailure.InvalidAuthorization", task, { signed: ["content-type"] }],
    ["InvalidAction", task, { action: "MakeCoffee" }],
    ["InvalidParameter", "no json"],
    ["MissingParameter", { ...task, EngineModelType: undefined }],
    ["InvalidParameterValue", { ...task, ChannelNum: 2 }],
    ["InvalidParameterValue", { ...task, DataLen: 5 }],
    ["MissingParameter", { ...task, SourceType: 0 }],
    ["MissingParameter", { ...task, Data: undefined }],
    ["FailedOperation.NoSuchTask", { TaskId: 77 }, { action: "DescribeTaskStatus" }],
    ["MissingParameter", {}, { action: "DescribeTaskStatus" }],
  ];
  test.each(calls.map(([answer, body, calling = {}]) => ({ answer, body, calling })))(
    "answers $answer (case %#)",
    async ({ answer, body, calling }) => {
      covers("T8");
      await using service = await tencent();
      expect(await call(service, body, calling)).toBe(answer);
    },
  );

  describe("a recording of a minute at most is recognised in the answer", () => {
    const pcm = (seconds: number) => new Uint8Array(32_000 * seconds);
    const sentence = (bytes: Uint8Array) => ({
      EngSerViceType: "16k_zh",
      SourceType: 1,
      VoiceFormat: "pcm",
      WordInfo: 1,
      Data: Buffer.from(bytes).toString("base64"),
      DataLen: bytes.length,
    });
    const calling = { action: "SentenceRecognition" };

    test("with its text, its words and its length", async () => {
      covers("T8");
      await using service = await tencent({
        workflow: hearing([
          { text: "one two", words: "auto", fromMs: 0, untilMs: 1000 },
          { text: "three", words: "auto", fromMs: 1000, untilMs: 2000 },
        ]),
      });
      const heard = await answerTo(service, sentence(pcm(3)), calling);
      expect(heard).toMatchObject({ Result: "one two three", AudioDuration: 3000, WordSize: 3 });
      expect(heard.WordList).toMatchObject([{ Word: "one", StartTime: 0 }, { Word: "two", EndTime: 1000 }, {}]);
      const wordless = await answerTo(service, { ...sentence(pcm(3)), WordInfo: 0 }, calling);
      expect(wordless).toMatchObject({ Result: "one two three", WordSize: 0, WordList: [] });
    });

    test.each([
      { what: "no format", body: { ...sentence(pcm(1)), VoiceFormat: undefined }, code: "MissingParameter" },
      { what: "no samples", body: sentence(new Uint8Array(0)), code: "InvalidParameterValue" },
      {
        what: "what is no recording",
        body: { ...sentence(new Uint8Array(100)), VoiceFormat: "wav" },
        code: "FailedOperation.ErrorRecognize",
      },
      { what: "61 s", body: sentence(pcm(61)), code: "InvalidParameterValue.ErrorVoicedataTooLong" },
    ])("$what is answered with $code", async ({ body, code }) => {
      covers("T6", "T8");
      await using service = await tencent();
      expect(await call(service, body, calling)).toBe(code);
    });
  });
});

describe("recognition in real time", () => {
  let voices = 0;
  function dial(service: Service, more: Values = {}, raw = false): Promise<Connection> {
    const timestamp = nowS(service);
    const values: Values = {
      engine_model_type: "16k_zh",
      voice_format: 1,
      needvad: 1,
      voice_id: `voice-${++voices}`,
      secretid: ACCESS.secretId,
      timestamp,
      expired: timestamp + 86_400,
      nonce: timestamp,
      ...more,
    };
    const signature = signSha1(`asr.cloud.tencent.com/asr/v2/${ACCESS.appId}`, values, ACCESS.secretKey);
    const query = raw
      ? Object.entries(values)
          .map(([name, value]) => `${name}=${value}`)
          .join("&")
      : wireQuery(values);
    return service.network.dial({
      url: `ws://tencent.test/asr/v2/${ACCESS.appId}?${query}&signature=${percentEncode(signature)}`,
    });
  }
  const told = async (connection: Connection): Promise<Record<string, unknown>[]> => {
    const all: Record<string, unknown>[] = [];
    for await (const message of connection) all.push(JSON.parse(String(message)));
    return all;
  };
  const second = encodeS16le(new Int16Array(16_000).fill(3));

  test("a client hears a greeting, results, and the end, and then the server closes", async () => {
    covers("T8");
    await using service = await tencent({
      workflow: hearing([{ text: "你好", partials: "auto", fromMs: 0, untilMs: 900 }]),
    });
    const connection = await dial(service, { hotword_list: "腾讯云|10,ASR|5" });
    const greeting = JSON.parse(String(await connection.receive()));
    expect(greeting).toEqual({ code: 0, message: "success", voice_id: greeting.voice_id });
    connection.send(second);
    connection.send('{"type": "end"}');
    const messages = await told(connection);
    expect(messages.at(-1)).toMatchObject({ code: 0, voice_id: greeting.voice_id, final: 1 });
    const results = messages.flatMap(({ result }) => (result ? [result as Record<string, unknown>] : []));
    expect(results.map(({ slice_type, index }) => `${index}-${slice_type}`)).toEqual(["0-0", "0-2"]);
    expect(results.at(-1)).toMatchObject({ voice_text_str: "你好", start_time: 0, end_time: 900 });
    expect((await connection.closed).by).toBe("peer");
  });

  test("sentence mode tells sentences, and its values travel raw with an empty one among them", async () => {
    await using service = await tencent();
    const connection = await dial(service, { result_mod: 1, sentence_strategy: 1, speaker_context_id: "" }, true);
    connection.send(second);
    connection.send('{"type": "end"}');
    const lists = (await told(connection)).flatMap(({ sentences }) =>
      sentences ? (sentences as { sentence_list: Record<string, unknown>[] }).sentence_list : [],
    );
    expect(lists.at(-1)).toMatchObject({
      sentence: "one two",
      sentence_type: 1,
      sentence_id: 0,
      start_time: 0,
      end_time: 1000,
    });
  });

  test.each([
    { name: "a text that is unknown", code: 4010, act: (c: Connection) => c.send("hello") },
    {
      name: "four seconds within one",
      code: 4000,
      act: (c: Connection) => {
        for (let i = 0; i < 4; i++) c.send(second);
      },
    },
    { name: "no audio for 15 s", code: 4008, act: () => {} },
  ])("$name ends the session with $code", async ({ code, act }) => {
    covers("T6");
    await using service = await tencent();
    const connection = await dial(service);
    act(connection);
    const messages = await told(connection);
    expect([messages[0]?.code, messages.at(-1)?.code]).toEqual([0, code]);
    expect(messages.at(-1)).not.toHaveProperty("final");
  });

  test("who is refused is let in first, and told why", async () => {
    await using service = await tencent({ keys: [{ ...KEY, secret: "another" }] });
    const connection = await dial(service);
    expect((await told(connection)).map(({ code }) => code)).toEqual([4002]);
    expect(service.emulator.host.started).toBe(0);
  });

  test.each([
    { name: "Opus", format: 10 },
    { name: "WAV", format: 12 },
  ])("$name is decoded", async ({ format }) => {
    await using service = await tencent({ workflow: hearing([{ text: "你好", fromMs: 0, untilMs: 900 }]) });
    const connection = await dial(service, { voice_format: format });
    await connection.receive();
    if (format === 12)
      connection.send(encodeWav(new Int16Array(16_000).fill(3), { sampleRateHz: 16_000, channels: 1 }));
    else {
      const encoder = (await loadOpus()).encoder({ sampleRateHz: 16_000, channels: 1 });
      for (let i = 0; i < 25; i++) connection.send(opusFrame(encoder.encode(new Int16Array(640).fill(3))));
      encoder.close();
    }
    connection.send('{"type": "end"}');
    expect((await told(connection)).some(({ final }) => final === 1)).toBe(true);
  });

  test("packets are found whichever byte of their length comes first", () => {
    const [one, two] = [new Uint8Array(300).fill(1), new Uint8Array(3).fill(2)];
    const little = Buffer.concat([opusFrame(one), opusFrame(two)]);
    const big = Buffer.from(little);
    for (const at of [4, 310]) big.set([big[at + 1] ?? 0, big[at] ?? 0], at);
    expect(opusPackets(little).map((packet) => packet.length)).toEqual([300, 3]);
    expect(opusPackets(big).map((packet) => packet.length)).toEqual([300, 3]);
    expect(() => opusPackets(little.subarray(0, 100))).toThrow(EngineError);
    expect(() => opusPackets(Buffer.from("opuz\u0001\u0000a"))).toThrow(EngineError);
  });
});

describe("synthesis", () => {
  const parameters = (service: Service, more: Values = {}): Values => ({
    Action: "TextToStreamAudio",
    AppId: Number(ACCESS.appId),
    Codec: "pcm",
    Expired: nowS(service) + 86_400,
    ModelType: 1,
    SampleRate: 16_000,
    SecretId: ACCESS.secretId,
    SessionId: "session-0001",
    Speed: 0,
    Text: "你好 world&x=1",
    Timestamp: nowS(service),
    VoiceType: 101_001,
    Volume: 0,
    ...more,
  });

  test("numbers of a body are signed as they are written", async () => {
    covers("T8");
    await using service = await tencent({ workflow: speaking() });
    const values = parameters(service, { Speed: "1.0", EnableSubtitle: "False" });
    const body = JSON.stringify(values)
      .replace('"Speed":"1.0"', '"Speed":1.0')
      .replace('"EnableSubtitle":"False"', '"EnableSubtitle":false');
    const headers = { authorization: signSha1("POSTtts.cloud.tencent.com/stream", values, ACCESS.secretKey) };
    const answer = await service.network.fetch({ url: "http://tencent.test/stream", method: "POST", headers, body });
    expect((await answer.bytes()).length).toBe(2 * 2 * 1600);
  });

  async function flow(service: Service): Promise<Connection> {
    const values = without(parameters(service, { Action: "TextToStreamAudioWSv2", EnableSubtitle: 0 }), "Text");
    const signature = signSha1("GETtts.cloud.tencent.com/stream_wsv2", values, ACCESS.secretKey);
    const connection = await service.network.dial({
      url: `ws://tencent.test/stream_wsv2?${wireQuery(values)}&Signature=${percentEncode(signature)}`,
    });
    expect(JSON.parse(String(await connection.receive()))).toMatchObject({ code: 0, ready: 1, final: 0 });
    return connection;
  }
  const heard = async (connection: Connection) => {
    let samples = 0;
    const flags: string[] = [];
    for await (const message of connection)
      if (typeof message !== "string") samples += message.length / 2;
      else {
        const said = JSON.parse(message);
        flags.push(
          said.code !== 0
            ? `code ${said.code}`
            : said.final
              ? "final"
              : said.reset
                ? "reset"
                : said.result
                  ? "words"
                  : "begun",
        );
      }
    return { samples, flags };
  };

  test.each([
    { name: "as addresses are", Text: "one + two & three", written: percentEncode("one + two & three"), words: 5 },
    { name: "as forms are", Text: "one + two & three", written: "one+%2B+two+%26+three", words: 5 },
    { name: "with its pluses as they are", Text: "one+two", written: "one+two", words: 1 },
  ])("a text in the address may be encoded $name", async ({ Text, written, words }) => {
    covers("T8");
    await using service = await tencent({ workflow: speaking() });
    const values = parameters(service, { Action: "TextToStreamAudioWS", EnableSubtitle: "true", Text });
    const signature = signSha1("GETtts.cloud.tencent.com/stream_ws", values, ACCESS.secretKey);
    const query = `${wireQuery(without(values, "Text"))}&Text=${written}`;
    const dial = (sent: string) =>
      service.network.dial({
        url: `ws://tencent.test/stream_ws?${query}&Signature=${percentEncode(sent)}`,
      });
    expect(await heard(await dial(signature))).toEqual({ samples: words * 1600, flags: ["begun", "words", "final"] });
    expect((await heard(await dial(`A${signature}`))).flags).toEqual(["code 10003"]);
  });

  test.each([8000, 16_000, 24_000])("speech at %d Hz comes as MP3 where the client wants it so", async (SampleRate) => {
    covers("T8");
    await using service = await tencent({ workflow: speaking() });
    const Text = "one two three four";
    const values = parameters(service, { Action: "TextToStreamAudioWS", Codec: "mp3", SampleRate, Text });
    const signature = signSha1("GETtts.cloud.tencent.com/stream_ws", values, ACCESS.secretKey);
    const connection = await service.network.dial({
      url: `ws://tencent.test/stream_ws?${wireQuery(values)}&Signature=${percentEncode(signature)}`,
    });
    const spoken: Uint8Array[] = [];
    for await (const message of connection) if (typeof message !== "string") spoken.push(message);
    const decoder = await openDecoder("mp3");
    const pcm = [await decoder.push(Buffer.concat(spoken)), await decoder.end()];
    expect(decoder.format).toEqual({ sampleRateHz: SampleRate, channels: 1 });
    expect(pcm.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThanOrEqual(0.4 * SampleRate);
    decoder.close();
  });

  test("over a socket a greeting comes before any audio, and after the last message the client has time to close", async () => {
    covers("T8");
    await using service = await tencent({ workflow: speaking() });
    const values = parameters(service, { Action: "TextToStreamAudioWS", EnableSubtitle: "False" });
    const signature = signSha1("GETtts.cloud.tencent.com/stream_ws", values, ACCESS.secretKey);
    const connection = await service.network.dial({
      url: `ws://tencent.test/stream_ws?${wireQuery(values)}&Signature=${percentEncode(signature)}`,
    });
    expect(JSON.parse(String(await connection.receive()))).toMatchObject({ code: 0, message: "success", final: 0 });
    connection.send('{"type":"end"}'); // as the vendor's client for Java asks for the end
    let finalMs = Number.NaN;
    for await (const message of connection)
      if (typeof message === "string" && JSON.parse(message).final === 1) finalMs = service.clock.nowMs();
    expect(service.clock.nowMs() - finalMs).toBe(5000);
  });

  test("flowing text is spoken sentence by sentence, and what was reset is not spoken", async () => {
    await using service = await tencent({ workflow: speaking() });
    const connection = await flow(service);
    connection.send(flowingMessage("s", "1", "ACTION_SYNTHESIS", "never to be"));
    connection.send(flowingMessage("s", "2", "ACTION_RESET"));
    connection.send(flowingMessage("s", "3", "ACTION_SYNTHESIS", "One tw"));
    connection.send(flowingMessage("s", "4", "ACTION_SYNTHESIS", "o. Three"));
    connection.send(flowingMessage("s", "5", "ACTION_COMPLETE"));
    expect(await heard(connection)).toEqual({ samples: 3 * 1600, flags: ["reset", "final"] });
  });

  test.each([
    {
      name: "more than 10,000 characters",
      message: flowingMessage("s", "1", "ACTION_SYNTHESIS", "a".repeat(10_001)),
      flags: ["code 10002"],
    },
    { name: "what is no message", message: "hello", flags: ["code 10001"] },
    { name: "nothing for ten minutes", message: flowingMessage("s", "1", "ACTION_SYNTHESIS", "one"), flags: ["final"] },
  ])("$name ends the session", async ({ message, flags }) => {
    await using service = await tencent({ workflow: speaking() });
    const connection = await flow(service);
    connection.send(message);
    expect<unknown>((await heard(connection)).flags).toEqual(flags);
  });
});

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
    const failed = decode(recording, environment()).catch((error: unknown) => error);
    expect(await failed).toMatchObject({ code: "AUDIO_NOT_RECOGNISED" });
  });

  test("doctor names it", async () => {
    covers("T9");
    const found = await ffmpeg.find();
    expect([ffmpeg.name, ffmpeg.optional]).toEqual(["ffmpeg", true]);
    if (!found.found) expect(found.mend).toContain("ffmpeg");
  });
});
