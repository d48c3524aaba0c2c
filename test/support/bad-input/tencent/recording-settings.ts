import type { RecordingFrame } from "#engine/plugin";
import { tooMany } from "../connection-faults.ts";
import { talkFile } from "../samples.ts";
import { type BadInput, failing } from "../table.ts";
import { FLASH, LEGACY } from "./interfaces.ts";

const MB = 1024 * 1024;
const CALLED = { delivery: "callback" };

const bytes = (size: number, more: Partial<RecordingFrame> = {}): RecordingFrame => ({
  kind: "recording",
  source: { bytes: new Uint8Array(size) },
  ...more,
});
const at = (url: string): RecordingFrame => ({ kind: "recording", source: { url } });

const credentials: BadInput[] = [
  ...failing({ found: "run", code: "VENDOR_KEY_REFUSED" }, [
    {
      what: "the key of another id, by the current interface",
      node: "tencent.file-asr",
      with: { secretKey: "${secret:otherKey}" },
      says: /AuthFailure.SignatureFailure.*look at appId, secretId and secretKey/,
    },
    {
      what: "the key of another id, by the older interface",
      node: "tencent.file-asr",
      with: { ...LEGACY, secretKey: "${secret:otherKey}" },
      says: /1030.*look at appId, secretId and secretKey/,
    },
    {
      what: "an id that nobody knows, by flash",
      node: "tencent.file-asr",
      with: { ...FLASH, secretId: "${secret:otherId}" },
      says: /4002.*look at appId/,
    },
  ]),
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
  ...failing({ found: "lint", code: "VALUE_INVALID" }, [
    {
      what: "two channels with a wide-band engine",
      node: "tencent.file-asr",
      with: { channels: 2 },
      says: "telephone engine",
    },
    {
      what: "a current engine with the older interface",
      node: "tencent.file-asr",
      with: { ...LEGACY, engine: "16k_en" },
      says: /8k_0, 16k_0, 8k_6/,
    },
    {
      what: "an encoding of the older interface",
      node: "tencent.file-asr",
      with: { encoding: "big5" },
      says: "older interface",
    },
    {
      what: "polling of the older interface",
      node: "tencent.file-asr",
      with: { ...LEGACY, delivery: "poll" },
      says: "set delivery: callback",
    },
  ]),
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
  ...failing({ found: "run", code: "UPLOAD_TOO_LARGE" }, [
    {
      what: "an upload of more than 5 MB",
      node: "tencent.file-asr",
      frames: [bytes(5 * MB + 1)],
      says: /5242881 bytes.*5242880.*address/,
      fallback: false,
    },
    {
      what: "an upload of more than 5 MB to the older interface, which another takes over",
      node: "tencent.file-asr",
      with: LEGACY,
      frames: [talkFile(new Int16Array(2.6 * MB))],
      says: "give its address instead",
      fallback: { use: "toy.ears" },
      result: [],
    },
    {
      what: "an upload of more than 100 MB to flash",
      node: "tencent.file-asr",
      with: FLASH,
      frames: [bytes(100 * MB + 1)],
      says: "104857600",
      fallback: false,
    },
  ]),
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
  tooMany("more requests than the account may make", "tencent.file-asr", "RequestLimitExceeded"),
];

/** What `tencent.file-asr` is set to or given and cannot work with. */
export const badRecordingSettings: readonly BadInput[] = [...credentials, ...settings, ...tooMuch];
