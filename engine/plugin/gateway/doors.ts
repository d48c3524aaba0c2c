import { EngineError } from "#engine/errors";
import type { Clock } from "../clock.ts";
import type { Logger } from "../context.ts";
import { bounded } from "../link/bounded.ts";
import type { Door, Incoming, Outgoing, Upgrade } from "../link/door.ts";
import type { Connection } from "../link/network.ts";
import { type CallFaults, FaultPlan } from "./fault-plan.ts";
import type { FaultScript } from "./faults.ts";
import { FaultyConnection } from "./faulty-connection.ts";
import type { Caller, Client, FaultAnswer, Gateway, HttpMount, Mount, SocketMount, TcpMount } from "./gateway.ts";

export interface DoorOptions {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly faults?: FaultScript;
}

/** Where callers of a gateway come in: what a server mounts, or an emulator listens with. */
export interface GatewayDoors {
  /** HTTP and WebSockets; undefined where the gateway has none. */
  readonly web: Door | undefined;
  readonly tcp: { readonly port: number; readonly door: Door } | undefined;
  readonly mounts: readonly Mount[];
  /** Connections that are served now. */
  readonly clients: number;
  /** Calls of all mounts so far, those that were refused too. */
  readonly calls: number;
  /** Whether a mount is at this path, whatever the method. */
  knows(kind: "http" | "websocket", path: string): boolean;
  /** Sends all clients away, waits until none is served, and closes the gateway. */
  close(): Promise<void>;
}

/** How long a client may take to say goodbye when the gateway closes. */
const GOODBYE_MS = 2000;
const CLOSING: Outgoing = { status: 503, body: "the gateway closes" };

/** Opens a gateway's mounts, with what goes wrong between them and the callers. */
export const gatewayDoors = (gateway: Gateway, options: DoorOptions): GatewayDoors => new Doors(gateway, options);

class Doors implements GatewayDoors {
  readonly web: Door | undefined;
  readonly tcp: { readonly port: number; readonly door: Door } | undefined;
  readonly #plan: FaultPlan;
  readonly #calls = new Map<Mount, number>();
  readonly #serving = new Map<Connection, Promise<void>>();
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(
    readonly gateway: Gateway,
    readonly options: DoorOptions,
  ) {
    this.#plan = new FaultPlan(options.faults ?? { faults: [] });
    const { mounts } = gateway;
    const tcp = mounts.find((mount): mount is TcpMount => mount.kind === "tcp");
    if (tcp) this.tcp = { port: tcp.port, door: { stream: (connection) => void this.#admitTcp(tcp, connection) } };
    if (mounts.some((mount) => mount.kind !== "tcp"))
      this.web = { request: (incoming) => this.#answer(incoming), upgrade: (incoming) => this.#upgrade(incoming) };
  }

  get clients(): number {
    return this.#serving.size;
  }

  get calls(): number {
    return [...this.#calls.values()].reduce((sum, calls) => sum + calls, 0);
  }

  get mounts(): readonly Mount[] {
    return this.gateway.mounts;
  }

  knows(kind: "http" | "websocket", path: string): boolean {
    return this.gateway.mounts.some((mount) => mount.kind === kind && matchPath(mount.path, path) !== undefined);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort(new EngineError("SERVER_DRAINING", "the gateway closes"));
    for (const connection of this.#serving.keys()) connection.close(1001);
    await this.#emptied();
    for (const connection of this.#serving.keys()) connection.destroy();
    await this.#emptied();
    await this.gateway.close?.();
  }

  /** Waits for those who are served now, but not for ever. */
  async #emptied(): Promise<void> {
    const late = () => new EngineError("SERVER_DRAINING", "some clients are still there");
    await bounded(Promise.all(this.#serving.values()), this.options.clock, GOODBYE_MS, late).catch(() => {});
  }

  async #answer(incoming: Incoming): Promise<Outgoing> {
    if (this.#stop.signal.aborted) return CLOSING;
    let known = false;
    for (const mount of this.gateway.mounts) {
      if (mount.kind !== "http") continue;
      const params = matchPath(mount.path, incoming.path);
      known ||= params !== undefined;
      if (params && mount.method === incoming.method) return this.#answerBy(mount, incoming, params);
    }
    return known ? { status: 405, body: "method not allowed" } : { status: 404, body: "not found" };
  }

  async #answerBy(mount: HttpMount, incoming: Incoming, params: Caller["params"]): Promise<Outgoing> {
    const { faults, caller } = this.#caller(mount, params);
    const refused = await this.#handshake(faults);
    if (refused) return refused;
    try {
      return spoilt(await mount.answer(incoming, caller), faults, this.options);
    } catch (error) {
      this.#failed(mount.path, error);
      return { status: 500, body: "the gateway failed" };
    }
  }

  async #upgrade(incoming: Incoming): Promise<Upgrade | Outgoing> {
    if (this.#stop.signal.aborted) return CLOSING;
    for (const mount of this.gateway.mounts) {
      const params = mount.kind === "websocket" ? matchPath(mount.path, incoming.path) : undefined;
      if (mount.kind === "websocket" && params) return this.#upgradeTo(mount, incoming, params);
    }
    return { status: 404, body: "not found" };
  }

  async #upgradeTo(mount: SocketMount, incoming: Incoming, params: Caller["params"]): Promise<Upgrade | Outgoing> {
    const { faults, caller } = this.#caller(mount, params);
    const refused = (await this.#handshake(faults)) ?? (await mount.admit?.(incoming, caller));
    if (refused) return refused;
    const offered = incoming.headers["sec-websocket-protocol"]?.split(",")[0]?.trim();
    return {
      ...(offered && { protocol: offered }),
      serve: (connection) => this.#serve(mount, connection, faults, caller, incoming),
    };
  }

  async #admitTcp(mount: TcpMount, connection: Connection): Promise<void> {
    const { faults, caller } = this.#caller(mount, {});
    if ((await this.#handshake(faults)) || this.#stop.signal.aborted) connection.destroy();
    else this.#serve(mount, connection, faults, caller, undefined);
  }

  #serve(
    mount: SocketMount | TcpMount,
    raw: Connection,
    faults: CallFaults,
    caller: Caller,
    request: Incoming | undefined,
  ): void {
    const errors = new VendorErrors();
    const { clock, random } = this.options;
    const connection =
      faults.rules.length === 0
        ? raw
        : new FaultyConnection(raw, faults, { clock, random, onVendorError: (code) => errors.tell(code) });
    const gone = new AbortController();
    void raw.closed.then(() => gone.abort(new EngineError("VENDOR_LOST", "the client has gone")));
    const client: Client = {
      ...caller,
      connection,
      ...(request && { request }),
      signal: AbortSignal.any([gone.signal, this.#stop.signal]),
      onVendorError: (listener) => errors.listen(listener),
    };
    const served = (async () => {
      try {
        await mount.serve(client);
        connection.close();
      } catch (error) {
        this.#failed(mount.kind === "tcp" ? "tcp" : mount.path, error);
        connection.destroy();
      }
      await raw.closed;
      this.#serving.delete(raw);
    })();
    this.#serving.set(raw, served);
  }

  #caller(mount: Mount, params: Caller["params"]): { readonly faults: CallFaults; readonly caller: Caller } {
    const number = (this.#calls.get(mount) ?? 0) + 1;
    this.#calls.set(mount, number);
    const faults = this.#plan.call(mount.kind === "tcp" ? "tcp" : mount.path, number);
    return { faults, caller: { number, params, fault: (kind): FaultAnswer | undefined => faults.take(kind) } };
  }

  /** What goes wrong before the gateway is asked; undefined where nothing keeps the caller out. */
  async #handshake(faults: CallFaults): Promise<Outgoing | undefined> {
    for (const { do: what } of faults.of("handshake")) {
      if ("delay" in what) await this.options.clock.sleep(what.delay);
      if ("hang" in what) await new Promise<never>(() => {});
      if ("refuse" in what) return { status: what.refuse };
    }
    return undefined;
  }

  #failed(where: string, error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const code = error instanceof EngineError ? error.code : "INTERNAL";
    this.options.log.warn("a client of a gateway was sent away", { mount: where, code });
  }
}

/** Tells a gateway of scripted errors, those too that came before it listened. */
class VendorErrors {
  #listener: ((code: number | string) => void) | undefined;
  readonly #early: (number | string)[] = [];

  listen(listener: (code: number | string) => void): void {
    this.#listener = listener;
    for (const code of this.#early.splice(0)) listener(code);
  }

  tell(code: number | string): void {
    if (this.#listener) this.#listener(code);
    else this.#early.push(code);
  }
}

/** The answer to an HTTP call with what the script does to messages and connections. */
async function spoilt(answer: Outgoing, faults: CallFaults, { clock, random }: DoorOptions): Promise<Outgoing> {
  for (const { do: what } of faults.of("messages")) if ("delay" in what) await clock.sleep(what.delay);
  for (const { do: what } of faults.of("connection")) {
    if ("silence" in what) await new Promise<never>(() => {});
    if ("close" in what) return { status: 502 };
    const body = typeof answer.body === "string" ? new TextEncoder().encode(answer.body) : answer.body;
    if (!(body instanceof Uint8Array)) continue;
    if ("half" in what) return { ...answer, body: body.slice(0, Math.ceil(body.length / 2)) };
    if ("garbage" in what) return { ...answer, body: body.map(() => Math.floor(random() * 256)) };
  }
  return answer;
}

/** The named segments of a path; undefined where it is another path. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const found = path.split("/");
  if (wanted.length !== found.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const given = found[i] ?? "";
    if (segment.startsWith(":") && given !== "") params[segment.slice(1)] = decoded(given);
    else if (segment !== given) return undefined;
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
