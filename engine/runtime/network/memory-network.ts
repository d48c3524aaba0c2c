import { EngineError } from "#engine/errors";
import type {
  Clock,
  Connection,
  DialRequest,
  Door,
  HttpRequest,
  HttpResponse,
  Incoming,
  Listener,
  Outgoing,
  ServerNetwork,
} from "#engine/plugin";
import { endpointOf, hostAndPort } from "./endpoint.ts";
import { StreamedResponse } from "./http-response.ts";
import { type Carriage, MemoryConnection } from "./memory-connection.ts";
import type { ClockedNetwork } from "./node-network.ts";

export interface MemoryNetworkOptions extends Partial<Carriage> {}

interface Place {
  readonly door: Door;
  readonly clients: Set<Connection>;
}

const ANSWER_MS = 30_000;
const FIRST_FREE_PORT = 49_152;

/**
 * A network inside the process: whoever listens can be reached by any name. It moves by the clock that it is given, so a run over it
 * takes as long, and happens in the same order, every time.
 */
export class MemoryNetwork implements ServerNetwork, ClockedNetwork {
  readonly #places = new Map<string, Place>();
  readonly #carriage: Carriage;
  #open = 0;
  #ports = FIRST_FREE_PORT;

  constructor(
    readonly clock: Clock,
    options: MemoryNetworkOptions = {},
  ) {
    this.#carriage = { latencyMs: 0, ...options };
  }

  get virtual(): boolean {
    return this.clock.virtual;
  }

  /** Ends of connections that are open now. */
  get sockets(): number {
    return this.#open;
  }

  async listen(address: string, door: Door): Promise<Listener> {
    const own = address.endsWith(":0") ? `${address.slice(0, -1)}${this.#ports++}` : address;
    if (this.#places.has(own)) throw new EngineError("CONFIG_INVALID", `${own} is listened on already`);
    const place: Place = { door, clients: new Set() };
    this.#places.set(own, place);
    return {
      address: own,
      close: async () => {
        this.#places.delete(own);
        for (const client of place.clients) client.destroy();
      },
    };
  }

  release(): void {}

  async dial(request: DialRequest): Promise<Connection> {
    return this.#bounded(request.url, 0, request.signal, async (place) => {
      const { protocol } = new URL(request.url);
      if (protocol === "tcp:" || protocol === "tls:") {
        const { stream } = place.door;
        if (!stream) throw unreachable(request.url, "takes no TCP connections");
        return this.#connect(place, "tcp", (connection) => place.door.stream?.(connection));
      }
      const entry = await answered(place.door.upgrade?.(incomingOf(request)));
      if ("status" in entry) throw refused(request.url, entry);
      return this.#connect(place, "websocket", (connection) => entry.serve(connection));
    });
  }

  async fetch(request: HttpRequest): Promise<HttpResponse> {
    return this.#bounded(request.url, request.timeoutMs ?? ANSWER_MS, request.signal, async (place) => {
      const answer = await answered(place.door.request?.(incomingOf(request)));
      const { status, headers = {} } = answer;
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      return new StreamedResponse(status, lower, bodyOf(answer), endpointOf(request.url));
    });
  }

  /** Looks the place up and works with it, both ways by the clock, until the signal aborts or the time is over. */
  #bounded<T>(
    url: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (place: Place) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      let over = false;
      const settle = (outcome: () => void) => {
        if (over) return;
        over = true;
        signal?.removeEventListener("abort", onAbort);
        late?.();
        outcome();
      };
      const onAbort = () => settle(() => reject(signal?.reason));
      signal?.addEventListener("abort", onAbort, { once: true });
      const late =
        timeoutMs > 0
          ? this.clock.after(timeoutMs, () =>
              settle(() => reject(unreachable(url, `gave no answer in ${timeoutMs} ms`))),
            )
          : undefined;
      const later = (what: () => void) => this.clock.after(this.#carriage.latencyMs, what);
      const found = async () => {
        const place = this.#placeOf(url);
        if (!place) throw unreachable(url, "did not answer");
        return work(place);
      };
      later(() => {
        found().then(
          (value) =>
            later(() => {
              if (over && value instanceof MemoryConnection) value.destroy();
              settle(() => resolve(value));
            }),
          (error) => later(() => settle(() => reject(error))),
        );
      });
    });
  }

  #placeOf(url: string): Place | undefined {
    const place = hostAndPort(url);
    return place && this.#places.get(`${place.host}:${place.port}`);
  }

  #connect(place: Place, kind: "tcp" | "websocket", serve: (connection: Connection) => void): MemoryConnection {
    const [client, server] = MemoryConnection.pair(kind, this.clock, this.#carriage);
    for (const end of [client, server]) {
      this.#open++;
      void end.closed.then(() => this.#open--);
    }
    place.clients.add(server);
    void server.closed.then(() => place.clients.delete(server));
    serve(server);
    return client;
  }
}

/** What a door answered; 404 where it has none for that, 500 where it failed. */
async function answered<T>(answer: Promise<T> | undefined): Promise<T | Outgoing> {
  try {
    return (await answer) ?? { status: 404 };
  } catch {
    return { status: 500 };
  }
}

const unreachable = (url: string, what: string) => new EngineError("VENDOR_UNREACHABLE", `${endpointOf(url)} ${what}`);

const refused = (url: string, { status }: Outgoing) =>
  new EngineError("VENDOR_UNREACHABLE", `${endpointOf(url)} refused the WebSocket with status ${status}`, {
    details: { status },
  });

function incomingOf(request: DialRequest | HttpRequest): Incoming {
  const { pathname, search, host } = new URL(request.url);
  const body = "body" in request ? (request.body ?? "") : "";
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    method: "method" in request ? (request.method ?? "GET") : "GET",
    path: pathname,
    query: search.slice(1),
    headers: { host, ...Object.fromEntries(headers) },
    body: typeof body === "string" ? new TextEncoder().encode(body) : body.slice(),
    from: "memory",
  };
}

async function* bodyOf({ body }: Outgoing): AsyncIterable<Uint8Array> {
  if (body === undefined) return;
  if (typeof body === "string") yield new TextEncoder().encode(body);
  else if (body instanceof Uint8Array) yield body;
  else yield* body;
}
