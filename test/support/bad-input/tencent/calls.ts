import type { Connection } from "#engine/plugin";
import { percentEncode, signSha1, tc3Authorization, wireQuery } from "../../../../plugins/tencent/signatures.ts";
import { sendingSeconds } from "../clients.ts";
import { hearsOnly, SPEAKS } from "../samples.ts";
import type { BadCall, CalledService } from "../table.ts";
import { APP_ID, SECRETS } from "./account.ts";

type Values = Readonly<Record<string, string | number>>;
interface Asking {
  readonly more?: Values;
  readonly secret?: string;
  readonly appId?: string;
  readonly agoS?: number;
  readonly body?: Uint8Array | string;
  /** Of a socket: done as soon as it is open. */
  readonly act?: (connection: Connection) => void;
}

const nowS = ({ emulator }: CalledService, agoS = 0): number => Math.floor(emulator.host.epochMs() / 1000) - agoS;

const post = async (
  { network, web }: CalledService,
  path: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>>,
) => (await network.fetch({ url: `http://${web}${path}`, method: "POST", headers, body })).text();

/** All that a socket says until it is closed; a client of synthesis closes it by itself after the last message. */
async function toldBy(connection: Connection): Promise<string> {
  let told = "";
  for await (const message of connection) {
    told += typeof message === "string" ? message : `${message.length} bytes`;
    if (typeof message === "string" && JSON.parse(message).code !== 0) connection.close();
  }
  return told;
}

const realtime =
  ({ more = {}, secret = SECRETS.key, appId = APP_ID, agoS = 0, act }: Asking) =>
  async (service: CalledService): Promise<string> => {
    const timestamp = nowS(service, agoS);
    const values = {
      engine_model_type: "16k_zh",
      voice_format: 1,
      voice_id: "voice-1",
      secretid: SECRETS.id,
      timestamp,
      expired: timestamp + 3600,
      nonce: 7,
      ...more,
    };
    const signature = percentEncode(signSha1(`asr.cloud.tencent.com/asr/v2/${appId}`, values, secret));
    const url = `ws://${service.web}/asr/v2/${appId}?${wireQuery(values)}&signature=${signature}`;
    const connection = await service.network.dial({ url });
    act?.(connection);
    return toldBy(connection);
  };

let nonce = 0;
const legacy =
  ({ more = {}, secret = SECRETS.key, appId = APP_ID, agoS = 0, body = new Uint8Array(4) }: Asking) =>
  (service: CalledService): Promise<string> => {
    const timestamp = nowS(service, agoS);
    const values = {
      callback_url: "http://here.test/cb",
      source_type: 1,
      secretid: SECRETS.id,
      timestamp,
      expired: timestamp + 3600,
      nonce: ++nonce,
      ...more,
    };
    const authorization = signSha1(`POSTaai.qcloud.com/asr/v1/${appId}`, values, secret);
    return post(service, `/asr/v1/${appId}?${wireQuery(values)}`, body, { authorization });
  };

const flash =
  ({ more = {}, secret = SECRETS.key, agoS = 0, body = new Uint8Array(4) }: Asking) =>
  (service: CalledService): Promise<string> => {
    const timestamp = nowS(service, agoS);
    const values = { engine_type: "16k_zh", voice_format: "wav", secretid: SECRETS.id, timestamp, ...more };
    const authorization = signSha1(`POSTasr.cloud.tencent.com/asr/flash/v1/${APP_ID}`, values, secret);
    return post(service, `/asr/flash/v1/${APP_ID}?${wireQuery(values)}`, body, { authorization });
  };

const TASK = {
  EngineModelType: "16k_zh",
  ChannelNum: 1,
  ResTextFormat: 0,
  SourceType: 1,
  Data: "YWJjZA==",
  DataLen: 4,
};
const current =
  (asked: unknown, { secret = SECRETS.key, agoS = 0, action = "CreateRecTask" } = {}) =>
  (service: CalledService): Promise<string> => {
    const body = typeof asked === "string" ? asked : JSON.stringify(asked);
    const headers = { "content-type": "application/json", host: "first.test" };
    const timestampS = nowS(service, agoS);
    const signing = { timestampS, service: "asr", headers, signed: ["content-type", "host"], body };
    return post(service, "/", body, {
      ...headers,
      "x-tc-action": action,
      "x-tc-version": "2019-06-14",
      "x-tc-timestamp": `${timestampS}`,
      authorization: tc3Authorization(signing, SECRETS.id, secret),
    });
  };

const speech =
  ({ more = {}, secret = SECRETS.key, agoS = 0 }: Asking) =>
  async (service: CalledService): Promise<string> => {
    const timestamp = nowS(service, agoS);
    const values = {
      Action: "TextToStreamAudioWS",
      AppId: APP_ID,
      Codec: "pcm",
      SampleRate: 16_000,
      SecretId: SECRETS.id,
      SessionId: "session-1",
      Text: "Hello.",
      Timestamp: timestamp,
      Expired: timestamp + 3600,
      ...more,
    };
    const signature = percentEncode(signSha1("GETtts.cloud.tencent.com/stream_ws", values, secret));
    const url = `ws://${service.web}/stream_ws?${wireQuery(values)}&Signature=${signature}`;
    return toldBy(await service.network.dial({ url }));
  };

const LONG = `http://files.test/${"a".repeat(2048)}`;
const MORE_THAN_5_MB = new Uint8Array(5 * 1024 * 1024 + 1);
const speaks = { service: SPEAKS };

/** One language, and no other. */
const ENGLISH = hearsOnly("language", "en");

const inRealTime: BadCall[] = [
  {
    what: "recognition in a language that its workflow has not",
    told: /^{"code":4001/,
    service: ENGLISH,
    runs: 1,
    call: realtime({}),
  },
  { what: "recognition with a wrong key", told: /^{"code":4002/, call: realtime({ secret: SECRETS.otherKey }) },
  { what: "recognition by nobody", told: /^{"code":4002/, call: realtime({ more: { secretid: "nobody" } }) },
  { what: "recognition for another account", told: /^{"code":4002/, call: realtime({ appId: "7" }) },
  { what: "recognition two hours late", told: /^{"code":4002.*expired/, call: realtime({ agoS: 7200 }) },
  {
    what: "recognition by no engine",
    told: /^{"code":4001.*engine_model_type/,
    call: realtime({ more: { engine_model_type: "44k_en" } }),
  },
  {
    what: "recognition of a rate that it has not",
    told: /^{"code":4001.*input_sample_rate/,
    call: realtime({ more: { input_sample_rate: 44_100 } }),
  },
  {
    what: "recognition of a format that it has not",
    told: /^{"code":4001.*voice_format/,
    call: realtime({ more: { voice_format: 6 } }),
  },
  {
    what: "recognition of WAV that is none",
    told: /{"code":4007/,
    runs: 1,
    call: realtime({ more: { voice_format: 12 }, act: (connection) => connection.send(new Uint8Array(100).fill(7)) }),
  },
  {
    what: "recognition of four seconds within one",
    told: /{"code":4000/,
    runs: 1,
    call: realtime({ act: sendingSeconds(4) }),
  },
  { what: "recognition of nothing", told: /{"code":4008/, runs: 1, call: realtime({}) },
  {
    what: "something else amid recognition",
    told: /{"code":4010/,
    runs: 1,
    call: realtime({ act: (connection) => connection.send("hello") }),
  },
];

const ofRecordings: BadCall[] = [
  { what: "an older task with a wrong key", told: /^{"code":1030/, call: legacy({ secret: SECRETS.otherKey }) },
  { what: "an older task by nobody", told: /^{"code":1027/, call: legacy({ more: { secretid: "nobody" } }) },
  { what: "an older task two hours late", told: /^{"code":1025/, call: legacy({ agoS: 7200 }) },
  { what: "an older task for another account", told: /^{"code":1019/, call: legacy({ appId: "7" }) },
  {
    what: "an older task by a current engine",
    told: /^{"code":1005/,
    call: legacy({ more: { engine_model_type: "16k_zh" } }),
  },
  {
    what: "an older task with an address that is too long",
    told: /^{"code":1017/,
    call: legacy({ more: { source_type: 0, url: LONG }, body: "" }),
  },
  { what: "an older task of more than 5 MB", told: /^{"code":1032/, call: legacy({ body: MORE_THAN_5_MB }) },
  { what: "an older task in no encoding", told: /^{"code":1003/, call: legacy({ more: { res_text_format: 9 } }) },
  {
    what: "an older task that is called back nowhere",
    told: /^{"code":1006/,
    call: legacy({ more: { callback_url: "here" } }),
  },
  {
    what: "a task with a wrong key",
    told: /AuthFailure.SignatureFailure/,
    call: current(TASK, { secret: SECRETS.otherKey }),
  },
  { what: "a task an hour late", told: /AuthFailure.SignatureExpire/, call: current(TASK, { agoS: 3600 }) },
  {
    what: "a task by no engine",
    told: /InvalidParameterValue.*EngineModelType/,
    call: current({ ...TASK, EngineModelType: "44k_en" }),
  },
  {
    what: "a task of more than 5 MB",
    told: /InvalidParameterValue.*too large/,
    call: current({ ...TASK, Data: Buffer.from(MORE_THAN_5_MB).toString("base64"), DataLen: undefined }),
  },
  { what: "a task that is no JSON", told: /InvalidParameter".*no JSON/, call: current("hello") },
  {
    what: "a task that there is not",
    told: /FailedOperation.NoSuchTask/,
    call: current({ TaskId: 5 }, { action: "DescribeTaskStatus" }),
  },
  { what: "tea", told: /InvalidAction/, call: current({}, { action: "MakeTea" }) },
  { what: "flash with a wrong key", told: /"code":4002/, call: flash({ secret: SECRETS.otherKey }) },
  { what: "flash an hour late", told: /"code":4002/, call: flash({ agoS: 3600 }) },
  {
    what: "flash of a container that it has not",
    told: /"code":4001/,
    call: flash({ more: { voice_format: "flac" } }),
  },
  { what: "flash of nothing", told: /"code":4012/, call: flash({ body: "" }) },
  { what: "flash of WAV that is none", told: /"code":40(07|12)/, call: flash({}) },
];

const ofSpeech: BadCall[] = [
  { what: "speech with a wrong key", told: /"code":10003/, ...speaks, call: speech({ secret: SECRETS.otherKey }) },
  { what: "speech two hours late", told: /"code":10003/, ...speaks, call: speech({ agoS: 7200 }) },
  {
    what: "speech in a form that it has not",
    told: /"code":10001.*Codec/,
    ...speaks,
    call: speech({ more: { Codec: "flac" } }),
  },
  {
    what: "speech at a rate that it has not",
    told: /"code":10001.*SampleRate/,
    ...speaks,
    call: speech({ more: { SampleRate: 44_100 } }),
  },
  { what: "speech of no text", told: /"code":10001.*Text/, ...speaks, call: speech({ more: { Text: " " } }) },
  {
    what: "speech of a text that is too long",
    told: /"code":10002/,
    ...speaks,
    call: speech({ more: { Text: "long ".repeat(400) } }),
  },
];

/** What the gateway is asked for and does not give. */
export const calls: readonly BadCall[] = [...inRealTime, ...ofRecordings, ...ofSpeech];
