import type { RecordingFrame } from "#engine/plugin";
import { talkFile } from "../samples.ts";
import type { BadInput, World } from "../table.ts";

const MB = 1024 * 1024;
const LEGACY = { api: "legacy", url: "http://first.test/asr/v1" };
const FLASH = { api: "flash", url: "http://first.test/asr/flash/v1" };
const CALLED = { delivery: "callback" };

const bytes = (size: number, more: Partial<RecordingFrame> = {}): RecordingFrame => ({
  kind: "recording",
  source: { bytes: new Uint8Array(size) },
  ...more,
});
const at = (url: string): RecordingFrame => ({ kind: "recording", source: { url } });

/** Answers every request with this. */
const answering =
  (status: number, body: unknown): NonNullable<BadInput["instead"]> =>
  (network, { web }) =>
    network.listen(web, {
      request: async () => ({ status, body: typeof body === "string" ? body : JSON.stringify(body) }),
    });

const credentials: BadInput[] = [
  {
    what: "the key of another id, by the current interface",
    node: "tencent.file-asr",
    with: { secretKey: "${secret:otherKey}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /AuthFailure.SignatureFailure.*look at appId, secretId and secretKey/,
  },
  {
    what: "the key of another id, by the older interface",
    node: "tencent.file-asr",
    with: { ...LEGACY, secretKey: "${secret:otherKey}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /1030.*look at appId, secretId and secretKey/,
  },
  {
    what: "an id that nobody knows, by flash",
    node: "tencent.file-asr",
    with: { ...FLASH, secretId: "${secret:otherId}" },
    found: "run",
    code: "VENDOR_KEY_REFUSED",
    says: /4002.*look at appId/,
  },
  {
    what: "a clock that is two hours off",
    node: "tencent.file-asr",
    faults: [{ on: "clock", do: { skewMs: 7_200_000 } }],
    found: "run",
    code: "VENDOR_TOKEN_EXPIRED",
    says: /SignatureExpire.*clock of this machine/,
  },
  {
    what: "an account that has used up what it had",
    node: "tencent.file-asr",
    with: LEGACY,
    faults: [{ on: "handshake", mount: "/asr/v1/:appid", do: { vendorError: 1016 } }],
    found: "run",
    code: "VENDOR_QUOTA_EXHAUSTED",
    says: /1016.*console/,
  },
];

const settings: BadInput[] = [
  {
    what: "two channels with a wide-band engine",
    node: "tencent.file-asr",
    with: { channels: 2 },
    found: "lint",
    code: "VALUE_INVALID",
    says: "telephone engine",
  },
  {
    what: "a current engine with the older interface",
    node: "tencent.file-asr",
    with: { ...LEGACY, engine: "16k_en" },
    found: "lint",
    code: "VALUE_INVALID",
    says: /8k_0, 16k_0, 8k_6/,
  },
  {
    what: "an encoding of the older interface",
    node: "tencent.file-asr",
    with: { encoding: "big5" },
    found: "lint",
    code: "VALUE_INVALID",
    says: "older interface",
  },
  {
    what: "polling of the older interface",
    node: "tencent.file-asr",
    with: { ...LEGACY, delivery: "poll" },
    found: "lint",
    code: "VALUE_INVALID",
    says: "set delivery: callback",
  },
  {
    what: "a callback to nowhere, as lint knows",
    node: "tencent.file-asr",
    with: CALLED,
    uncallable: "known",
    found: "lint",
    code: "CALLBACK_NO_ADDRESS",
    says: "publicUrl",
  },
  {
    what: "a callback to nowhere, as only the process knows",
    node: "tencent.file-asr",
    with: LEGACY,
    uncallable: "unknown",
    found: "start",
    code: "CONFIG_INVALID",
    says: "publicUrl",
  },
  {
    what: "a language whose engine the service has not",
    node: "tencent.file-asr",
    with: { engine: "16k_xx" },
    faults: [{ on: "handshake", do: { vendorError: "InvalidParameterValue" } }],
    found: "run",
    code: "VENDOR_REFUSED",
    says: /InvalidParameterValue.*look at the node's settings/,
  },
  {
    what: "a container that the older interface does not take",
    node: "tencent.file-asr",
    with: LEGACY,
    frames: [bytes(100, { container: "flac" })],
    found: "run",
    code: "AUDIO_FORMAT_UNSUPPORTED",
    says: /flac.*convert it first/,
    fallback: false,
  },
  {
    what: "a recording with two channels",
    node: "tencent.file-asr",
    frames: [bytes(100, { channels: 2 })],
    found: "run",
    code: "AUDIO_FORMAT_UNSUPPORTED",
    says: /2 channels, wanted 1: set channels/,
    fallback: false,
  },
  {
    what: "a recording of which nothing tells what it is, by flash",
    node: "tencent.file-asr",
    with: FLASH,
    frames: [bytes(100)],
    found: "run",
    code: "AUDIO_NOT_RECOGNISED",
    says: "told the container",
    fallback: false,
  },
  {
    what: "an address for flash",
    node: "tencent.file-asr",
    with: FLASH,
    frames: [at("http://files.test/talk.wav")],
    found: "run",
    code: "CONFIG_INVALID",
    says: "set api: current",
    fallback: false,
  },
];

const tooMuch: BadInput[] = [
  {
    what: "an upload of more than 5 MB",
    node: "tencent.file-asr",
    frames: [bytes(5 * MB + 1)],
    found: "run",
    code: "UPLOAD_TOO_LARGE",
    says: /5242881 bytes.*5242880.*address/,
    fallback: false,
  },
  {
    what: "an upload of more than 5 MB to the older interface, which another takes over",
    node: "tencent.file-asr",
    with: LEGACY,
    frames: [talkFile(new Int16Array(2.6 * MB))],
    found: "run",
    code: "UPLOAD_TOO_LARGE",
    says: "give its address instead",
    fallback: { use: "toy.ears" },
    result: [],
  },
  {
    what: "an upload of more than 100 MB to flash",
    node: "tencent.file-asr",
    with: FLASH,
    frames: [bytes(100 * MB + 1)],
    found: "run",
    code: "UPLOAD_TOO_LARGE",
    says: "104857600",
    fallback: false,
  },
  {
    what: "a recording without bytes",
    node: "tencent.file-asr",
    frames: [bytes(0)],
    found: "run",
    code: "AUDIO_EMPTY",
    says: "no bytes",
    fallback: false,
  },
  {
    what: "an address of 2048 characters",
    node: "tencent.file-asr",
    frames: [at(`http://files.test/${"a".repeat(2030)}`)],
    found: "run",
    code: "CONFIG_INVALID",
    says: /2048 characters, wanted fewer than 2048/,
    fallback: false,
  },
  {
    what: "a file that is not there",
    node: "tencent.file-asr",
    frames: [{ kind: "recording", source: { path: "/nowhere/talk.wav" } }],
    found: "run",
    code: "FILE_NOT_FOUND",
    says: "/nowhere/talk.wav",
    fallback: false,
  },
  {
    what: "a recording of more than an hour, by the older interface",
    node: "tencent.file-asr",
    with: LEGACY,
    faults: [{ on: "handshake", mount: "/asr/v1/:appid", do: { vendorError: 10_002 } }],
    found: "run",
    code: "AUDIO_TOO_LONG",
    says: /10002.*cut the recording/,
  },
  {
    what: "more requests than the account may make",
    node: "tencent.file-asr",
    faults: [{ on: "handshake", do: { rateLimit: true } }],
    found: "run",
    code: "VENDOR_RATE_LIMITED",
    says: "RequestLimitExceeded",
  },
];

const nonsense: BadInput[] = [
  {
    what: "a page in place of an answer",
    node: "tencent.file-asr",
    instead: answering(200, "<html>Welcome</html>"),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "CreateRecTask",
  },
  {
    what: "a task without a number",
    node: "tencent.file-asr",
    instead: answering(200, { Response: {} }),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "without giving it a number",
  },
  {
    what: "an error without a proper name",
    node: "tencent.file-asr",
    instead: answering(200, { Response: { Error: { Code: "1 2 3 tc-test-secret-id" } } }),
    found: "run",
    code: "VENDOR_FAILED",
    says: "an error without a proper name",
  },
  {
    what: "flash that says nothing of its result",
    node: "tencent.file-asr",
    with: FLASH,
    instead: answering(200, { result: "fine" }),
    found: "run",
    code: "VENDOR_PROTOCOL",
    says: "a recording",
  },
  {
    what: "a service that is being repaired",
    node: "tencent.file-asr",
    with: LEGACY,
    instead: answering(502, "<html>Bad gateway</html>"),
    found: "run",
    code: "VENDOR_FAILED",
    says: "HTTP 502",
  },
  {
    what: "a recording that the service cannot read",
    node: "tencent.file-asr",
    frames: [{ kind: "recording", source: { bytes: new TextEncoder().encode("#!AMR\nabcdefg") } }],
    with: LEGACY,
    found: "run",
    code: "AUDIO_NOT_RECOGNISED",
    says: /10000.*kind that the service reads/,
    fallback: false,
  },
];

/** Others call while the service's own call has been refused once and comes again in a second. */
const calledBy =
  (...bodies: readonly string[]) =>
  async ({ desk, clock, network }: World): Promise<void> => {
    desk.refusals = 1;
    await clock.sleep(500);
    const [kept = ""] = desk.kept.keys();
    const [runId = "", nodeId = ""] = kept.split(" ");
    const name = kept.slice(`${runId} ${nodeId} `.length);
    const { url } = await desk.callback({ runId, nodeId, name }, { mediaType: "", body: "" });
    for (const body of bodies) await network.fetch({ url, method: "POST", body });
    await network.fetch({ url: `${url}a`, method: "POST", body: bodies[0] ?? "" });
  };

const callbacks: BadInput[] = [
  {
    what: "calls of other tasks, garbled ones, and one to an address that is none",
    node: "tencent.file-asr",
    with: LEGACY,
    meanwhile: calledBy("code=0&requestId=1&text=forged&audioTime=1", "nonsense", ""),
    found: "borne",
    counters: { strayCallbacks: 1, garbledCallbacks: 2 },
  },
  {
    what: "a call that comes again and again",
    node: "tencent.file-asr",
    with: LEGACY,
    async meanwhile({ desk }) {
      desk.refusals = 3;
    },
    found: "borne",
  },
  {
    what: "a call that never comes",
    node: "tencent.file-asr",
    with: { ...LEGACY, resultMs: 5000 },
    async meanwhile({ desk }) {
      desk.refusals = 1000;
    },
    found: "run",
    code: "RESULT_LATE",
    says: "5000 ms",
  },
  {
    what: "a call that comes when the recording was submitted anew",
    node: "tencent.file-asr",
    with: { ...LEGACY, resultMs: 1500 },
    async meanwhile({ desk }) {
      desk.refusals = 2;
    },
    found: "borne",
    counters: { retries: 1 },
  },
];

/** What `tencent.file-asr` cannot work with. */
export const recordingInputs: readonly BadInput[] = [
  ...credentials,
  ...settings,
  ...tooMuch,
  ...nonsense,
  ...callbacks,
];
