import { describe, expect, test } from "bun:test";
import { type Connection, encodeS16le, type Frame } from "#engine/plugin";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorService,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { HEARING_FAILS, hears, LISTENS, speaks } from "#test/service-workflows";
import { prompt } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { markedSpeech } from "#test/utterances";
import { listenTo, openedBy, trialsOf } from "#test/vendor-trials";
import { asr } from "../../../plugins/azure/asr.ts";
import { tts } from "../../../plugins/azure/tts.ts";
import { decodeMessage, encodeMessage, waveHeader } from "../../../plugins/azure/wire.ts";
import { ACCESS, KEY, openService } from "./service.ts";

const SENTENCES = ["one two", "three four"];
const WRONG = "wrong-key";

const trial = trialsOf({
  access: ACCESS,
  wrongAccess: { key: WRONG },
  secrets: [WRONG],
  passingError: "Error",
  open: openedBy(openService),
});

const recogniser = (config: Record<string, unknown>, frames: () => readonly Frame[]) =>
  trial({ definition: asr, config, frames, workflow: LISTENS, mount: "/stt/speech/universal/v2" });

const synthesiser = (mode: string) =>
  trial({
    definition: tts,
    config: { mode, answerMs: 5000 },
    frames: () => [prompt("u1", "Hello."), prompt("u2", "Bye.")],
    workflow: speaks(),
    mount: mode === "streaming" ? "/cognitiveservices/websocket/v2" : "/tts/cognitiveservices/websocket/v1",
  });

describe("recognition", () => {
  const conversation = recogniser({}, () => spoken(SENTENCES));
  registerContract(vendorRecogniserContract("azure.asr, a conversation,", conversation), test);
  const requests = recogniser({ mode: "once" }, () => markedSpeech(SENTENCES));
  registerContract(vendorRecogniserContract("azure.asr, single requests,", requests), test);
});

describe("synthesis", () => {
  for (const mode of ["text", "streaming"])
    registerContract(vendorSynthesiserContract(`azure.tts, ${mode},`, synthesiser(mode)), test);
});

describe("the gateway", () => {
  const url = `${ACCESS.host}/stt/speech/universal/v2?language=en-US&format=simple`;
  const id = "A".repeat(32);
  const send = (connection: Connection, path: string, body: string | Uint8Array) =>
    connection.send(encodeMessage({ path, requestId: id, timestamp: "2026-01-02T03:04:05.678Z", body }));
  const begin = async ({ network }: VendorService): Promise<Connection> => {
    const connection = await network.dial({ url, headers: { "Ocp-Apim-Subscription-Key": KEY.id } });
    send(connection, "speech.config", "{}");
    send(connection, "speech.context", JSON.stringify({ phraseDetection: { mode: "Conversation" } }));
    send(connection, "audio", waveHeader(16_000));
    await connection.receive();
    return connection;
  };
  const listen = (connection: Connection) => listenTo(connection, decodeMessage, ({ path }) => path === "turn.end");
  const subject = (): GatewaySubject => ({
    open: (workflow) => openService({ workflow: workflow === "failing" ? HEARING_FAILS : LISTENS }),
    addresses: [url],
    async converse(at) {
      const connection = await begin(at);
      for (const frame of spoken(SENTENCES)) send(connection, "audio", encodeS16le(frame.pcm));
      send(connection, "audio", new Uint8Array(0));
      return listen(connection);
    },
    tellsFailure: (told) => JSON.stringify(told).includes('RecognitionStatus\\":\\"Error'),
    refused: async ({ network }) =>
      listen(await network.dial({ url, headers: { "Ocp-Apim-Subscription-Key": WRONG } })),
    begin,
    secrets: [KEY.secret],
  });
  registerContract(gatewayContract("azure", subject), test);

  test("the end of a turn lies behind all of its audio, in whole milliseconds", async () => {
    await using opened = await openService({ workflow: hears("x") });
    const connection = await begin(opened);
    send(connection, "audio", encodeS16le(new Int16Array(44_580))); // 2786.25 ms
    send(connection, "audio", new Uint8Array(0));
    const told = await listen(connection);
    const ends = told
      .filter(({ body }) => /EndOfDictation/.test(String(body)))
      .map(({ body }) => JSON.parse(String(body)));
    expect(ends).toEqual([{ RecognitionStatus: "EndOfDictation", Offset: 27_870_000, Duration: 0 }]);
  });

  test("an id comes back as the client wrote it, and the message of the connection needs none", async () => {
    await using opened = await openService({ workflow: hears("x") });
    const connection = await opened.network.dial({ url, headers: { "Ocp-Apim-Subscription-Key": KEY.id } });
    const lower = id.toLowerCase();
    connection.send("X-Timestamp:2026-01-02T03:04:05.678Z\r\nPath:speech.config\r\n\r\n{}");
    connection.send(encodeMessage({ path: "speech.context", requestId: lower, timestamp: "", body: "{}" }));
    connection.send(encodeMessage({ path: "audio", requestId: lower, timestamp: "", body: waveHeader(16_000) }));
    connection.send(encodeMessage({ path: "audio", requestId: id, timestamp: "", body: new Uint8Array(0) }));
    const ids = (await listen(connection)).map(({ requestId }) => requestId);
    expect([...new Set(ids)]).toEqual([lower]);
  });
});
