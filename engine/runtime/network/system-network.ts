import { EngineError } from "#engine/errors";
import type {
  Connection,
  DialRequest,
  Door,
  HttpRequest,
  HttpResponse,
  Listener,
  ServerNetwork,
  TlsTexts,
} from "#engine/plugin";
import { endpointOf, hostAndPort } from "./endpoint.ts";
import { StreamedResponse } from "./http-response.ts";
import type { ClockedNetwork } from "./node-network.ts";
import { addressOf, pinned } from "./pinned.ts";
import { listenOnMachine } from "./system-listener.ts";
import { TcpConnection, tcpHandlers } from "./tcp-connection.ts";
import { WebSocketConnection } from "./web-socket-connection.ts";

const ANSWER_MS = 30_000;

/** The machine's own network. */
export class SystemNetwork implements ServerNetwork, ClockedNetwork {
  readonly virtual = false;

  release(): void {}

  dial(request: DialRequest, only?: readonly string[]): Promise<Connection> {
    const { protocol } = new URL(request.url);
    return protocol === "tcp:" || protocol === "tls:"
      ? dialTcp(request, only)
      : WebSocketConnection.open(request, only);
  }

  async fetch(request: HttpRequest, only?: readonly string[]): Promise<HttpResponse> {
    const { url, method = "GET", headers, body, signal, timeoutMs = ANSWER_MS } = request;
    const late = new AbortController();
    const timer = timeoutMs > 0 ? setTimeout(() => late.abort(), timeoutMs) : undefined;
    const there = only ? pinned(url, headers, only) : { url, headers };
    try {
      const answer = await fetch(there.url, {
        method,
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
        ...(there.headers && { headers: { ...there.headers } }),
        ...("tls" in there && url.startsWith("https:") && { tls: there.tls }),
        ...(body !== undefined && { body: body as string | Uint8Array<ArrayBuffer> }),
      });
      const chunks = answer.body ?? new Response("").body!;
      return new StreamedResponse(answer.status, Object.fromEntries(answer.headers), chunks, endpointOf(url));
    } catch (error) {
      signal?.throwIfAborted();
      const what = late.signal.aborted ? `gave no answer in ${timeoutMs} ms` : "did not answer";
      throw new EngineError("VENDOR_UNREACHABLE", `${endpointOf(url)} ${what}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  listen(address: string, door: Door, tls?: TlsTexts): Promise<Listener> {
    return listenOnMachine(address, door, tls);
  }
}

async function dialTcp({ url, signal }: DialRequest, only: readonly string[] | undefined): Promise<Connection> {
  signal?.throwIfAborted();
  const place = hostAndPort(url);
  if (!place) throw new EngineError("CONFIG_INVALID", `${endpointOf(url)} names no port`);
  const connection = new TcpConnection();
  const abort = () => connection.destroy();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await Bun.connect<{ connection: TcpConnection }>({
      hostname: only ? addressOf(only) : place.host,
      port: place.port,
      data: { connection },
      ...(new URL(url).protocol === "tls:" && { tls: { serverName: place.host } }),
      socket: { ...tcpHandlers, open: (socket) => connection.onOpen(socket) },
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw new EngineError("VENDOR_UNREACHABLE", `${endpointOf(url)} did not answer`, { cause: error });
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  if (signal?.aborted) {
    connection.destroy();
    throw signal.reason;
  }
  return connection;
}
