import type { Connection } from "#engine/plugin";
import { signCall, timestampOf, tokenParameters } from "../../../../plugins/aliyun/token/signature.ts";
import { opening, sendingSeconds } from "../clients.ts";
import { SPEAKS } from "../samples.ts";
import type { BadCall, CalledService } from "../table.ts";
import { APPKEY, SECRETS } from "./account.ts";

const PATH = "/ws/v1";
const hex = (digit: number): string => `${digit}`.repeat(32);

interface Asking {
  readonly namespace?: string;
  readonly token?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Sent when the task has started. */
  readonly onStart?: (connection: Connection) => void;
}

const NAMES: Readonly<Record<string, string>> = {
  SpeechRecognizer: "StartRecognition",
  SpeechTranscriber: "StartTranscription",
  SpeechSynthesizer: "StartSynthesis",
  FlowingSpeechSynthesizer: "StartSynthesis",
};

/** A client of one socket that starts a task: the names of the events it was told, with the status of a failure, and its close code. */
const starting =
  ({ namespace = "SpeechRecognizer", token = SECRETS.token, header = {}, payload = {}, onStart }: Asking) =>
  async ({ network, web }: CalledService): Promise<string> => {
    const connection = await network.dial({ url: `ws://${web}${PATH}`, headers: { "X-NLS-Token": token } });
    const own = { message_id: hex(1), task_id: hex(2), namespace, name: NAMES[namespace] ?? "Start", appkey: APPKEY };
    connection.send(JSON.stringify({ header: { ...own, ...header }, payload }));
    const told: string[] = [];
    for await (const message of connection) {
      if (typeof message !== "string") continue;
      const said = JSON.parse(message).header;
      told.push(said.name === "TaskFailed" ? `${said.status} ${said.status_text}` : said.name);
      if (/Started$/.test(said.name)) onStart?.(connection);
    }
    const { code } = await connection.closed;
    return `${told.join(", ")}; closed with ${code}`;
  };

const refused = (token: string) => opening(PATH, { "X-NLS-Token": token });

/** Asks for a token: `status code`. */
const tokenCall =
  (more: { readonly id?: string; readonly secret?: string; readonly agoMs?: number }) =>
  async ({ network, web, emulator }: CalledService): Promise<string> => {
    const { id = "example-key", secret = SECRETS.secret, agoMs = 0 } = more;
    const timestamp = timestampOf(emulator.host.epochMs() - agoMs);
    const parameters = tokenParameters({ accessKeyId: id, nonce: hex(3), timestamp, regionId: "cn-shanghai" });
    const { query } = signCall("GET", parameters, secret);
    const answer = await network.fetch({ url: `http://${web}/?${query}` });
    return `${answer.status} ${await answer.text()}`;
  };

const START = { format: "pcm", sample_rate: 16_000 };
/** What the gateway is asked for and does not give. */
export const calls: readonly BadCall[] = [
  { what: "a socket without a token", told: "status 403", call: refused("") },
  { what: "a socket with a wrong token", told: "status 403", call: refused(SECRETS.other) },
  {
    what: "a task with a wrong token",
    told: /^40000001 .*ACCESS_DENIED.*closed with 1000/,
    gatewayConfig: { badToken: "task" },
    call: starting({ token: SECRETS.other, payload: START }),
  },
  {
    what: "a token with a wrong secret",
    told: /^40\d .*SignatureDoesNotMatch/,
    call: tokenCall({ secret: SECRETS.other }),
  },
  {
    what: "a token for a key that nobody knows",
    told: /^40\d .*InvalidAccessKeyId/,
    call: tokenCall({ id: "nobody" }),
  },
  { what: "a token an hour late", told: /^40\d .*InvalidTimeStamp/, call: tokenCall({ agoMs: 3_600_000 }) },
  {
    what: "a task without an appkey",
    told: /^40000003 .*closed with 1000/,
    call: starting({ header: { appkey: "" }, payload: START }),
  },
  {
    what: "a task of somebody else's project",
    told: /^40020105 .*closed with 1000/,
    call: starting({ header: { appkey: "anothers" }, payload: START }),
  },
  {
    what: "a task whose id is too short",
    told: /^40000002 .*closed with 1000/,
    call: starting({ header: { task_id: "1" }, payload: START }),
  },
  {
    what: "something that it does not do",
    told: /^40010001 .*closed with 1000/,
    call: starting({ namespace: "TeaMaker", payload: START }),
  },
  {
    what: "a format that it has not",
    told: /^41010100 .*closed with 1000/,
    call: starting({ payload: { ...START, format: "speex" } }),
  },
  {
    what: "a rate that it has not",
    told: /^41010101 .*closed with 1000/,
    call: starting({ payload: { ...START, sample_rate: 44_100 } }),
  },
  {
    what: "a sentence of more than 60 s",
    told: /^RecognitionStarted, 41010104 .*closed with 1000/,
    runs: 1,
    call: starting({ payload: START, onStart: sendingSeconds(61) }),
  },
  {
    what: "WAV that is none",
    told: /^TranscriptionStarted, 40270003 .*closed with 1000/,
    runs: 1,
    call: starting({
      namespace: "SpeechTranscriber",
      payload: { ...START, format: "wav" },
      onStart: (connection) => connection.send(new Uint8Array(100).fill(7)),
    }),
  },
  {
    what: "Opus that is none",
    told: /^RecognitionStarted, 40270003 .*closed with 1000/,
    runs: 1,
    call: starting({
      payload: { ...START, format: "opus" },
      onStart: (connection) => connection.send(new Uint8Array(100).fill(255)),
    }),
  },
  {
    what: "silence from its client",
    told: /^RecognitionStarted, 40000004 .*closed with 1000/,
    runs: 1,
    call: starting({ payload: START }),
  },
  {
    what: "no text to speak",
    told: /^40010003 .*closed with 1000/,
    service: SPEAKS,
    call: starting({ namespace: "SpeechSynthesizer" }),
  },
  {
    what: "speech in a form that it has not",
    told: /^41010100 .*closed with 1000/,
    service: SPEAKS,
    call: starting({ namespace: "SpeechSynthesizer", payload: { text: "Hi.", format: "flac" } }),
  },
  {
    what: "speech at a rate that it has not",
    told: /^41010101 .*closed with 1000/,
    service: SPEAKS,
    call: starting({ namespace: "SpeechSynthesizer", payload: { text: "Hi.", sample_rate: 12_345 } }),
  },
  {
    what: "something that is no message",
    told: /^400\d+ .*closed with 1000/,
    async call({ network, web }) {
      const connection = await network.dial({ url: `ws://${web}${PATH}`, headers: { "X-NLS-Token": SECRETS.token } });
      connection.send("hello");
      const told: string[] = [];
      for await (const message of connection) told.push(String(JSON.parse(String(message)).header.status));
      return `${told.join(", ")} ; closed with ${(await connection.closed).code}`;
    },
  },
];
