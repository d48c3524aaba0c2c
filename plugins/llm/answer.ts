import { abortable, EngineError, type HttpResponse, type NodeContext, serverSent } from "#engine/plugin";
import type { ChatSettings } from "./config.ts";
import type { ChatMessage } from "./history.ts";
import { type AnswerPiece, DONE, readPiece, refusal, requestBody } from "./wire.ts";

/** Asks the model. Pieces come as it makes them; the time between them is watched, the time that the taker takes is not. */
export async function* answerOf(
  settings: ChatSettings,
  messages: readonly ChatMessage[],
  ctx: NodeContext,
  wanted: AbortSignal,
): AsyncGenerator<AnswerPiece> {
  const watch = watchFor(settings.answerMs, ctx, wanted);
  const { signal } = watch;
  try {
    ctx.usage("requests", 1);
    const { url, key, stream } = settings;
    const response = await ctx.network.fetch({
      url: `${url.replace(/\/+$/, "")}/chat/completions`,
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: stream ? "text/event-stream" : "application/json",
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      body: requestBody(settings, messages),
      timeoutMs: 0, // it is watched here
      signal,
    });
    if (response.status !== 200) throw refusal(response.status, await within(response, signal));
    for await (const piece of pieces(response, signal)) {
      watch.pause();
      yield piece;
      watch.again();
    }
  } catch (error) {
    signal.throwIfAborted(); // why it was given up, whatever the network makes of it
    throw error;
  } finally {
    watch.pause();
  }
}

async function* pieces(response: HttpResponse, signal: AbortSignal): AsyncGenerator<AnswerPiece> {
  if (!(response.headers["content-type"] ?? "").includes("event-stream"))
    return yield readPiece(await within(response, signal));
  let finished = false;
  for await (const data of serverSent(abortable(response.chunks(), signal))) {
    if (data.trim() === DONE) return;
    const piece = readPiece(data);
    finished ||= piece.finished !== undefined;
    yield piece;
  }
  if (!finished) throw new EngineError("VENDOR_LOST", "the model's answer ended in the midst of it");
}

/** A foreign service may send anything, for ever. */
const MOST_BYTES = 4_194_304;

async function within(response: HttpResponse, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of abortable(response.chunks(), signal)) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new EngineError("VENDOR_PROTOCOL", `an answer of more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function watchFor(answerMs: number, ctx: NodeContext, wanted: AbortSignal) {
  const late = new AbortController();
  let callOff = () => {};
  const again = () => {
    callOff = ctx.clock.after(answerMs, () =>
      late.abort(new EngineError("RESULT_LATE", `${ctx.nodeId}: nothing came from the model for ${answerMs} ms`)),
    );
  };
  again();
  return { signal: AbortSignal.any([wanted, late.signal]), pause: () => callOff(), again };
}
