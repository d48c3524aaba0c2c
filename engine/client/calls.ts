import { EngineError, ERROR_TRAITS, type ErrorCode } from "#engine/errors";

export interface ConnectOptions {
  /** Of the server. Default `http://127.0.0.1:7700`, and in a web page of the server itself its own. */
  readonly url?: string;
  readonly key?: string;
  /** A short-lived token in place of a key, for browsers. */
  readonly token?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** Where there is none by itself, such as Node 20. */
  readonly WebSocket?: typeof globalThis.WebSocket;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Requests to one server. */
export class Calls {
  readonly #options: ConnectOptions;
  readonly base: string;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.base = (options.url ?? pageOrigin() ?? "http://127.0.0.1:7700").replace(/\/$/, "");
  }

  get bearer(): string | undefined {
    return this.#options.token ?? this.#options.key;
  }

  get hasToken(): boolean {
    return this.#options.token !== undefined;
  }

  /** @throws EngineError what the server answered, or VENDOR_FAILED where it could not be reached. */
  async send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const headers: Record<string, string> = { ...options.headers };
    if (this.bearer !== undefined) headers.authorization = `Bearer ${this.bearer}`;
    if (options.json !== undefined) headers["content-type"] = "application/json";
    else if (options.type !== undefined) headers["content-type"] = options.type;
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers,
      ...(body !== undefined && { body }),
      ...(body instanceof ReadableStream && { duplex: "half" }),
      ...(options.signal && { signal: options.signal }),
    };
    const call = this.#options.fetch ?? globalThis.fetch;
    let response: Response;
    try {
      response = await call(this.base + path + queryText(options.query), init);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new EngineError("VENDOR_FAILED", `the server at ${this.base} could not be reached`, { cause: error });
    }
    if (response.ok) return response;
    throw await failureOf(response);
  }

  async json<T>(method: string, path: string, options?: CallOptions): Promise<T> {
    const response = await this.send(method, path, options);
    return (await response.json()) as T;
  }

  async nothing(method: string, path: string, options?: CallOptions): Promise<void> {
    await (await this.send(method, path, options)).body?.cancel();
  }

  /** @throws EngineError CONFIG_INVALID where this program has no WebSocket. */
  socket(path: string, protocols: string[]): WebSocket {
    const Constructor = this.#options.WebSocket ?? globalThis.WebSocket;
    if (Constructor === undefined)
      throw new EngineError("CONFIG_INVALID", "this program has no WebSocket of its own: hand one in as `WebSocket`");
    const socket = new Constructor(this.base.replace(/^http/, "ws") + path, protocols);
    socket.binaryType = "arraybuffer";
    return socket;
  }
}

function pageOrigin(): string | undefined {
  const { location } = globalThis as { location?: { origin?: string } };
  return location?.origin?.startsWith("http") ? location.origin : undefined;
}

function queryText(query: CallOptions["query"]): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** The error that an answer carries. `details.status` is its HTTP status. */
async function failureOf(response: Response): Promise<EngineError> {
  const told: unknown = await response.json().catch(() => undefined);
  return errorOf(told, { status: response.status });
}

/** What a server told as a problem, as an error. A code that this client does not know yet stands in the details. */
export function errorOf(told: unknown, more: Readonly<Record<string, unknown>> = {}): EngineError {
  const { code, message, ...details } =
    typeof told === "object" && told !== null ? (told as Record<string, unknown>) : ({} as Record<string, unknown>);
  const known = typeof code === "string" && code in ERROR_TRAITS ? (code as ErrorCode) : "VENDOR_FAILED";
  return new EngineError(known, typeof message === "string" ? message : "the server answered with no reason", {
    details: { ...details, ...more, ...(known !== code && { serverCode: code }) },
  });
}
