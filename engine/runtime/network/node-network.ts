import { EngineError } from "#engine/errors";
import type { Connection, DialRequest, HttpRequest, HttpResponse, Network } from "#engine/plugin";
import { type Trace, tracedExchange } from "./traced-http.ts";

/** What a run allows its nodes to reach. */
export interface NetworkRules {
  /** Virtual time is on: only a network that shares its clock may be used. */
  readonly virtual: boolean;
  /** Refuses an address by throwing HOST_FORBIDDEN or URL_FORBIDDEN. Returns which IP addresses alone may be connected to; undefined: any. */
  readonly guard?: (url: URL) => Promise<readonly string[] | undefined>;
}

/** A network that knows which clock it lives by. */
export interface ClockedNetwork extends Network {
  /** It moves by a virtual clock, and by nothing else. */
  readonly virtual: boolean;
  /** @param only the IP addresses that may be connected to, whatever a look-up of the name says by then. */
  dial(request: DialRequest, only?: readonly string[]): Promise<Connection>;
  fetch(request: HttpRequest, only?: readonly string[]): Promise<HttpResponse>;
}

/** One node's view of the network: checks what it may reach, counts what it waits for, and ends what it leaves open. */
export class NodeNetwork implements Network {
  /** Dials and requests under way: they move with the clock, so time must not stand still for them. */
  pending = 0;
  readonly #open = new Set<Connection>();
  /** Made when something is opened: most nodes open nothing, and one of these weighs half a kilobyte. */
  #stop: AbortController | undefined;
  #closed: EngineError | undefined;

  constructor(
    readonly node: { readonly id: string; readonly type: string; readonly mayReach: boolean },
    readonly network: ClockedNetwork,
    readonly rules: NetworkRules,
    /** Told of HTTP exchanges, where somebody wants to see them. Who speaks on a socket tells of it. */
    readonly trace?: Trace,
  ) {}

  async dial(request: DialRequest): Promise<Connection> {
    const only = await this.#check(request.url, ["tcp:", "tls:", "ws:", "wss:"]);
    const connection = await this.#waiting((signal) => this.network.dial({ ...request, signal }, only), request.signal);
    if (this.#closed) {
      connection.destroy();
      throw this.#closed;
    }
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
    return connection;
  }

  async fetch(request: HttpRequest): Promise<HttpResponse> {
    const only = await this.#check(request.url, ["http:", "https:"]);
    const exchange = () => this.#waiting((signal) => this.network.fetch({ ...request, signal }, only), request.signal);
    return this.trace ? tracedExchange(request, exchange, this.trace) : exchange();
  }

  /** The connection belongs to the process from here on: a pool keeps it beyond this node. */
  release(connection: Connection): void {
    this.#open.delete(connection);
  }

  /** Ends all that is open or under way. */
  dispose(): void {
    this.#closed ??= new EngineError("RUN_CANCELLED", `${this.node.id} was closed`);
    this.#stop?.abort(this.#closed);
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
  }

  async #check(address: string, schemes: readonly string[]): Promise<readonly string[] | undefined> {
    const { id, type, mayReach } = this.node;
    if (!mayReach)
      throw new EngineError(
        "EFFECT_FORBIDDEN",
        `${id} (${type}) reaches for the network, and its type does not declare it`,
      );
    if (this.rules.virtual && !this.network.virtual)
      throw new EngineError("CLOCK_REFUSES", `${id} (${type}) reaches for real sockets under a virtual clock`);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !schemes.includes(url.protocol))
      throw new EngineError(
        "CONFIG_INVALID",
        `${id} (${type}): an address that begins with ${schemes.join(" or ")} was wanted`,
      );
    return this.rules.guard?.(url);
  }

  async #waiting<T>(work: (signal: AbortSignal) => Promise<T>, own: AbortSignal | undefined): Promise<T> {
    if (this.#closed) throw this.#closed;
    this.#stop ??= new AbortController();
    const signal = own ? AbortSignal.any([own, this.#stop.signal]) : this.#stop.signal;
    signal.throwIfAborted();
    this.pending++;
    try {
      return await work(signal);
    } finally {
      this.pending--;
    }
  }
}
