import { answering } from "../scripted-answers.ts";
import { badSsml } from "../ssml.ts";
import { type BadInput, failing } from "../table.ts";

/** What any of the nodes says of its key. */
const REFUSED = /refused the key or token.*set/;

const credentials: BadInput[] = [
  {
    what: "neither key nor token",
    node: "azure.asr",
    with: { key: undefined },
    found: "lint",
    code: "KEY_MISSING",
    says: /set key \(or token\)/,
  },
  {
    what: "neither region nor host",
    node: "azure.tts",
    with: { host: undefined },
    found: "lint",
    code: "VALUE_INVALID",
    says: /region \(or host\)/,
  },
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED", with: { key: "${secret:other}" } }, [
    { what: "a key that is none", node: "azure.asr", says: REFUSED },
    { what: "a key that is none, to interpret", node: "azure.interpret", says: REFUSED },
    { what: "a key that is none, to speak", node: "azure.tts", says: REFUSED },
    { what: "a key that is none, for a recording", node: "azure.file-asr", says: REFUSED },
  ]),
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED" }, [
    {
      what: "a token that has ended",
      node: "azure.asr",
      with: { key: undefined, token: "${secret:key}" },
      faults: [{ on: "handshake", do: { expiredToken: true } }],
      says: REFUSED,
    },
    { what: "a key of another region", node: "azure.asr", instead: answering(403), says: /not for this region/ },
  ]),
  {
    what: "an address that the service has not",
    node: "azure.asr",
    instead: answering(404),
    found: "run",
    code: "VENDOR_REFUSED",
    says: /look at region and endpoint/,
  },
];

const settings: BadInput[] = [
  {
    what: "a language that is no locale",
    node: "azure.asr",
    with: { language: "English" },
    found: "lint",
    code: "VALUE_FORMAT",
    says: /en-US/,
  },
  {
    what: "a rate that the service has not",
    node: "azure.asr",
    with: { sampleRateHz: 44_100 },
    found: "lint",
    code: "VALUE_NOT_ALLOWED",
    says: /16000/,
  },
  {
    what: "no language to translate into",
    node: "azure.interpret",
    with: { targets: [] },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: /targets/,
  },
  {
    what: "a format that the service has not",
    node: "azure.tts",
    with: { format: "flac" },
    found: "lint",
    code: "VALUE_NOT_ALLOWED",
    says: /format/,
  },
  {
    what: "a style that no voice has more of",
    node: "azure.tts",
    with: { styleDegree: 9 },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: /styleDegree/,
  },
  {
    what: "single requests without a detector",
    node: "azure.asr",
    with: { mode: "once" },
    found: "lint",
    code: "INPUT_LACKS_KIND",
    says: /speech/,
  },
  {
    what: "speakers in several channels",
    node: "azure.file-asr",
    with: { speakers: 2, channels: [0, 1] },
    found: "lint",
    code: "VALUE_INVALID",
    says: /leave out channels/,
  },
  {
    what: "speakers in a short recording",
    node: "azure.file-asr",
    with: { api: "short", speakers: 2 },
    found: "lint",
    code: "VALUE_INVALID",
    says: /short recognition knows neither/,
  },
  {
    what: "a batch of bytes",
    node: "azure.file-asr",
    with: { api: "batch" },
    found: "run",
    code: "CONFIG_INVALID",
    says: /address/,
    fallback: false,
  },
];

/** What the nodes of Azure are set to or given and cannot work with. */
export const badSettings: readonly BadInput[] = [...credentials, ...settings, ...badSsml("azure.tts")];
