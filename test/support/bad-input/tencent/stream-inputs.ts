import { prompt, silent } from "../samples.ts";
import type { BadInput } from "../table.ts";

const ONCE = { link: { attempts: 1 } };

/** Says this to whoever opens a socket. */
const greeting =
  (...messages: (string | Uint8Array)[]): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({
        serve: (connection) => {
          for (const message of messages) connection.send(message);
        },
      }),
    });

const credentials: BadInput[] = [
  {
    what: "the key of another id",
    node: "tencent.asr",
    with: { secretKey: "${secret:otherKey}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /4002.*look at appId, secretId and secretKey/,
  },
  {
    what: "an id that nobody knows",
    node: "tencent.tts",
    with: { secretId: "${secret:otherId}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /10003.*look at appId, secretId and secretKey/,
  },
  {
    what: "another account",
    node: "tencent.asr",
    with: { appId: "7" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /4002.*look at appId/,
  },
  {
    what: "an account that is no number",
    node: "tencent.asr",
    with: { appId: "mine" },
    found: "lint",
    code: "VALUE_FORMAT",
    says: "digits only",
  },
  {
    what: "no key",
    node: "tencent.tts",
    with: { secretKey: undefined },
    found: "lint",
    code: "SECRET_MISSING",
    says: "TENCENTCLOUD_SECRET_KEY",
  },
  {
    what: "a clock that is two hours off",
    node: "tencent.asr",
    with: ONCE,
    faults: [{ on: "clock", do: { skewMs: 7_200_000 } }],
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /4002.*clock of this machine/,
  },
  {
    what: "an account in arrears",
    node: "tencent.asr",
    faults: [{ on: "connection", after: { received: 10 }, do: { vendorError: 4005 } }],
    found: "run",
    code: "VENDOR_QUOTA_EXHAUSTED",
    says: /4005.*console/,
  },
];

const settings: BadInput[] = [
  {
    what: "an engine of a rate that is none",
    node: "tencent.asr",
    with: { engine: "44k_en" },
    found: "lint",
    code: "VALUE_FORMAT",
    says: /engine.*16k_zh/,
  },
  {
    what: "speakers among segments",
    node: "tencent.asr",
    with: { speakers: true },
    found: "lint",
    code: "VALUE_INVALID",
    says: "results: sentences",
  },
  {
    what: "a hot word without a weight",
    node: "tencent.asr",
    with: { hotwords: ["word"] },
    found: "lint",
    code: "VALUE_FORMAT",
    says: /word\|weight/,
  },
  {
    what: "utterances without a detector",
    node: "tencent.asr",
    with: { sessions: "utterance" },
    found: "lint",
    code: "INPUT_LACKS_KIND",
    says: "speech",
  },
  {
    what: "a rate of speech that it has not",
    node: "tencent.tts",
    with: { sampleRateHz: 44_100 },
    found: "lint",
    code: "VALUE_NOT_ALLOWED",
    says: /sampleRateHz.*24000/,
  },
  {
    what: "times of words over HTTP",
    node: "tencent.tts",
    with: { mode: "http", url: "http://first.test/stream", subtitles: true },
    found: "lint",
    code: "VALUE_INVALID",
    says: "mode socket or flowing",
  },
  {
    what: "the address of another mode",
    node: "tencent.tts",
    with: { mode: "http" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /http\(s\) for mode http/,
  },
  {
    what: "a language whose engine the service has not",
    node: "tencent.asr",
    with: { engine: "16k_xx" },
    faults: [{ on: "handshake", do: { vendorError: 4001 } }],
    found: "run",
    code: "VENDOR_REFUSED",
    says: /4001.*look at the node's settings/,
  },
  {
    what: "a format that the service has not",
    node: "tencent.asr",
    with: { extra: { voice_format: 6 } },
    found: "run",
    code: "VENDOR_REFUSED",
    says: /4001.*extra/,
  },
  {
    what: "a format of speech that the service has not",
    node: "tencent.tts",
    with: { extra: { Codec: "mp3" } },
    found: "lint",
    code: "VALUE_INVALID",
    says: "read as PCM",
  },
];

const nonsense: BadInput[] = [
  {
    what: "words in place of a greeting",
    node: "tencent.asr",
    with: ONCE,
    instead: greeting("hello"),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /Tencent.*recognition/,
  },
  {
    what: "bytes in place of a greeting",
    node: "tencent.asr",
    with: ONCE,
    instead: greeting(new Uint8Array(10)),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /Tencent.*recognition/,
  },
  {
    what: "a result of another form",
    node: "tencent.asr",
    with: ONCE,
    instead: greeting('{"code":0}', '{"code":0,"result":{"slice_type":7,"voice_text_str":"a secret thing"}}'),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /Tencent.*recognition/,
  },
  {
    what: "noise in place of a result",
    node: "tencent.asr",
    with: ONCE,
    faults: [{ on: "connection", after: { sent: 1 }, do: { garbage: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Tencent",
  },
  {
    what: "no greeting at all",
    node: "tencent.asr",
    with: ONCE,
    instead: greeting(),
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "10000 ms",
  },
  {
    what: "words in place of speech",
    node: "tencent.tts",
    with: ONCE,
    instead: greeting("hello"),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "Tencent",
  },
  {
    what: "no speech at all",
    node: "tencent.tts",
    with: { answerMs: 2000 },
    instead: greeting(),
    found: "run",
    code: "RESULT_LATE",
    says: "2000 ms",
  },
  {
    what: "a number that is in no list",
    node: "tencent.asr",
    with: ONCE,
    faults: [{ on: "handshake", do: { vendorError: 7777 } }],
    found: "run",
    code: "VENDOR_FAILED",
    says: "7777 UNKNOWN",
  },
];

const tooMuch: BadInput[] = [
  {
    what: "more sessions than the account may have",
    node: "tencent.asr",
    with: ONCE,
    faults: [{ on: "handshake", do: { rateLimit: true } }],
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: /4006.*concurrency/,
  },
  {
    what: "audio that comes faster than the service takes it",
    node: "tencent.asr",
    faults: [{ on: "connection", after: { received: 10 }, do: { vendorError: 4000 } }],
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: /4000.*link.pace/,
  },
  {
    what: "more text than one request takes, where the service says so",
    node: "tencent.tts",
    frames: [prompt("Hello.")],
    faults: [{ on: "handshake", do: { vendorError: 10_002 } }],
    found: "run",
    code: "VENDOR_REFUSED",
    says: /10002.*cut the text/,
    result: [`${6 * 320} samples`],
  },
  {
    what: "more audio than is held until the service is ready",
    node: "tencent.asr",
    with: { link: { attempts: 1, openMs: 15_000, bufferMs: 1000 } },
    frames: silent(30_000),
    faults: [{ on: "handshake", do: { hang: true } }],
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "15000 ms",
    drops: true,
    fallback: false,
  },
];

/** What `tencent.asr` and `tencent.tts` cannot work with. */
export const streamInputs: readonly BadInput[] = [...credentials, ...settings, ...nonsense, ...tooMuch];
