import { abortable, EngineError, type HttpResponse, type NodeContext, serverSent } from "#engine/plugin";
import { type Access, httpBase } from "../access.ts";
import { languageCode } from "../models.ts";
import { httpFailure, vendorFailure } from "../status.ts";
import { type SpokenResult, spokenResult } from "../wire/spoken.ts";
import { given, type Payload, readJson } from "../wire.ts";
import { mannerOf, speakingFamily, type TtsSettings, voiceOf } from "./config.ts";

/** A piece of text that one call speaks. */
export interface Piece {
  readonly text: string;
  readonly settings: TtsSettings;
  readonly access: Access;
  /** Aborts when it is not wanted any more, or no answer came for too long. */
  readonly signal: AbortSignal;
}

/**
 * HTTP synthesis: the audio as it comes, in events. An answer that only says where the audio is, is fetched from there.
 * @throws EngineError by what the service answers, VENDOR_PROTOCOL, and what the network throws.
 */
export async function* speakOverHttp(ctx: NodeContext, piece: Piece): AsyncGenerator<Uint8Array> {
  const { access, signal } = piece;
  const response = await ctx.network.fetch({
    ...request(piece),
    method: "POST",
    headers: {
      ...(await access.headers(signal)),
      "content-type": "application/json",
      accept: "text/event-stream",
      "x-dashscope-sse": "enable",
    },
    signal,
  });
  if (response.status !== 200) throw refusal(response.status, await response.text(), access);
  let url: string | undefined;
  let came = false;
  for await (const result of results(response, piece)) {
    const audio = result.output?.audio;
    url = audio?.url ?? url;
    if (!audio?.data) continue;
    came = true;
    yield Buffer.from(audio.data, "base64");
  }
  if (came) return;
  if (!url) throw new EngineError("VENDOR_PROTOCOL", "Model Studio answered a text without audio");
  yield* download(ctx, url, signal);
}

async function* results(response: HttpResponse, { access, signal }: Piece): AsyncGenerator<SpokenResult> {
  const events = (response.headers["content-type"] ?? "").includes("event-stream");
  if (!events) return yield read(await response.text(), access);
  for await (const data of serverSent(abortable(response.chunks(), signal))) yield read(data, access);
}

/** A failure in the midst of an answer is an event with a code. */
function read(text: string, access: Access): SpokenResult {
  const result = readJson(spokenResult, text, "an answer to a text");
  const { code, message } = result;
  if (result.output || typeof code !== "string" || code === "") return result;
  throw vendorFailure({ code, words: typeof message === "string" ? message : "" }, "a text", access.canRenew);
}

function refusal(status: number, body: string, access: Access): EngineError {
  const error = httpFailure(status, body, "a text", access.canRenew);
  if (error.code === "VENDOR_TOKEN_EXPIRED") access.drop();
  return error;
}

function request({ text, settings }: Piece): { readonly url: string; readonly body: string } {
  const base = `${httpBase(settings)}/services`;
  const { model, language, ssml } = settings;
  if (speakingFamily(model) === "qwen") {
    const input = { text, voice: voiceOf(settings), ...given("language_type", language), ...settings.extra };
    return { url: `${base}/aigc/multimodal-generation/generation`, body: JSON.stringify({ model, input }) };
  }
  const input: Payload = {
    text,
    voice: voiceOf(settings),
    ...mannerOf(settings),
    seed: settings.seed,
    ...given("instruction", settings.instruction),
    ...(language !== undefined && { language_hints: [languageCode(language)] }),
    ...(ssml && { enable_ssml: true }),
    ...settings.extra,
  };
  return { url: `${base}/audio/tts/SpeechSynthesizer`, body: JSON.stringify({ model, input }) };
}

async function* download(ctx: NodeContext, url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (!URL.canParse(url)) throw new EngineError("VENDOR_PROTOCOL", "the address of the audio of a text is none");
  const response = await ctx.network.fetch({ url, signal });
  if (response.status !== 200) {
    const code = response.status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
    throw new EngineError(code, `the audio of a text could not be fetched: HTTP ${response.status}`);
  }
  yield* abortable(response.chunks(), signal);
}
