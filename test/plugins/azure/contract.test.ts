import { describe, expect, test } from "bun:test";
import { type AudioFrame, type Connection, encodeS16le, type FaultScript, type Frame } from "#engine/plugin";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorService,
  type VendorSubject,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { spoken } from "#test/toy-vendor/ears";
import { asr } from "../../../plugins/azure/asr.ts";
import { tts } from "../../../plugins/azure/tts.ts";
import { decodeMessage, encodeMessage, waveHeader } from "../../../plugins/azure/wire.ts";
import { ACCESS, hears, KEY, LISTENS, openService, prompt, speaks } from "./service.ts";

const SENTENCES = ["one two", "three four"];
const WRONG = "wrong-key";

const service =
  (workflow: string) =>
  (faults: FaultScript["faults"] = [], latencyMs = 0): Promise<VendorService> =>
    openService({ workflow, faults, latencyMs });

const recogniser = (config: Record<string, unknown>, frames: () => readonly Frame[]) => (): VendorSubject => ({
  definition: asr,
  config: { ...ACCESS, ...config },
  frames: frames(),
  open: service(LISTENS),
  mount: "/stt/speech/universal/v2",
  wrongKey: { config: { ...ACCESS, ...config, key: WRONG }, secrets: [WRONG] },
  passingError: "Error",
});

/** The sentences as utterances, with the marks that a detector would set around each. */
function marked(): Frame[] {
  const frames: Frame[] = [];
  let open: string | undefined;
  let count = 0;
  let silentMs = 0;
  for (const frame of spoken(SENTENCES)) {
    const voiced = frame.pcm.some((sample) => sample !== 0);
    const mark = (kind: "start" | "end", utterance: string): Frame => ({
      kind: "speech",
      mark: kind,
      utterance,
      atSample: frame.startSample,
      sampleRateHz: 16_000,
    });
    if (voiced && !open) {
      open = `u${++count}`;
      frames.push(mark("start", open));
    }
    if (open) silentMs = voiced ? 0 : silentMs + 20;
    if (open && silentMs > 200) {
      frames.push(mark("end", open));
      open = undefined;
      silentMs = 0;
    }
    if (open) frames.push({ ...frame, utterance: open } satisfies AudioFrame);
  }
  return frames;
}

const synthesiser = (mode: string) => (): VendorSubject => ({
  definition: tts,
  config: { ...ACCESS, mode, answerMs: 5000 },
  frames: [prompt("u1", "Hello."), prompt("u2", "Bye.")],
  open: service(speaks()),
  mount: mode === "streaming" ? "/cognitiveservices/websocket/v2" : "/tts/cognitiveservices/websocket/v1",
  wrongKey: { config: { ...ACCESS, mode, key: WRONG }, secrets: [WRONG] },
  passingError: "Error",
});

describe("recognition", () => {
  registerContract(
    vendorRecogniserContract(
      "azure.asr, a conversation,",
      recogniser({}, () => spoken(SENTENCES)),
    ),
    test,
  );
  registerContract(vendorRecogniserContract("azure.asr, single requests,", recogniser({ mode: "once" }, marked)), test);
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
  const listen = async (connection: Connection): Promise<unknown[]> => {
    const told: unknown[] = [];
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
      const { path, body } = decodeMessage(message);
      told.push({ path, body });
      if (path === "turn.end") connection.close();
    }
    return told;
  };
  const subject = (): GatewaySubject => ({
    open: (workflow) =>
      service(workflow === "failing" ? hears("x").replace(/text: "x".*0\.9/, "error: NODE_FAILED") : LISTENS)(),
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
    const opened = await service(hears("x"))();
    const connection = await begin(opened);
    send(connection, "audio", encodeS16le(new Int16Array(44_580))); // 2786.25 ms
    send(connection, "audio", new Uint8Array(0));
    const told = (await listen(connection)) as { readonly path: string; readonly body: string }[];
    const ends = told.filter(({ body }) => /EndOfDictation/.test(body)).map(({ body }) => JSON.parse(body));
    expect(ends).toEqual([{ RecognitionStatus: "EndOfDictation", Offset: 27_870_000, Duration: 0 }]);
    await opened.close();
  });

  test("an id comes back as the client wrote it, and the message of the connection needs none", async () => {
    const opened = await service(hears("x"))();
    const connection = await opened.network.dial({ url, headers: { "Ocp-Apim-Subscription-Key": KEY.id } });
    const lower = id.toLowerCase();
    connection.send("X-Timestamp:2026-01-02T03:04:05.678Z\r\nPath:speech.config\r\n\r\n{}");
    connection.send(encodeMessage({ path: "speech.context", requestId: lower, timestamp: "", body: "{}" }));
    connection.send(encodeMessage({ path: "audio", requestId: lower, timestamp: "", body: waveHeader(16_000) }));
    connection.send(encodeMessage({ path: "audio", requestId: id, timestamp: "", body: new Uint8Array(0) }));
    const told: string[] = [];
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
      const { path, requestId } = decodeMessage(message);
      told.push(requestId);
      if (path === "turn.end") connection.close();
    }
    expect([...new Set(told)]).toEqual([lower]);
    await opened.close();
  });
});
