import { describe, setDefaultTimeout, test } from "bun:test";
import { type Connection, encodeS16le, type Frame } from "#engine/plugin";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorService,
  vendorInterpreterContract,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { HEARING_FAILS } from "#test/service-workflows";
import { prompt } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { markedSpeech } from "#test/utterances";
import { listenTo, openedBy, trialsOf } from "#test/vendor-trials";
import { asr } from "../../../plugins/modelstudio/asr.ts";
import { interpret } from "../../../plugins/modelstudio/interpret.ts";
import { tts } from "../../../plugins/modelstudio/tts.ts";
import {
  ACCESS,
  API_KEY,
  AUTHORIZATION,
  KEY,
  LISTENS,
  openService,
  PARAFORMER,
  REALTIME_URL,
  SPEAKS,
  TASKS_URL,
} from "./service.ts";

setDefaultTimeout(60_000);

const SENTENCES = ["one two", "three four"];
const INFERENCE = "/api-ws/v1/inference";
const marked = () => markedSpeech(SENTENCES);

const subject = trialsOf({
  access: ACCESS,
  wrongAccess: { apiKey: "example-key.not-the-secret" },
  secrets: ["not-the-secret", KEY.secret],
  passingError: "InternalError",
  open: openedBy(openService),
});

const hearing = (config: Record<string, unknown>, frames = () => spoken(SENTENCES) as readonly Frame[]) =>
  subject({ definition: asr, config, frames, workflow: LISTENS, mount: INFERENCE });

describe("recognition by tasks", () => {
  registerContract(vendorRecogniserContract("modelstudio.asr, Gummy,", hearing({})), test);
  registerContract(vendorRecogniserContract("modelstudio.asr, Paraformer,", hearing(PARAFORMER)), test);
  const utterances = hearing({ ...PARAFORMER, mode: "utterance" }, marked);
  registerContract(vendorRecogniserContract("modelstudio.asr by utterance", utterances), test);
  const translated = subject({
    definition: interpret,
    config: { target: "es", language: "en" },
    frames: () => spoken(SENTENCES),
    workflow: LISTENS,
    mount: INFERENCE,
  });
  registerContract(vendorInterpreterContract("modelstudio.interpret", translated), test);
});

describe("synthesis by tasks", () => {
  const speaking = (config: Record<string, unknown>) =>
    subject({
      definition: tts,
      config: { answerMs: 5000, ...config },
      frames: () => [prompt("u1", "Hello."), prompt("u2", "Bye.")],
      workflow: SPEAKS,
      mount: INFERENCE,
    });
  registerContract(vendorSynthesiserContract("modelstudio.tts, CosyVoice,", speaking({})), test);
  const flowing = speaking({ mode: "flowing" });
  registerContract(vendorSynthesiserContract("modelstudio.tts, CosyVoice flowing,", flowing), test);
  const sambert = speaking({ model: "sambert-zhichu-v1" });
  registerContract(vendorSynthesiserContract("modelstudio.tts, Sambert,", sambert), test);
});

const REALTIME = "/api-ws/v1/realtime";

describe("in real time", () => {
  const asrTrial = { definition: asr, workflow: LISTENS, mount: REALTIME };
  const model = "qwen3-asr-flash-realtime";
  const stream = subject({ ...asrTrial, config: { model }, frames: () => spoken(SENTENCES) });
  registerContract(vendorRecogniserContract("modelstudio.asr, Qwen,", stream), test);
  const utterances = subject({ ...asrTrial, config: { model, mode: "utterance" }, frames: marked });
  registerContract(vendorRecogniserContract("modelstudio.asr, Qwen by utterance,", utterances), test);
  const speaking = (mode: string) =>
    subject({
      definition: tts,
      config: { model: "qwen3-tts-flash-realtime", mode, answerMs: 5000 },
      frames: () => [prompt("u1", "Hello."), prompt("u2", "Bye.")],
      workflow: SPEAKS,
      mount: REALTIME,
    });
  registerContract(vendorSynthesiserContract("modelstudio.tts, Qwen,", speaking("plain")), test);
  registerContract(vendorSynthesiserContract("modelstudio.tts, Qwen flowing,", speaking("flowing")), test);
});

describe("the gateway in real time", () => {
  const event = (type: string, fields: object = {}) => JSON.stringify({ event_id: "event_1", type, ...fields });
  const url = `${REALTIME_URL}?model=qwen3-asr-flash-realtime`;
  const begin = async ({ network }: VendorService): Promise<Connection> => {
    const connection = await network.dial({ url, headers: { authorization: AUTHORIZATION } });
    await connection.receive();
    connection.send(event("session.update", { session: { input_audio_format: "pcm", sample_rate: 16000 } }));
    await connection.receive();
    connection.send(event("input_audio_buffer.append", { audio: Buffer.alloc(3200).toString("base64") }));
    return connection;
  };
  /** Without the ids that differ from session to session. */
  const listen = (connection: Connection) =>
    listenTo(
      connection,
      (message) => {
        const { type, text, stash, transcript, error } = JSON.parse(String(message)) as Record<string, unknown>;
        return { type, text, stash, transcript, error };
      },
      ({ type }) => type === "session.finished",
    );
  const gatewaySubject = (): GatewaySubject => ({
    open: (workflow) => openService({ workflow: workflow === "failing" ? HEARING_FAILS : LISTENS }),
    addresses: [REALTIME_URL, url],
    async converse(at) {
      const connection = await begin(at);
      for (const frame of spoken(SENTENCES)) {
        const audio = Buffer.from(encodeS16le(frame.pcm)).toString("base64");
        connection.send(event("input_audio_buffer.append", { audio }));
      }
      connection.send(event("session.finish"));
      return listen(connection);
    },
    tellsFailure: (told) => JSON.stringify(told).includes('"type":"error"'),
    refused: async ({ network }) => listen(await network.dial({ url, headers: { authorization: "Bearer wrong" } })),
    begin,
    secrets: [KEY.secret, API_KEY],
  });
  registerContract(gatewayContract("modelstudio in real time", gatewaySubject), test);
});

describe("the gateway of tasks", () => {
  const TASK = "2".repeat(32);
  const command = (action: string, payload: unknown) =>
    JSON.stringify({ header: { action, task_id: TASK, streaming: "duplex" }, payload });
  const begin = async ({ network }: VendorService): Promise<Connection> => {
    const connection = await network.dial({ url: TASKS_URL, headers: { authorization: AUTHORIZATION } });
    const parameters = { format: "pcm", sample_rate: 16000, translation_enabled: true };
    const called = { task_group: "audio", task: "asr", function: "recognition", model: "gummy-realtime-v1" };
    connection.send(command("run-task", { ...called, parameters, input: {} }));
    await connection.receive();
    connection.send(new Uint8Array(3200));
    return connection;
  };
  const listen = (connection: Connection) =>
    listenTo(
      connection,
      (message) => JSON.parse(String(message)),
      ({ header }) => header.event === "task-finished",
    );
  const gatewaySubject = (): GatewaySubject => ({
    open: (workflow) => openService({ workflow: workflow === "failing" ? HEARING_FAILS : LISTENS }),
    addresses: [TASKS_URL],
    async converse(at) {
      const connection = await begin(at);
      for (const frame of spoken(SENTENCES)) connection.send(encodeS16le(frame.pcm));
      connection.send(command("finish-task", { input: {} }));
      return listen(connection);
    },
    tellsFailure: (told) => JSON.stringify(told).includes("task-failed"),
    refused: async ({ network }) =>
      listen(await network.dial({ url: TASKS_URL, headers: { authorization: "Bearer wrong" } })),
    begin,
    secrets: [KEY.secret, API_KEY],
  });
  registerContract(gatewayContract("modelstudio tasks", gatewaySubject), test);
});
