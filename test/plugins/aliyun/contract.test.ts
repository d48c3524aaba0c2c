import { describe, test } from "bun:test";
import {
  type AudioFrame,
  type Connection,
  encodeS16le,
  type FaultScript,
  type Frame,
  loadOpus,
  type TextFrame,
} from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import {
  emulate,
  type GatewaySubject,
  gatewayContract,
  registerContract,
  synthesiserContract,
  type VendorService,
  type VendorSubject,
  vendorContract,
  vendorRecogniserContract,
  vendorSynthesiserContract,
} from "#engine/testing";
import { spoken } from "#test/toy-vendor/ears";
import { asr } from "../../../plugins/aliyun/asr.ts";
import { gateway } from "../../../plugins/aliyun/gateway.ts";
import { tts } from "../../../plugins/aliyun/tts.ts";
import { ACCESS, HOST, hears, KEY, LISTENS, speaks, TOKEN, typesWithTones } from "./service.ts";

await loadOpus();

const service =
  (workflow: string) =>
  async (faults: FaultScript["faults"] = [], latencyMs = 0): Promise<VendorService> => {
    const clock = new VirtualClock();
    const stop = clock.drive();
    const network = new MemoryNetwork(clock, { latencyMs });
    const types = typesWithTones();
    const emulator = await emulate(gateway, {
      network,
      web: HOST,
      types,
      workflow,
      keys: [KEY],
      faults: { faults: [...faults] },
    });
    const close = async () => {
      await emulator.close();
      stop();
    };
    return { clock, network, emulator, close };
  };

const SENTENCES = ["one two", "three four"];

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
      sampleRateHz: 16000,
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
const recogniser = (config: Record<string, unknown>, frames: () => readonly Frame[]) => (): VendorSubject => ({
  definition: asr,
  config: { ...ACCESS, ...config },
  frames: frames(),
  open: service(LISTENS),
  mount: "/ws/v1",
  wrongKey: {
    config: { ...ACCESS, ...config, token: "example-key.not-the-secret" },
    secrets: ["not-the-secret", KEY.secret],
  },
  passingError: 50000000,
});

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
  sampleRateHz: 16000,
});

const synthesiser = (mode: string) => (): VendorSubject => ({
  definition: tts,
  config: { ...ACCESS, mode, answerMs: 5000 },
  frames: [text("u1", "Hello."), text("u2", "Bye.")],
  open: service(speaks()),
  mount: "/ws/v1",
  wrongKey: {
    config: { ...ACCESS, mode, token: "example-key.not-the-secret" },
    secrets: ["not-the-secret", KEY.secret],
  },
  passingError: 50000000,
});

describe("recognition", () => {
  registerContract(vendorRecogniserContract("aliyun.asr by sentence", recogniser({}, marked)), test);
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
  const listen = async (connection: Connection): Promise<unknown[]> => {
    const told: unknown[] = [];
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
      const { header, payload } = JSON.parse(String(message)) as { header: Record<string, unknown>; payload: unknown };
      told.push({ name: header.name, status: header.status, payload });
      if (header.name === "RecognitionCompleted") connection.close();
    }
    return told;
  };
  const subject = (): GatewaySubject => ({
    open: (workflow) =>
      service(workflow === "failing" ? hears("x").replace(/text: "x".*0\.9/, "error: NODE_FAILED") : LISTENS)(),
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
