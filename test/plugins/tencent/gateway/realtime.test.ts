import { describe, expect, test } from "bun:test";
import { type Connection, EngineError, encodeS16le, encodeWav, loadOpus } from "#engine/plugin";
import { covers } from "#test/covers";
import type { Service } from "#test/vendor-service";
import { opusFrame, opusPackets } from "../../../../plugins/tencent/gateway/audio-in.ts";
import { percentEncode, signSha1, wireQuery } from "../../../../plugins/tencent/signatures.ts";
import { ACCESS, hearing, KEY, tencent } from "../service.ts";
import { nowS, rawQuery, type Values } from "./signed-values.ts";

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
    const query = raw ? rawQuery(values) : wireQuery(values);
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
