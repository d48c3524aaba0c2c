import { half, moreThanIsHeld, noise, ONCE, tooMany } from "../connection-faults.ts";
import { prompt } from "../samples.ts";
import { greeting } from "../scripted-answers.ts";
import { type BadInput, failing } from "../table.ts";
import { voiced } from "../voice.ts";

const credentials: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED" }, [
    {
      what: "the key of another id",
      node: "tencent.asr",
      with: { secretKey: "${secret:otherKey}" },
      says: /4002.*look at appId, secretId and secretKey/,
    },
    {
      what: "an id that nobody knows",
      node: "tencent.tts",
      with: { secretId: "${secret:otherId}" },
      says: /10003.*look at appId, secretId and secretKey/,
    },
    { what: "another account", node: "tencent.asr", with: { appId: "7" }, says: /4002.*look at appId/ },
    {
      what: "a clock that is two hours off",
      node: "tencent.asr",
      with: ONCE,
      faults: [{ on: "clock", do: { skewMs: 7_200_000 } }],
      says: /4002.*clock of this machine/,
    },
  ]),
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
  ...failing({ found: "lint", code: "VALUE_INVALID" }, [
    { what: "speakers among segments", node: "tencent.asr", with: { speakers: true }, says: "results: sentences" },
    {
      what: "times of words over HTTP",
      node: "tencent.tts",
      with: { mode: "http", url: "http://first.test/stream", subtitles: true },
      says: "mode socket or flowing",
    },
    {
      what: "the address of another mode",
      node: "tencent.tts",
      with: { mode: "http" },
      says: /http\(s\) for mode http/,
    },
    {
      what: "a format of speech that the service has not",
      node: "tencent.tts",
      with: { extra: { Codec: "mp3" } },
      says: "read as PCM",
    },
  ]),
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
];

const nonsense: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_PROTOCOL", with: ONCE }, [
    {
      what: "words in place of a greeting",
      node: "tencent.asr",
      instead: greeting("hello"),
      says: /Tencent.*recognition/,
    },
    {
      what: "bytes in place of a greeting",
      node: "tencent.asr",
      instead: greeting(new Uint8Array(10)),
      says: /Tencent.*recognition/,
    },
    {
      what: "a result of another form",
      node: "tencent.asr",
      instead: greeting('{"code":0}', '{"code":0,"result":{"slice_type":7,"voice_text_str":"a secret thing"}}'),
      says: /Tencent.*recognition/,
    },
    { what: "words in place of speech", node: "tencent.tts", instead: greeting("hello"), says: "Tencent" },
  ]),
  noise({ what: "noise in place of a result", node: "tencent.asr", says: "Tencent" }),
  half({ what: "half a result", node: "tencent.asr", says: "Tencent" }),
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
  tooMany("more sessions than the account may have", "tencent.asr", /4006.*concurrency/, ONCE),
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
    result: [voiced("Hello.")],
  },
  moreThanIsHeld("tencent.asr"),
];

/** What `tencent.asr` and `tencent.tts` cannot work with. */
export const streamInputs: readonly BadInput[] = [...credentials, ...settings, ...nonsense, ...tooMuch];
