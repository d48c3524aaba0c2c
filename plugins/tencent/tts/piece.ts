import { EngineError, type HttpResponse, type NodeContext } from "#engine/plugin";
import { placeOf, signedUrl } from "../access.ts";
import { signSha1 } from "../signatures.ts";
import { namedError, SPEECH_CODES, SPEECH_NOTICE, vendorError } from "../status.ts";
import { readSpeech, type Subtitle, speechRefusal } from "../wire/spoken.ts";
import { serviceUrl, type TtsSettings } from "./config.ts";
import { speechParameters } from "./parameters.ts";

/** What comes of a piece of text: audio, or what is known of its words. */
export type Spoken = { readonly audio: Uint8Array } | { readonly subtitles: readonly Subtitle[] };

/** A piece of text that one request or connection speaks. */
export interface Piece {
  readonly text: string;
  readonly settings: TtsSettings;
  /** Aborts when it is not wanted any more, or no answer came for too long. */
  readonly signal: AbortSignal;
}

export const speak = (ctx: NodeContext, piece: Piece): AsyncIterable<Spoken> =>
  piece.settings.mode === "http" ? overHttp(ctx, piece) : overSocket(ctx, piece);

/** An answer whose body is the audio; of a refusal it is JSON, with the same status. */
async function* overHttp(ctx: NodeContext, { text, settings, signal }: Piece): AsyncGenerator<Spoken> {
  const url = serviceUrl(settings);
  const parameters = speechParameters(settings, ctx, ctx.newId(), text);
  const response = await ctx.network.fetch({
    url,
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: signSha1(`POST${placeOf(url)}`, parameters, settings.secretKey),
    },
    body: JSON.stringify(parameters),
    signal,
  });
  if (response.status !== 200) throw httpRefusal(response);
  if ((response.headers["content-type"] ?? "").includes("json")) throw refusal(await response.bytes());
  let first = true;
  for await (const audio of response.chunks()) {
    signal.throwIfAborted();
    if (first && audio[0] === 0x7b && isRefusal(audio)) throw refusal(audio);
    first = false;
    yield { audio };
  }
}

function httpRefusal({ status }: HttpResponse): EngineError {
  const code = status === 429 ? "VENDOR_RATE_LIMITED" : status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
  return new EngineError(code, `Tencent answered a text with HTTP ${status}`, { details: { status } });
}

/** Audio may begin like JSON does, so it has to be all of it. */
const isRefusal = (bytes: Uint8Array): boolean => read(bytes) !== undefined;

const refusal = (bytes: Uint8Array): EngineError =>
  namedError(read(bytes)?.Response.Error.Code ?? "an answer that is not understood", "a text");

function read(bytes: Uint8Array) {
  try {
    return speechRefusal.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}

/** A connection whose address holds the text, so that nothing has to be sent on it. */
async function* overSocket(ctx: NodeContext, { text, settings, signal }: Piece): AsyncGenerator<Spoken> {
  const parameters = speechParameters(settings, ctx, ctx.newId(), text);
  const { secretKey } = settings;
  const address = signedUrl(serviceUrl(settings), parameters, { method: "GET", name: "Signature", secretKey });
  const connection = await ctx.network.dial({ url: address, signal });
  const cut = () => connection.destroy();
  signal.addEventListener("abort", cut, { once: true });
  try {
    for await (const message of connection) {
      signal.throwIfAborted();
      if (typeof message !== "string") {
        yield { audio: message };
        continue;
      }
      const said = readSpeech(message);
      if (said.code !== 0 && said.code !== SPEECH_NOTICE) throw vendorError(SPEECH_CODES, said.code, "a text");
      if (said.result?.subtitles?.length) yield { subtitles: said.result.subtitles };
      if (said.final === 1) return;
    }
    signal.throwIfAborted();
    throw new EngineError("VENDOR_LOST", "Tencent's socket was closed before a text was spoken");
  } finally {
    signal.removeEventListener("abort", cut);
    connection.close(1000);
  }
}
