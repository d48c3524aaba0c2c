import { asEngineError } from "#engine/errors";
import type { HttpRequest, HttpResponse, NodeEvent } from "#engine/plugin";
import { StreamedResponse } from "./http-response.ts";

/** Takes what a trace shows. */
export type Trace = (event: NodeEvent) => void;

let exchanges = 0;

/**
 * One HTTP exchange, told as it goes: the request with its method, path and size; the head of the answer; its body's size once that was read.
 * What a query, headers and bodies hold may be secret and is not told.
 */
export async function tracedExchange(
  request: HttpRequest,
  exchange: () => Promise<HttpResponse>,
  trace: Trace,
): Promise<HttpResponse> {
  const connection = `http-${++exchanges}`;
  const tell = (direction: "in" | "out", message: string) => trace({ type: "wire", direction, connection, message });
  const { method = "GET", url, body } = request;
  const { host, pathname, search } = new URL(url);
  tell("out", `${method} ${host}${pathname}${search === "" ? "" : "?…"}${sizeOf(body)}`);
  try {
    const answer = await exchange();
    const type = answer.headers["content-type"]?.split(";")[0];
    tell("in", `${answer.status}${type === undefined ? "" : ` ${type}`}`);
    return counted(answer, `${host}${pathname}`, (bytes, whole) =>
      tell("in", `${bytes} bytes${whole ? "" : ", broken off"}`),
    );
  } catch (error) {
    tell("in", `no answer: ${asEngineError(error, "VENDOR_UNREACHABLE", "fetch").code}`);
    throw error;
  }
}

const sizeOf = (body: HttpRequest["body"]): string =>
  body === undefined ? "" : ` ${typeof body === "string" ? Buffer.byteLength(body) : body.length} bytes`;

/** The answer with its body counted on the way. */
function counted(answer: HttpResponse, endpoint: string, done: (bytes: number, whole: boolean) => void): HttpResponse {
  async function* body(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    let whole = false;
    try {
      for await (const chunk of answer.chunks()) {
        bytes += chunk.length;
        yield chunk;
      }
      whole = true;
    } finally {
      done(bytes, whole);
    }
  }
  return new StreamedResponse(answer.status, answer.headers, body(), endpoint);
}
