import { ONCE } from "../connection-faults.ts";
import { packets } from "../samples.ts";
import { answering } from "../scripted-answers.ts";
import { badSsml } from "../ssml.ts";
import { type BadInput, failing } from "../table.ts";

/** In place of the token: a key that makes tokens. */
const KEYED = {
  token: undefined,
  accessKeyId: "example-key",
  accessKeySecret: "${secret:secret}",
  tokenUrl: "http://first.test/",
};

/** Packets of 20 ms of so many bytes. */
const packetsOf = (codec: string, bytes: number) => packets(codec, 20, new Uint8Array(bytes).fill(0x48));

const credentials: BadInput[] = [
  {
    what: "neither token nor key",
    node: "aliyun.asr",
    with: { token: undefined },
    found: "lint",
    code: "KEY_MISSING",
    says: /accessKeyId and accessKeySecret, or a token/,
  },
  {
    what: "a key without its secret",
    node: "aliyun.tts",
    with: { token: undefined, accessKeyId: "example-key" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /accessKeyId and accessKeySecret, or a token/,
  },
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED" }, [
    {
      what: "a token that is none",
      node: "aliyun.asr",
      with: { token: "${secret:other}" },
      says: /refused the token.*set one that is good/,
    },
    {
      what: "a token that is refused on the open socket",
      node: "aliyun.tts",
      with: { token: "${secret:other}" },
      gatewayConfig: { badToken: "task" },
      says: /40000001.*set a token that is good/,
    },
    {
      what: "the secret of another key",
      node: "aliyun.asr",
      with: { ...KEYED, accessKeySecret: "${secret:other}" },
      says: /SignatureDoesNotMatch.*look at accessKeyId and accessKeySecret/,
    },
    {
      what: "a key that nobody knows",
      node: "aliyun.tts",
      with: { ...KEYED, accessKeyId: "nobody" },
      says: /InvalidAccessKeyId.*look at accessKeyId/,
    },
    {
      what: "the project of somebody else",
      node: "aliyun.asr",
      with: { appkey: "anothers-appkey" },
      says: /look at appkey/,
    },
    {
      what: "new tokens that are refused, too",
      node: "aliyun.asr",
      with: KEYED,
      faults: [{ on: "handshake", mount: "/ws/v1", do: { expiredToken: true } }],
      says: /refused a token that was new/,
    },
  ]),
  {
    what: "a clock that is an hour off",
    node: "aliyun.asr",
    with: KEYED,
    faults: [{ on: "clock", do: { skewMs: 3_600_000 } }],
    found: "run",
    code: "VENDOR_REFUSED",
    says: /InvalidTimeStamp.*clock of this machine/,
  },
  {
    what: "a page in place of a token",
    node: "aliyun.asr",
    with: { ...KEYED, ...ONCE },
    instead: answering(200, "<html>Welcome</html>"),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "gave no token: HTTP 200",
  },
  {
    what: "a token that nobody gives for the moment",
    node: "aliyun.asr",
    with: { ...KEYED, ...ONCE },
    instead: answering(503, ""),
    found: "run",
    code: "VENDOR_FAILED",
    says: "HTTP 503",
  },
];

const settings: BadInput[] = [
  ...failing({ found: "lint", code: "VALUE_NOT_ALLOWED" }, [
    { what: "a format that it has not", node: "aliyun.asr", with: { format: "speex" }, says: /format.*opus/ },
    { what: "a rate that it has not", node: "aliyun.asr", with: { sampleRateHz: 44_100 }, says: /sampleRateHz.*8000/ },
    {
      what: "a rate of speech that it has not",
      node: "aliyun.tts",
      with: { sampleRateHz: 12_345 },
      says: /sampleRateHz.*8000/,
    },
  ]),
  {
    what: "a format of speech that the node does not read",
    node: "aliyun.tts",
    with: { extra: { format: "mp3" } },
    found: "lint",
    code: "VALUE_INVALID",
    says: "read as PCM",
  },
  {
    what: "a language of one letter",
    node: "aliyun.asr",
    with: { language: "x" },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: "language",
  },
  {
    what: "meaning without partials",
    node: "aliyun.asr",
    with: { semanticSentences: true, intermediateResults: false },
    found: "lint",
    code: "VALUE_INVALID",
    says: "needs intermediateResults",
  },
  {
    what: "a volume that is too loud",
    node: "aliyun.tts",
    with: { volume: 101 },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: "volume",
  },
  {
    what: "utterances without a detector",
    node: "aliyun.asr",
    with: { mode: "sentence" },
    found: "lint",
    code: "INPUT_LACKS_KIND",
    says: "speech",
  },
  {
    what: "packets where samples are sent",
    node: "aliyun.asr",
    frames: packetsOf("opus", 40),
    found: "lint",
    code: "INPUT_REFUSED",
    says: "encoded",
  },
  {
    what: "packets of another codec",
    node: "aliyun.asr",
    with: { format: "opus" },
    frames: packetsOf("amr", 40),
    found: "run",
    code: "CODEC_UNSUPPORTED",
    says: /packets of amr.*format is opus/,
    fallback: false,
  },
  {
    what: "packets that have no place in opu",
    node: "aliyun.asr",
    with: { format: "opu" },
    frames: packetsOf("opus", 300),
    found: "run",
    code: "CODEC_UNSUPPORTED",
    says: /300 bytes.*set format: opus/,
    fallback: false,
  },
  ...failing({ found: "run", code: "VENDOR_REFUSED" }, [
    {
      what: "a rate that the project has not",
      node: "aliyun.asr",
      with: { extra: { sample_rate: 48_000 }, ...ONCE },
      says: /41010101.*sampleRateHz/,
    },
    {
      what: "a format by extra that the service has not",
      node: "aliyun.asr",
      with: { extra: { format: "speex" }, ...ONCE },
      says: /41010100.*set another format/,
    },
    {
      what: "audio that the service cannot decode",
      node: "aliyun.asr",
      faults: [{ on: "connection", after: { received: 5 }, do: { vendorError: 40_270_003 } }],
      says: /40270003.*format and sampleRateHz/,
    },
    {
      what: "a voice that it has not",
      node: "aliyun.tts",
      with: { voice: "nobody" },
      faults: [{ on: "handshake", mount: "/ws/v1", do: { vendorError: 41_020_001 } }],
      says: /41020001.*look at voice/,
    },
  ]),
];

/** What `aliyun.asr` and `aliyun.tts` are set to or given and cannot work with. */
export const badSettings: readonly BadInput[] = [...credentials, ...settings, ...badSsml("aliyun.tts")];
