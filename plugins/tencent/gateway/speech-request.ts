import { asEngineError, type Caller, type GatewayHost, type GatewayKey, type Incoming } from "#engine/plugin";
import { meaningOf, SPEECH_CODES } from "../status.ts";
import { countedThirds } from "../wire/spoken.ts";
import { isAccountOf, readAsSigned, timeFault, wholeNumber } from "./signed.ts";
import type { SpokenCodec } from "./voice.ts";

/** Why a text is not spoken. */
export class SpeechRefusal extends Error {
  constructor(
    readonly code: number,
    words?: string,
  ) {
    super(words ?? meaningOf(SPEECH_CODES, code).name);
  }

  /** The same as synthesis over HTTP names it. */
  get named(): string {
    return (
      {
        10001: "InvalidParameterValue",
        10002: "InvalidParameterValue.TextTooLong",
        10003: "AuthFailure.SignatureFailure",
      }[this.code] ?? "InternalError"
    );
  }
}

/** What a client of synthesis asked for, checked. */
export interface SpeechRequest {
  readonly key: GatewayKey;
  readonly sessionId: string;
  readonly sampleRateHz: number;
  readonly codec: SpokenCodec;
  readonly subtitles: boolean;
  readonly language?: string;
  /** Empty where it comes later. */
  readonly text: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One of the three interfaces of synthesis. */
export interface SpeechInterface {
  readonly action: string;
  /** What the signature begins with: method, host and path. */
  readonly method: "POST" | "GET";
  readonly place: string;
  /** The text stands among the parameters. */
  readonly hasText: boolean;
}

/** 600 Chinese characters, or 1800 letters. */
const MOST_THIRDS = 1800;
const RATES_HZ = [8000, 16_000, 24_000];

const demand = (holds: boolean, code: number, words?: string): void => {
  if (!holds) throw new SpeechRefusal(code, words);
};

export interface SpeechCall {
  readonly request: Incoming;
  readonly caller: Caller;
  /** Those of a query with its pluses as they are. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly signature: string;
}

/** @throws SpeechRefusal 10001 for a parameter, 10002 for a text that is too long, 10003 for key, signature or time. */
export async function checkSpeech(
  { action, method, place, hasText }: SpeechInterface,
  { request, caller, parameters: read, signature }: SpeechCall,
  host: GatewayHost,
  toleranceS: number,
): Promise<SpeechRequest> {
  const scripted = caller.fault("vendorError")?.code;
  demand(scripted === undefined, Number(scripted));
  demand(!caller.fault("expiredToken"), 10_003);
  demand(!caller.fault("rateLimit"), 10_005);
  const [timestamp, expired] = [wholeNumber(read.Timestamp), wholeNumber(read.Expired)];
  demand(read.Action === action, 10_001, "Action is missing or another one");
  if (timestamp === undefined || expired === undefined || expired <= timestamp)
    throw new SpeechRefusal(10_001, "Timestamp or Expired is missing or invalid");
  const key = await host.key(read.SecretId ?? "");
  const parameters = key && readAsSigned(read, { request, method, place, signature }, key);
  if (!key || !parameters || !isAccountOf(parameters.AppId ?? "", key)) throw new SpeechRefusal(10_003);
  demand(timeFault(timestamp, expired, host, toleranceS) === undefined, 10_003, "the signature has expired");
  const { SessionId: sessionId = "", Codec = "pcm", SampleRate = "16000", Text: text = "" } = parameters;
  const sampleRateHz = wholeNumber(SampleRate) ?? 0;
  if (Codec !== "pcm" && Codec !== "mp3") throw new SpeechRefusal(10_001, "Codec is to be pcm or mp3");
  demand(RATES_HZ.includes(sampleRateHz), 10_001, "SampleRate is to be 8000, 16000 or 24000");
  demand(sessionId !== "" && sessionId.length <= 128, 10_001, "SessionId is missing or too long");
  demand(!hasText || text.trim() !== "", 10_001, "Text is missing");
  demand(countedThirds(text) <= MOST_THIRDS, 10_002);
  const language = { "1": "zh", "2": "en" }[parameters.PrimaryLanguage ?? ""];
  return {
    key,
    sessionId,
    sampleRateHz,
    codec: Codec,
    text,
    subtitles: /^(true|1)$/i.test(parameters.EnableSubtitle ?? ""),
    ...(language !== undefined && { language }),
    params: { ...paramsOf(parameters), ...(language !== undefined && { language }) },
  };
}

/** Under names of their own: what a voice is called here is for the workflow to say. */
function paramsOf(parameters: Readonly<Record<string, string>>): Record<string, number> {
  const named = { VoiceType: "voiceType", Speed: "speed", Volume: "volume" } as const;
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, ours]) => {
      const value = Number(parameters[name]);
      return parameters[name] !== undefined && Number.isFinite(value) ? [[ours, value]] : [];
    }),
  );
}

/** The vendor's number for a failure behind the gateway: only that the service failed is known to clients. */
export const speechRefusalOf = (error: unknown): SpeechRefusal => {
  if (error instanceof SpeechRefusal) return error;
  const { code } = asEngineError(error, "INTERNAL", "gateway");
  return new SpeechRefusal(
    code === "VOICE_UNKNOWN" || code === "LANGUAGE_UNSUPPORTED" ? 10_001 : 10_000,
    "the text could not be spoken",
  );
};
