import { describe, test } from "bun:test";
import { type Connection, encodeS16le, type Frame } from "#engine/plugin";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorService,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { LISTENS } from "#test/service-workflows";
import { prompt } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { markedSpeech } from "#test/utterances";
import { listenTo, trialsOf } from "#test/vendor-trials";
import { signedUrl } from "../../../plugins/tencent/access.ts";
import { asr } from "../../../plugins/tencent/asr.ts";
import { tts } from "../../../plugins/tencent/tts.ts";
import { ACCESS, hearing, speaking, tencent } from "./service.ts";

const SENTENCES = ["one two", "three four"];
const HEARS = "ws://tencent.test/asr/v2";

const trial = trialsOf({
  access: ACCESS,
  wrongAccess: { secretKey: "not-the-secret" },
  secrets: ["not-the-secret", ACCESS.secretKey, ACCESS.secretId],
  open:
    (workflow) =>
    (faults = [], latencyMs = 0) =>
      tencent({ workflow, faults, network: { latencyMs } }),
});

const recogniser = (config: Record<string, unknown>, frames: () => readonly Frame[]) =>
  trial({
    definition: asr,
    config: { url: HEARS, ...config },
    frames,
    workflow: LISTENS,
    mount: "/asr/v2/:appid",
    passingError: 5000,
  });

const MODES = {
  http: "http://tencent.test/stream",
  socket: "ws://tencent.test/stream_ws",
  flowing: "ws://tencent.test/stream_wsv2",
};

const synthesiser = (mode: "socket" | "flowing" | "http") =>
  trial({
    definition: tts,
    config: { mode, url: MODES[mode], answerMs: 5000 },
    frames: () => [prompt("u1", "Hello you."), prompt("u2", "Bye.")],
    workflow: speaking(),
    mount: new URL(MODES[mode]).pathname,
    ...(mode !== "http" && { passingError: 10_000 }),
  });

describe("recognition", () => {
  const stream = recogniser({}, () => spoken(SENTENCES));
  registerContract(vendorRecogniserContract("tencent.asr by stream", stream), test);
  const utterances = recogniser({ sessions: "utterance", results: "sentences" }, () => markedSpeech(SENTENCES));
  registerContract(vendorRecogniserContract("tencent.asr by utterance", utterances), test);
});

describe("synthesis", () => {
  for (const mode of ["http", "socket", "flowing"] as const)
    registerContract(vendorSynthesiserContract(`tencent.tts, ${mode},`, synthesiser(mode)), test);
});

describe("the gateway", () => {
  let voices = 0;
  const dial = ({ network, emulator }: VendorService, secretKey: string): Promise<Connection> => {
    const timestamp = Math.floor(emulator.host.epochMs() / 1000);
    const parameters = {
      engine_model_type: "16k_zh",
      voice_format: 1,
      voice_id: `v${++voices}`,
      secretid: ACCESS.secretId,
      timestamp,
      expired: timestamp + 60,
      nonce: 5,
    };
    const url = signedUrl(`${HEARS}/${ACCESS.appId}`, parameters, { method: "", name: "signature", secretKey });
    return network.dial({ url });
  };
  const begin = async (service: VendorService): Promise<Connection> => {
    const connection = await dial(service, ACCESS.secretKey);
    await connection.receive();
    connection.send(new Uint8Array(3200));
    return connection;
  };
  /** Without the ids that differ from client to client. */
  const listen = (connection: Connection) =>
    listenTo(connection, (message) => {
      const { voice_id: _voice, message_id: _message, ...said } = JSON.parse(String(message));
      return said;
    });
  const failing = hearing([{ error: "NODE_FAILED", fromMs: 0, untilMs: 100 }]);
  const subject = (): GatewaySubject => ({
    open: (workflow) => tencent({ workflow: workflow === "failing" ? failing : LISTENS }),
    addresses: [
      `${HEARS}/${ACCESS.appId}`,
      "ws://tencent.test/stream_ws",
      "ws://tencent.test/stream_wsv2",
      `http://tencent.test/asr/v1/${ACCESS.appId}`,
      `http://tencent.test/asr/flash/v1/${ACCESS.appId}`,
      "http://tencent.test/stream",
      "http://tencent.test/",
    ],
    async converse(at) {
      const connection = await begin(at);
      for (const frame of spoken(SENTENCES).slice(0, 140)) connection.send(encodeS16le(frame.pcm));
      connection.send('{"type": "end"}');
      return listen(connection);
    },
    tellsFailure: (told) => JSON.stringify(told).includes('"code":5001'),
    refused: async (at) => listen(await dial(at, "wrong")),
    begin,
    secrets: [ACCESS.secretKey],
  });
  registerContract(gatewayContract("tencent", subject), test);
});
