import { describe, test } from "bun:test";
import { type Connection, encodeS16le, type Frame, type TextFrame } from "#engine/plugin";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorService,
  type VendorSubject,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { ACCESS, hearing, LISTENS, speaking, tencent } from "#test/tencent";
import { spoken } from "#test/toy-vendor/ears";
import { signedUrl } from "../../../plugins/tencent/access.ts";
import { asr } from "../../../plugins/tencent/asr.ts";
import { tts } from "../../../plugins/tencent/tts.ts";

const SENTENCES = ["one two", "three four"];
const HEARS = "ws://tencent.test/asr/v2";

/** The sentences as one stream, with the marks that a detector would set around each. */
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
    silentMs = voiced ? 0 : silentMs + 20;
    if (voiced && !open) {
      open = `u${++count}`;
      frames.push(mark("start", open));
    }
    if (open && silentMs > 200) {
      frames.push(mark("end", open));
      open = undefined;
    }
    if (open) frames.push({ ...frame, utterance: open });
  }
  return frames;
}

const recogniser = (more: Record<string, unknown>, frames: () => readonly Frame[]) => (): VendorSubject => {
  const config = { ...ACCESS, url: HEARS, ...more };
  return {
    definition: asr,
    config,
    frames: frames(),
    open: (faults = [], latencyMs = 0) => tencent({ workflow: LISTENS, faults, latencyMs }),
    mount: "/asr/v2/:appid",
    wrongKey: {
      config: { ...config, secretKey: "not-the-secret" },
      secrets: ["not-the-secret", ACCESS.secretKey, ACCESS.secretId],
    },
    passingError: 5000,
  };
};

const text = (utterance: string, words: string): TextFrame => ({
  kind: "text",
  role: "prompt",
  text: words,
  utterance,
  revision: 1,
  final: true,
  stableChars: words.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz: 16_000,
});

const MODES = {
  http: "http://tencent.test/stream",
  socket: "ws://tencent.test/stream_ws",
  flowing: "ws://tencent.test/stream_wsv2",
};

const synthesiser = (mode: "socket" | "flowing" | "http") => (): VendorSubject => {
  const config = { ...ACCESS, mode, url: MODES[mode], answerMs: 5000 };
  return {
    definition: tts,
    config,
    frames: [text("u1", "Hello you."), text("u2", "Bye.")],
    open: (faults = [], latencyMs = 0) => tencent({ workflow: speaking(), faults, latencyMs }),
    mount: new URL(MODES[mode]).pathname,
    wrongKey: {
      config: { ...config, secretKey: "not-the-secret" },
      secrets: ["not-the-secret", ACCESS.secretKey, ACCESS.secretId],
    },
    ...(mode !== "http" && { passingError: 10_000 }),
  };
};

describe("recognition", () => {
  const stream = recogniser({}, () => spoken(SENTENCES));
  registerContract(vendorRecogniserContract("tencent.asr by stream", stream), test);
  const utterances = recogniser({ sessions: "utterance", results: "sentences" }, marked);
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
  const listen = async (connection: Connection): Promise<unknown[]> => {
    const told: unknown[] = [];
    for await (const message of connection) {
      const { voice_id: _voice, message_id: _message, ...said } = JSON.parse(String(message));
      told.push(said);
    }
    return told;
  };
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
