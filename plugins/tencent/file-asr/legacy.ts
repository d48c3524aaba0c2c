import { EngineError, type NodeContext } from "#engine/plugin";
import { newNonce, nowS, placeOf, VALID_S } from "../access.ts";
import { type Parameters, signSha1, wireQuery } from "../signatures.ts";
import { REQUEST_CODES, vendorError } from "../status.ts";
import { ENCODINGS } from "../wire/encodings.ts";
import { submission } from "../wire/recording.ts";
import { engineOf, type FileSettings } from "./config.ts";
import { exchange } from "./exchange.ts";
import { requireUrl, type Source } from "./source.ts";

/** What a recording is handed over with. */
export interface Submission {
  readonly source: Source;
  readonly settings: FileSettings;
  readonly callbackUrl?: string;
  readonly signal: AbortSignal;
}

/** Hands a recording to the older interface; its result comes by callback. @returns the task's number. */
export async function submitLegacy(
  ctx: NodeContext,
  { source, settings, callbackUrl = "", signal }: Submission,
): Promise<string> {
  requireUrl(callbackUrl, "for callbacks");
  const { secretKey, appId } = settings;
  const url = `${settings.url ?? "https://aai.qcloud.com/asr/v1"}/${appId}`;
  const parameters = legacyParameters(ctx, settings, { callback_url: callbackUrl, ...sourceFields(source) });
  const request = {
    url: `${url}?${wireQuery(parameters)}`,
    headers: {
      "content-type": "application/octet-stream",
      authorization: signSha1(`POST${placeOf(url)}`, parameters, secretKey),
    },
    body: "url" in source ? new Uint8Array(0) : source.bytes,
    signal,
  };
  const { code, requestId } = await exchange(ctx, request, submission, "a recording");
  if (code !== 0) throw vendorError(REQUEST_CODES, code, "a recording");
  if (requestId === null || requestId === undefined)
    throw new EngineError("VENDOR_PROTOCOL", "Tencent took a recording without giving it a number");
  return `${requestId}`;
}

const sourceFields = (source: Source): Parameters =>
  "url" in source ? { source_type: 0, url: source.url } : { source_type: 1 };

function legacyParameters(ctx: NodeContext, settings: FileSettings, more: Parameters): Parameters {
  const timestamp = nowS(ctx);
  return {
    projectid: settings.projectId,
    sub_service_type: 0,
    engine_model_type: engineOf(settings),
    res_text_format: ENCODINGS.indexOf(settings.encoding),
    res_type: 1,
    channel_num: settings.channels,
    ...settings.extra,
    ...more,
    secretid: settings.secretId,
    timestamp,
    expired: timestamp + VALID_S,
    nonce: newNonce(ctx),
  };
}
