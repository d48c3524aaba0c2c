import { EngineError } from "#engine/errors";
import { type CallOptions, Calls, type ConnectOptions } from "./calls.ts";
import { type FollowOptions, followEvents } from "./events.ts";
import { Live, type LiveOptions } from "./live.ts";
import type { Finding, Page, Run, RunEvent, StartRun, Transcribed, Upload, Workflow } from "./types.ts";

export type Recording = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | { readonly url: string };

export interface ChooseWorkflow {
  /** A stored one; the server's own where left out. */
  readonly workflow?: string;
  readonly input?: string;
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  readonly signal?: AbortSignal;
}

/** A Parlando server, for programs in Bun, Node and browsers. Everything throws `EngineError` with the code that the server told. */
export class Parlando {
  readonly #calls: Calls;

  constructor(options: ConnectOptions = {}) {
    this.#calls = new Calls(options);
  }

  /** A recording in, its text out. */
  transcribe(recording: Recording, options: ChooseWorkflow = {}): Promise<Transcribed> {
    return this.#calls.json("POST", "/v1/transcribe", { ...chosen(options), ...bodyOf(recording) });
  }

  /** A recording in, its text out as a file of subtitles or plain text. */
  async transcript(recording: Recording, format: "txt" | "srt" | "vtt", options: ChooseWorkflow = {}): Promise<string> {
    const { query, ...rest } = chosen(options);
    const call = { ...rest, ...bodyOf(recording), query: { ...query, format } };
    return (await this.#calls.send("POST", "/v1/transcribe", call)).text();
  }

  /** A text in, its speech out as WAV. */
  async speak(
    text: string,
    options: ChooseWorkflow & { readonly language?: string; readonly output?: string } = {},
  ): Promise<Blob> {
    const { query, ...rest } = chosen(options);
    const { language, output } = options;
    const call = { ...rest, query: { ...query, output }, json: { text, language } };
    return (await this.#calls.send("POST", "/v1/speak", call)).blob();
  }

  /** Starts a run and joins it. What happened before the socket was open is told, too. */
  async start(request: StartRun, options: LiveOptions & { readonly idempotencyKey?: string } = {}): Promise<Live> {
    const run = await this.runs.start(request, options.idempotencyKey);
    return this.join(run.id, {
      after: 0,
      sends: Object.values(request.inputs ?? {}).some((binding) => "live" in binding),
      ...(request.secrets && { secrets: request.secrets }),
      ...options,
    });
  }

  /** Joins a run that goes on. */
  join(run: string, options: LiveOptions = {}): Live {
    return new Live(this.#calls, run, options);
  }

  readonly runs = {
    /**
     * A server that is busy is asked again for a while.
     * @param idempotencyKey the same key within a day is the same run.
     * @param waitMs for a busy server. Default 10,000; 0: not at all.
     */
    start: (
      request: StartRun,
      idempotencyKey: string = crypto.randomUUID(),
      waitMs = BUSY_MS,
    ): Promise<Run & { readonly notes: readonly Finding[] }> =>
      whileBusy(waitMs, () =>
        this.#calls.json("POST", "/v1/runs", { json: request, headers: { "idempotency-key": idempotencyKey } }),
      ),
    get: (id: string): Promise<Run> => this.#calls.json("GET", runPath(id)),
    list: (query: CallOptions["query"] = {}): Promise<Page<Run>> => this.#calls.json("GET", "/v1/runs", { query }),
    cancel: (id: string, reason?: string): Promise<Run> =>
      this.#calls.json("POST", `${runPath(id)}/cancel`, { query: { reason } }),
    drain: (id: string): Promise<Run> => this.#calls.json("POST", `${runPath(id)}/drain`),
    delete: (id: string): Promise<void> => this.#calls.nothing("DELETE", runPath(id)),
    update: (id: string, node: string, fields: Readonly<Record<string, unknown>>): Promise<void> =>
      this.#calls.nothing("PATCH", `${runPath(id)}/nodes/${encodeURIComponent(node)}`, { json: fields }),
    events: (id: string, options: FollowOptions = {}): AsyncGenerator<RunEvent> =>
      followEvents(this.#calls, id, options),
    transcript: async (id: string, format: "json" | "txt" | "srt" | "vtt" = "txt"): Promise<string> =>
      (await this.#calls.send("GET", `${runPath(id)}/transcript`, { query: { format } })).text(),
    artifact: async (id: string, name: string): Promise<Blob> =>
      (await this.#calls.send("GET", `${runPath(id)}/artifacts/${encodeURIComponent(name)}`)).blob(),
  };

  readonly workflows = {
    save: (name: string, text: string): Promise<Workflow & { readonly findings: readonly Finding[] }> =>
      this.#calls.json("PUT", `/v1/workflows/${encodeURIComponent(name)}`, { json: { text } }),
    get: (reference: string): Promise<Workflow & { readonly text: string }> =>
      this.#calls.json("GET", `/v1/workflows/${encodeURIComponent(reference)}`),
    list: (query: CallOptions["query"] = {}): Promise<Page<Workflow>> =>
      this.#calls.json("GET", "/v1/workflows", { query }),
    delete: (reference: string): Promise<void> =>
      this.#calls.nothing("DELETE", `/v1/workflows/${encodeURIComponent(reference)}`),
    lint: (text: string): Promise<{ readonly findings: readonly Finding[]; readonly errors: number }> =>
      this.#calls.json("POST", "/v1/lint", { json: { text } }),
  };

  readonly uploads = {
    create: (recording: Exclude<Recording, { url: string }>, name?: string): Promise<Upload> =>
      this.#calls.json("POST", "/v1/uploads", { query: { name }, body: recording, type: "application/octet-stream" }),
    delete: (id: string): Promise<void> => this.#calls.nothing("DELETE", `/v1/uploads/${encodeURIComponent(id)}`),
  };

  /** A short-lived token for a browser: one run, or the runs of one workflow. */
  token(
    of: { readonly run: string } | { readonly workflow: string },
    seconds?: number,
  ): Promise<{ token: string; expiresAtMs: number }> {
    return this.#calls.json("POST", "/v1/tokens", { json: { for: of, seconds } });
  }

  /** Anything else that `/openapi.json` describes. The type is what the caller says it is. */
  call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    return this.#calls.json<T>(method, path, options);
  }
}

const BUSY_MS = 10_000;

/** Calls again while the server says that it is busy now, when it says to. */
async function whileBusy<T>(waitMs: number, call: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== "SERVER_BUSY") throw error;
      const { retryAfterMs } = error.details;
      const pauseMs = typeof retryAfterMs === "number" ? retryAfterMs : 1000;
      if (performance.now() + pauseMs > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

const runPath = (id: string) => `/v1/runs/${encodeURIComponent(id)}`;

function chosen({ workflow, input, params, signal }: ChooseWorkflow): Pick<CallOptions, "query" | "signal"> {
  const param = Object.entries(params ?? {}).map(([name, value]) => `${name}:${value}`);
  return { query: { workflow, input, param }, ...(signal && { signal }) };
}

function bodyOf(recording: Recording): Pick<CallOptions, "json" | "body" | "type"> {
  if ("url" in recording) return { json: { url: recording.url } };
  const type = recording instanceof Blob && recording.type !== "" ? recording.type : "application/octet-stream";
  return { body: recording, type };
}
