import { packets } from "../samples.ts";
import { type BadInput, failing } from "../table.ts";
import { ENGLISH, SHORT } from "./project.ts";

/** Opus says in its first byte how long it is: 20 ms, or 60. */
const packetsOf = (codec: string, ms: 20 | 60) => packets(codec, ms, Uint8Array.of(ms === 20 ? 0x48 : 0x58, 1, 2, 3));

const credentials: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED" }, [
    {
      what: "the key of another project",
      node: "rtvt.asr",
      with: { key: "${secret:wrong}" },
      says: /800102.*pid and key/,
    },
    { what: "a project that nobody knows", node: "rtvt.interpret", with: { pid: 7 }, says: /800103.*pid and key/ },
    {
      what: "a login that is answered with no",
      node: "rtvt.asr",
      with: { key: "${secret:wrong}" },
      gatewayConfig: { refusal: "successed" },
      says: /pid and key/,
    },
  ]),
  {
    what: "a key that is no base64",
    node: "rtvt.asr",
    with: { key: "${secret:plain}" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /key.*base64/,
  },
  {
    what: "a project without a number",
    node: "rtvt.asr",
    with: { pid: "mine" },
    found: "lint",
    code: "VALUE_TYPE",
    says: "pid",
  },
  {
    what: "a clock that is an hour off",
    node: "rtvt.asr",
    with: SHORT,
    faults: [{ on: "clock", do: { skewMs: 3_600_000 } }],
    found: "run",
    code: "VENDOR_TOKEN_EXPIRED",
    says: /800101.*clock of this machine/,
  },
];

const settings: BadInput[] = [
  {
    what: "a codec that it has not",
    node: "rtvt.asr",
    with: { codec: "mp3" },
    found: "lint",
    code: "VALUE_NOT_ALLOWED",
    says: /codec.*pcm/,
  },
  ...failing({ found: "lint", code: "VALUE_OUT_OF_RANGE" }, [
    {
      what: "four more languages",
      node: "rtvt.asr",
      with: { alternatives: ["a1", "b1", "c1", "d1"] },
      says: "at most 3",
    },
    { what: "no language to translate into", node: "rtvt.interpret", with: { target: [] }, says: "target" },
    { what: "a silence that is too short", node: "rtvt.asr", with: { silenceMs: 50 }, says: "silenceMs" },
  ]),
  {
    what: "an address of the web",
    node: "rtvt.asr",
    with: { url: "https://rtvt.test" },
    found: "lint",
    code: "VALUE_FORMAT",
    says: "url",
  },
  {
    what: "packets where samples are sent",
    node: "rtvt.asr",
    frames: packetsOf("opus", 20),
    found: "lint",
    code: "INPUT_REFUSED",
    says: "encoded",
  },
  {
    what: "a language that the project has not",
    node: "rtvt.asr",
    with: { source: "xx" },
    service: ENGLISH,
    found: "run",
    code: "LANGUAGE_UNSUPPORTED",
    says: /800105.*source/,
  },
  {
    what: "packets of another codec",
    node: "rtvt.asr",
    with: { codec: "opus" },
    frames: packetsOf("amr", 20),
    found: "run",
    code: "CODEC_UNSUPPORTED",
    says: /packets of amr.*opus/,
    fallback: false,
  },
  {
    what: "packets of 60 ms",
    node: "rtvt.asr",
    with: { codec: "opus" },
    frames: packetsOf("opus", 60),
    found: "run",
    code: "AUDIO_FORMAT_UNSUPPORTED",
    says: /60 ms; wanted 20 ms/,
    fallback: false,
  },
];

/** What `rtvt.asr` and `rtvt.interpret` are set to or given and cannot work with. */
export const badSettings: readonly BadInput[] = [...credentials, ...settings];
