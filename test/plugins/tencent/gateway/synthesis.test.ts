import { describe, expect, test } from "bun:test";
import { type Connection, openDecoder } from "#engine/plugin";
import { covers } from "#test/covers";
import type { Service } from "#test/vendor-service";
import { percentEncode, signSha1, wireQuery } from "../../../../plugins/tencent/signatures.ts";
import { flowingMessage } from "../../../../plugins/tencent/wire/spoken.ts";
import { ACCESS, speaking, tencent } from "../service.ts";
import { nowS, type Values, without } from "./signed-values.ts";

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

  /** A session over a socket, signed as clients do it. */
  const open = (service: Service, path: "stream_ws" | "stream_wsv2", values: Values): Promise<Connection> => {
    const signature = signSha1(`GETtts.cloud.tencent.com/${path}`, values, ACCESS.secretKey);
    return service.network.dial({
      url: `ws://tencent.test/${path}?${wireQuery(values)}&Signature=${percentEncode(signature)}`,
    });
  };

  async function flow(service: Service): Promise<Connection> {
    const values = without(parameters(service, { Action: "TextToStreamAudioWSv2", EnableSubtitle: 0 }), "Text");
    const connection = await open(service, "stream_wsv2", values);
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
    const connection = await open(service, "stream_ws", values);
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
    const connection = await open(service, "stream_ws", values);
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
