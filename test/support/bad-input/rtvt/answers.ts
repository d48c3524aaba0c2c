import { type Answers, listenRaw, result } from "../../../plugins/rtvt/raw.ts";
import { half, moreThanIsHeld, noise } from "../connection-faults.ts";
import { type BadInput, failing, type Instead } from "../table.ts";
import { MAGIC, SHORT } from "./project.ts";

const raw =
  (answers: Answers): Instead =>
  (network, { tcp }) =>
    listenRaw(network, tcp, answers);

/** Says this to whoever calls. */
const saying =
  (...bytes: number[]): Instead =>
  (network, { tcp }) =>
    network.listen(tcp, { stream: (connection) => connection.send(Uint8Array.from(bytes)) });

const nonsense: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_PROTOCOL", with: SHORT }, [
    {
      what: "bytes that are no packet",
      node: "rtvt.asr",
      instead: saying(...MAGIC.toReversed(), 0, 0, 0, 0, 0, 0, 0, 0),
      says: "begin no packet",
    },
    {
      what: "a packet of another form",
      node: "rtvt.asr",
      instead: saying(...MAGIC, 1, 0x80, 9, 0, 0, 0, 0, 0),
      says: /packet type 9; wanted/,
    },
    {
      what: "a packet of 9 MiB",
      node: "rtvt.asr",
      instead: saying(...MAGIC, 1, 0x80, 0, 1, 0, 0, 0x90, 0),
      says: /at most 8388608/,
    },
    {
      what: "a login that is answered with something else",
      node: "rtvt.asr",
      instead: raw({ login: () => ({ ok: 1 }) }),
      says: /answer to login.*successed/,
    },
    {
      what: "a stream without a number",
      node: "rtvt.asr",
      instead: raw({ voiceStart: () => ({}) }),
      says: /voiceStart.*streamId/,
    },
    {
      what: "a result without a text",
      node: "rtvt.asr",
      instead: raw({
        voiceData(_, end) {
          end.post("recognizedResult", { ...result({ asr: "one" }), asr: 7 });
          return {};
        },
      }),
      says: /recognizedResult.*asr/,
    },
  ]),
  noise({ what: "noise in place of a result", node: "rtvt.asr", says: "RTVT", with: SHORT, sent: 2 }),
  half(
    {
      what: "half a packet, and then nothing",
      node: "rtvt.asr",
      says: "connection to rtvt",
      with: SHORT,
      sent: 2,
    },
    "VENDOR_LOST",
  ),
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
  moreThanIsHeld("rtvt.asr", { answerMs: 30_000 }),
];

/** What `rtvt.asr` and `rtvt.interpret` are answered and cannot work with. */
export const badAnswers: readonly BadInput[] = [...nonsense, ...tooMuch];
