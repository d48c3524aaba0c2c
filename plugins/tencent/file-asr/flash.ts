import { EngineError, type NodeContext } from "#engine/plugin";
import { nowS, placeOf } from "../access.ts";
import { signSha1, wireQuery } from "../signatures.ts";
import { FLASH_CODES, vendorError } from "../status.ts";
import { flashAnswer, sentencesOfFlash } from "../wire/recording.ts";
import { engineOf } from "./config.ts";
import { exchange } from "./exchange.ts";
import type { Submission } from "./legacy.ts";
import type { Recognised } from "./tasks.ts";

/** An upload of 100 MB and its recognition may take a while. */
const ANSWER_MS = 600_000;

/** Recognises a recording in the answer to its upload. */
export async function recogniseAtOnce(ctx: NodeContext, { source, settings, signal }: Submission): Promise<Recognised> {
  if ("url" in source || source.container === undefined)
    throw new EngineError(
      "AUDIO_NOT_RECOGNISED",
      "flash recognition has to be told the container, and nothing tells it",
    );
  const url = `${settings.url ?? "https://asr.cloud.tencent.com/asr/flash/v1"}/${settings.appId}`;
  const parameters = {
    engine_type: engineOf(settings),
    voice_format: source.container,
    speaker_diarization: settings.speakers ? 1 : 0,
    filter_dirty: settings.filterDirty,
    filter_modal: settings.filterFillers,
    convert_num_mode: settings.numbers,
    word_info: settings.words ? 1 : 0,
    first_channel_only: settings.channels === 2 ? 0 : 1,
    ...(settings.hotwordId !== undefined && { hotword_id: settings.hotwordId }),
    ...(settings.customizationId !== undefined && { customization_id: settings.customizationId }),
    ...settings.extra,
    secretid: settings.secretId,
    timestamp: nowS(ctx),
  };
  const request = {
    url: `${url}?${wireQuery(parameters)}`,
    headers: {
      "content-type": "application/octet-stream",
      authorization: signSha1(`POST${placeOf(url)}`, parameters, settings.secretKey),
    },
    body: source.bytes,
    timeoutMs: ANSWER_MS,
    signal,
  };
  const answer = await exchange(ctx, request, flashAnswer, "a recording");
  if (answer.code !== 0) throw vendorError(FLASH_CODES, answer.code, "a recording");
  return { sentences: sentencesOfFlash(answer), durationMs: answer.audio_duration ?? 0 };
}
