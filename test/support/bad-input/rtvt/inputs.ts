import type { EncodedFrame } from "#engine/plugin";
import { type Answers, listenRaw, result } from "../../../plugins/rtvt/raw.ts";
import { silent } from "../samples.ts";
import type { BadInput } from "../table.ts";
import { ENGLISH, MAGIC } from "./project.ts";

/** Does not wait for long. */
const SHORT = { link: { attempts: 1, openMs: 1000, finishMs: 2000 }, answerMs: 1000, lingerMs: 100 };

/** Packets in place of audio. */
const packets = (codec: string, ms: number): EncodedFrame[] =>
  Array.from({ length: 10 }, (_, i) => ({
    kind: "encoded",
    codec,
    packet: Uint8Array.of(ms === 20 ? 0x48 : 0x58, 1, 2, 3), // Opus of 20 or of 60 ms
    sampleRateHz: 16_000,
    channels: 1,
    startSample: i * ms * 16,
    sampleCount: ms * 16,
  }));

const raw =
  (answers: Answers): NonNullable<BadInput["instead"]> =>
  (network, { tcp }) =>
    listenRaw(network, tcp, answers);

/** Says this to whoever calls. */
const saying =
  (...bytes: number[]): NonNullable<BadInput["instead"]> =>
  (network, { tcp }) =>
    network.listen(tcp, { stream: (connection) => connection.send(Uint8Array.from(bytes)) });

const credentials: BadInput[] = [
  {
    what: "the key of another project",
    node: "rtvt.asr",
    with: { key: "${secret:wrong}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /800102.*pid and key/,
  },
  {
    what: "a project that nobody knows",
    node: "rtvt.interpret",
    with: { pid: 7 },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /800103.*pid and key/,
  },
  {
    what: "a login that is answered with no",
    node: "rtvt.asr",
    with: { key: "${secret:wrong}" },
    gatewayConfig: { refusal: "successed" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /pid and key/,
  },
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
  {
    what: "four more languages",
    node: "rtvt.asr",
    with: { alternatives: ["a1", "b1", "c1", "d1"] },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: "at most 3",
  },
  {
    what: "no language to translate into",
    node: "rtvt.interpret",
    with: { target: [] },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: "target",
  },
  {
    what: "a silence that is too short",
    node: "rtvt.asr",
    with: { silenceMs: 50 },
    found: "lint",
    code: "VALUE_OUT_OF_RANGE",
    says: "silenceMs",
  },
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
    frames: packets("opus", 20),
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
    frames: packets("amr", 20),
    found: "run",
    code: "CODEC_UNSUPPORTED",
    says: /packets of amr.*opus/,
    fallback: false,
  },
  {
    what: "packets of 60 ms",
    node: "rtvt.asr",
    with: { codec: "opus" },
    frames: packets("opus", 60),
    found: "run",
    code: "AUDIO_FORMAT_UNSUPPORTED",
    says: /60 ms; wanted 20 ms/,
    fallback: false,
  },
];

const nonsense: BadInput[] = [
  {
    what: "bytes that are no packet",
    node: "rtvt.asr",
    with: SHORT,
    instead: saying(...MAGIC.toReversed(), 0, 0, 0, 0, 0, 0, 0, 0),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "begin no packet",
  },
  {
    what: "a packet of another form",
    node: "rtvt.asr",
    with: SHORT,
    instead: saying(...MAGIC, 1, 0x80, 9, 0, 0, 0, 0, 0),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /packet type 9; wanted/,
  },
  {
    what: "a packet of 9 MiB",
    node: "rtvt.asr",
    with: SHORT,
    instead: saying(...MAGIC, 1, 0x80, 0, 1, 0, 0, 0x90, 0),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /at most 8388608/,
  },
  {
    what: "noise in place of a result",
    node: "rtvt.asr",
    with: SHORT,
    faults: [{ on: "connection", after: { sent: 2 }, do: { garbage: true } }],
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "RTVT",
  },
  {
    what: "half a packet, and then nothing",
    node: "rtvt.asr",
    with: SHORT,
    faults: [{ on: "connection", after: { sent: 2 }, do: { half: true } }],
    found: "run",
    code: "VENDOR_LOST",
    says: "connection to rtvt",
  },
  {
    what: "a login that is answered with something else",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({ login: () => ({ ok: 1 }) }),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /answer to login.*successed/,
  },
  {
    what: "a stream without a number",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({ voiceStart: () => ({}) }),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /voiceStart.*streamId/,
  },
  {
    what: "a result without a text",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({
      voiceData(_, end) {
        end.post("recognizedResult", { ...result({ asr: "one" }), asr: 7 });
        return {};
      },
    }),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: /recognizedResult.*asr/,
  },
  {
    what: "a login that nobody answers",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({ login: () => "nothing" }),
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "1000 ms",
  },
  {
    what: "audio that nobody answers",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({ voiceData: () => "nothing" }),
    found: "run",
    code: "VENDOR_LOST",
    says: "no answer to voiceData in 1000 ms",
  },
  {
    what: "a refusal of something without a number",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({ voiceData: () => ({ refuse: 424_242 }) }),
    found: "run",
    code: "VENDOR_FAILED",
    says: "424242 UNLISTED",
  },
  {
    what: "results of another stream, twice, and calls that nobody knows",
    node: "rtvt.asr",
    with: SHORT,
    instead: raw({
      voiceEnd(_, end) {
        end.post("recognizedResult", result({ asr: "of another" }, { streamId: 5n }));
        for (let i = 0; i < 2; i++) end.post("recognizedResult", result({ asr: "one two" }));
        end.post("recognizedResult", result({ asr: "three four" }, { taskId: 2 }));
        end.post("somethingNew", { a: 1 });
        return {};
      },
    }),
    found: "borne",
    counters: { strayResults: 1, staleResults: 1, unknownPushes: 1 },
  },
];

const tooMuch: BadInput[] = [
  {
    what: "more streams than the project may have",
    node: "rtvt.asr",
    with: SHORT,
    faults: [{ on: "connection", after: { received: 1 }, do: { vendorError: 800_107 } }],
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: /800107.*concurrency/,
  },
  {
    what: "a stream that the service has forgotten",
    node: "rtvt.asr",
    with: SHORT,
    faults: [{ on: "connection", after: { received: 20 }, do: { vendorError: 800_200 } }],
    found: "run",
    code: "VENDOR_LOST",
    says: "800200",
  },
  {
    what: "more audio than is held until the service is ready",
    node: "rtvt.asr",
    with: { answerMs: 30_000, link: { attempts: 1, openMs: 15_000, bufferMs: 1000 } },
    frames: silent(30_000),
    faults: [{ on: "handshake", do: { hang: true } }],
    found: "run",
    code: "VENDOR_UNREACHABLE",
    says: "15000 ms",
    drops: true,
    fallback: false,
  },
];

/** What `rtvt.asr` and `rtvt.interpret` cannot work with. */
export const inputs: readonly BadInput[] = [...credentials, ...settings, ...nonsense, ...tooMuch];
