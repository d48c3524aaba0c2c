import { describe, test } from "bun:test";
import { type Connection, encodeS16le, type Frame, loadOpus } from "#engine/plugin";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  synthesiserContract,
  type VendorService,
  vendorContract,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { HEARING_FAILS, LISTENS, speaks } from "#test/service-workflows";
import { prompt } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { markedSpeech } from "#test/utterances";
import { listenTo, openedBy, trialsOf } from "#test/vendor-trials";
import { asr } from "../../../plugins/aliyun/asr.ts";
import { tts } from "../../../plugins/aliyun/tts.ts";
import { ACCESS, KEY, openService, TOKEN } from "./service.ts";

await loadOpus();

const SENTENCES = ["one two", "three four"];

const trial = trialsOf({
  access: ACCESS,
  wrongAccess: { token: "example-key.not-the-secret" },
  secrets: ["not-the-secret", KEY.secret],
  passingError: 50000000,
  open: openedBy(openService),
});

const recogniser = (config: Record<string, unknown>, frames: () => readonly Frame[]) =>
  trial({ definition: asr, config, frames, workflow: LISTENS, mount: "/ws/v1" });

const synthesiser = (mode: string) =>
  trial({
    definition: tts,
    config: { mode, answerMs: 5000 },
    frames: () => [prompt("u1", "Hello."), prompt("u2", "Bye.")],
    workflow: speaks(),
    mount: "/ws/v1",
  });

describe("recognition", () => {
  registerContract(
    vendorRecogniserContract(
      "aliyun.asr by sentence",
      recogniser({}, () => markedSpeech(SENTENCES)),
    ),
    test,
  );
  const whole = recogniser({ mode: "continuous", format: "pcm" }, () => spoken(SENTENCES));
  registerContract(vendorRecogniserContract("aliyun.asr continuously", whole), test);
});

test("sessions in Opus leave no coder behind, on either side", async () => {
  const checks = vendorContract(
    "aliyun.asr in opu",
    recogniser({ mode: "continuous", format: "opu" }, () => spoken(SENTENCES)),
  );
  await checks.find(({ name }) => name.includes("leaves nothing behind"))?.run();
}, 120_000);

describe("synthesis", () => {
  for (const mode of ["plain", "flowing"])
    registerContract(vendorSynthesiserContract(`aliyun.tts, ${mode},`, synthesiser(mode)), test);
  // on the wire it differs from plain synthesis by a name only
  const long = synthesiser("long")();
  registerContract(
    synthesiserContract("aliyun.tts, long,", () => ({ ...long, open: () => long.open() })),
    test,
  );
});

describe("the gateway", () => {
  const directive = (name: string, payload?: unknown) =>
    JSON.stringify({
      header: {
        message_id: "1".repeat(32),
        task_id: "2".repeat(32),
        namespace: "SpeechRecognizer",
        name,
        appkey: ACCESS.appkey,
      },
      ...(payload === undefined ? {} : { payload }),
    });
  const begin = async ({ network }: VendorService): Promise<Connection> => {
    const connection = await network.dial({ url: ACCESS.url, headers: { "X-NLS-Token": TOKEN } });
    connection.send(directive("StartRecognition", { format: "pcm", enable_intermediate_result: true }));
    await connection.receive();
    connection.send(new Uint8Array(3200));
    return connection;
  };
  /** Without the ids that differ from message to message. */
  const listen = (connection: Connection) =>
    listenTo(
      connection,
      (message) => {
        const { header, payload } = JSON.parse(String(message));
        return { name: header.name, status: header.status, payload };
      },
      ({ name }) => name === "RecognitionCompleted",
    );
  const subject = (): GatewaySubject => ({
    open: (workflow) => openService({ workflow: workflow === "failing" ? HEARING_FAILS : LISTENS }),
    addresses: [ACCESS.url, "http://nls.test/"],
    async converse(at) {
      const connection = await begin(at);
      for (const frame of spoken(SENTENCES)) connection.send(encodeS16le(frame.pcm));
      connection.send(directive("StopRecognition"));
      return listen(connection);
    },
    tellsFailure: (told) => JSON.stringify(told).includes("TaskFailed"),
    refused: async ({ network }) =>
      listen(await network.dial({ url: ACCESS.url, headers: { "X-NLS-Token": "wrong" } })),
    begin,
    secrets: [KEY.secret, TOKEN],
  });
  registerContract(gatewayContract("aliyun", subject), test);
});
