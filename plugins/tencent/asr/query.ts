import type { NodeContext } from "#engine/plugin";
import { newNonce, nowS, signedUrl, VALID_S } from "../access.ts";
import type { Parameters } from "../signatures.ts";
import type { AsrSettings } from "./config.ts";

/** `voice_format` of samples without a head. */
const PCM = 1;

/** The address of a session, signed for this moment. A session's id is never used twice. */
export function sessionUrl(settings: AsrSettings, ctx: NodeContext): string {
  const timestamp = nowS(ctx);
  const parameters: Parameters = {
    ...asked(settings),
    ...settings.extra,
    secretid: settings.secretId,
    timestamp,
    expired: timestamp + VALID_S,
    nonce: newNonce(ctx),
    voice_id: ctx.newId(),
  };
  return signedUrl(`${settings.url}/${settings.appId}`, parameters, {
    method: "",
    name: "signature",
    secretKey: settings.secretKey,
  });
}

/** What a session is asked for. */
function asked(settings: AsrSettings): Parameters {
  const given = (name: string, value: string | number | undefined): Parameters =>
    value === undefined ? {} : { [name]: value };
  return {
    engine_model_type: settings.engine,
    voice_format: PCM,
    needvad: settings.vad ? 1 : 0,
    ...given("vad_silence_time", settings.vadSilenceMs),
    ...given("max_speak_time", settings.maxSpeakMs),
    filter_dirty: settings.filterDirty,
    filter_modal: settings.filterFillers,
    filter_punc: settings.filterPunctuation,
    convert_num_mode: settings.numbers,
    ...(settings.hotwords.length > 0 && { hotword_list: settings.hotwords.join(",") }),
    ...given("hotword_id", settings.hotwordId),
    ...given("customization_id", settings.customizationId),
    ...given("noise_threshold", settings.noiseThreshold),
    ...(settings.results === "sentences"
      ? { result_mod: 1, sentence_strategy: 1, speaker_diarization: settings.speakers ? 1 : 0 }
      : { word_info: settings.words ? 1 : 0 }),
  };
}
