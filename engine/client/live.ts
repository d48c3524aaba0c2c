import { EngineError } from "#engine/errors";
import { readAudio } from "./audio-message.ts";
import { type Calls, errorOf } from "./calls.ts";
import { deferred } from "./deferred.ts";
import { followEvents } from "./events.ts";
import { Reconnects } from "./reconnects.ts";
import { type Outlet, Sender } from "./sender.ts";
import { Listeners, type LiveEvents, type Ready, type Told } from "./told.ts";
import type { OutputEncoding, OutputTrack, RunEvent } from "./types.ts";
import { Updates } from "./updates.ts";

export interface LiveOptions {
  /** Replays durable events after this id before live ones. Default: live ones only. */
  readonly after?: number;
  /** Outputs whose audio is wanted. Default none. */
  readonly audio?: readonly string[];
  /** Outputs whose texts, marks and data are wanted. Default all. */
  readonly outputs?: readonly string[];
  /** Default true. */
  readonly partials?: boolean;
  /** Of audio that comes. Default s16le. */
  readonly encoding?: OutputEncoding;
  /** Sends audio or texts. Default false: only listens. */
  readonly sends?: boolean;
  /** Once more, for a run that goes on in a new process. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** How long a connection is looked for again, in ms, before it is given up. Default 60,000; 0: never again. */
  readonly reconnectMs?: number;
  /** Audio that is held at most, in bytes a track. Default 64 MiB, over half an hour at 16 kHz. */
  readonly holdBytes?: number;
}

const PROTOCOL = "parlando.v1.json";
/** More than this waits in the program instead of the socket. */
const OUTLET_BYTES = 256 * 1024;

/**
 * One run, live: audio and texts in, events and audio out. It connects again when the connection is lost, sends again what the server had not
 * received, and skips events it has told before: nothing is lost and nothing comes twice.
 */
export class Live {
  readonly #calls: Calls;
  readonly #run: string;
  readonly #options: LiveOptions;
  readonly #sender: Sender;
  readonly #listeners = new Listeners();
  readonly #done = deferred<void>();
  readonly #ready = deferred<Ready>();
  readonly #updates = new Updates();
  readonly #reconnects: Reconnects;
  #socket: WebSocket | undefined;
  #outputs: readonly OutputTrack[] = [];
  #lastId: number | undefined;
  #over = false;
  #failure: EngineError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pumping: ReturnType<typeof setTimeout> | undefined;

  constructor(calls: Calls, run: string, options: LiveOptions = {}) {
    this.#calls = calls;
    this.#run = run;
    this.#options = options;
    this.#lastId = options.after;
    this.#reconnects = new Reconnects(options.reconnectMs ?? 60_000);
    this.#sender = new Sender(options.holdBytes ?? 64 * 2 ** 20);
    // who only listens need not wait for either
    this.#done.promise.catch(() => undefined);
    this.#ready.promise.catch(() => undefined);
    void this.#connect();
  }

  /** Resolves when the run was joined; rejects where it never was. */
  get ready(): Promise<Ready> {
    return this.#ready.promise;
  }

  /** Resolves when the run has ended or `close` was called; rejects with the code that ended the connection. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  get runId(): string {
    return this.#run;
  }

  /** Calls for each; the returned function calls it off. */
  on<K extends keyof LiveEvents>(kind: K, listener: (told: LiveEvents[K]) => void): () => void {
    return this.#listeners.add(kind, listener);
  }

  /** The events of the run, until it ends. @throws EngineError what `done` rejects with. */
  async *events(): AsyncGenerator<RunEvent> {
    yield* this.#listeners.events(this.done);
    await this.done;
  }

  /** Audio for a track, as its format says, in chunks of any length. @throws EngineError FLOW_EXCEEDED, TRACK_ENDED, TRACK_UNKNOWN; before the run was joined, `done` rejects with that. */
  send(track: string, bytes: Uint8Array): void {
    this.#requireOpen();
    this.#sender.audio(track, bytes);
    this.#pump();
  }

  text(track: string, text: string, more: { readonly language?: string; readonly utterance?: string } = {}): void {
    this.#requireOpen();
    this.#sender.text(track, { text, ...more });
    this.#pump();
  }

  /** No more will come on the track; all tracks where left out. */
  end(track?: string): void {
    if (track === undefined) this.#sender.endAll();
    else this.#sender.end(track);
    this.#pump();
  }

  /** Finishes what is open now, such as an utterance. */
  flush(): void {
    this.#sender.flush();
    this.#pump();
  }

  mute(track: string, muted: boolean): void {
    this.#sender.mute(track, muted);
    this.#tell({ type: "mute", track, muted });
  }

  /** Changes live fields of a node. */
  async update(node: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    await this.ready;
    const { ref, answer } = this.#updates.ask();
    if (!this.#tell({ type: "update", node, fields, ref })) this.#updates.forget();
    return answer;
  }

  /** Leaves the run, which goes on. */
  close(): void {
    this.#finish(undefined);
  }

  async #connect(): Promise<void> {
    try {
      const path = `/v1/runs/${encodeURIComponent(this.#run)}`;
      const protocols = [PROTOCOL, ...(await this.#tokenProtocol())];
      if (this.#over) return;
      const socket = this.#calls.socket(`${path}/stream`, protocols);
      this.#socket = socket;
      let opened = false;
      socket.onopen = () => {
        opened = true;
        this.#hello(socket);
      };
      socket.onmessage = ({ data }) => this.#took(data);
      socket.onclose = ({ code, reason }) => void this.#lost(opened, code, reason);
      socket.onerror = () => {}; // `close` follows
    } catch (error) {
      this.#retryOrEnd(error);
    }
  }

  async #tokenProtocol(): Promise<string[]> {
    if (this.#calls.bearer === undefined) return [];
    const token = this.#calls.hasToken
      ? this.#calls.bearer
      : (await this.#calls.json<{ token: string }>("POST", "/v1/tokens", { json: { for: { run: this.#run } } })).token;
    return [`parlando.token.${token}`];
  }

  #hello(socket: WebSocket): void {
    const { audio, outputs, partials, encoding, sends, secrets } = this.#options;
    const hello = { type: "attach", after: this.#lastId, audio, outputs, partials, encoding, sends, secrets };
    socket.send(JSON.stringify(sends ? { ...hello, holds: this.#sender.holds() } : hello));
  }

  #took(data: unknown): void {
    if (this.#over) return;
    if (data instanceof ArrayBuffer) {
      const piece = readAudio(data, this.#outputs);
      if (piece) this.#listeners.tell("audio", piece);
    } else if (typeof data === "string") this.#heard(JSON.parse(data) as Told);
  }

  #heard(told: Told): void {
    switch (told.type) {
      case "ready":
        return this.#joined(told);
      case "event":
        return this.#event(told.event);
      case "position":
        this.#sender.position(told);
        this.#listeners.tell("position", told);
        return this.#pump();
      case "missed":
        return this.#listeners.tell("missed", told);
      case "error":
        this.#failure = errorOf(told.problem);
        return;
      case "closed":
        if (told.code === undefined) this.#finish(undefined);
        else this.#failure = errorOf({ code: told.code, message: told.reason });
        return;
      default:
        return this.#updates.answered(told.ref, told.problem);
    }
  }

  #joined({ run, inputs, outputs }: Ready): void {
    this.#reconnects.joined();
    this.#failure = undefined;
    this.#outputs = outputs;
    this.#lastId ??= run.lastEventId;
    try {
      if (this.#options.sends) this.#sender.joined(inputs, this.#outlet());
    } catch (error) {
      return this.#finish(failureOf(error));
    }
    this.#ready.resolve({ run, inputs, outputs });
    this.#listeners.tell("ready", { run, inputs, outputs });
    this.#pump();
  }

  #event(event: RunEvent): void {
    if (event.id !== undefined) {
      if (event.id <= (this.#lastId ?? 0)) return;
      this.#lastId = event.id;
    }
    this.#listeners.tell("event", event);
  }

  #tell(message: object): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #outlet(): Outlet {
    const socket = this.#socket;
    return {
      get full() {
        return socket === undefined || socket.readyState !== 1 || socket.bufferedAmount > OUTLET_BYTES;
      },
      audio: (message) => socket?.send(message),
      message: (message) => socket?.send(JSON.stringify(message)),
    };
  }

  #pump(): void {
    if (this.#over || !this.#options.sends || this.#socket?.readyState !== 1) return;
    if (!this.#sender.pump(this.#outlet()) || this.#pumping !== undefined) return;
    // the socket tells nobody when it has room again
    this.#pumping = setTimeout(() => {
      this.#pumping = undefined;
      this.#pump();
    }, 20);
  }

  /** A connection ended that nobody here ended. */
  async #lost(opened: boolean, code: number, reason: string): Promise<void> {
    if (this.#over) return;
    this.#socket = undefined;
    this.#sender.left();
    this.#updates.forget();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure?.code === "RUN_ENDED") return this.#readTheRest();
    if (code === 1000) return this.#finish(undefined);
    if (failure) return this.#retryOrEnd(failure);
    if (opened)
      return this.#retryOrEnd(new EngineError("VENDOR_FAILED", `the connection was lost: ${code} ${reason}`.trim()));
    // a browser does not tell why a socket was refused; an ordinary request does
    try {
      await this.#calls.json("GET", `/v1/runs/${encodeURIComponent(this.#run)}`);
      this.#retryOrEnd(new EngineError("VENDOR_FAILED", "the socket was refused"));
    } catch (error) {
      this.#retryOrEnd(error);
    }
  }

  /** The run ended while nobody listened: what is stored of it comes without a socket. */
  async #readTheRest(): Promise<void> {
    try {
      for await (const event of followEvents(this.#calls, this.#run, { after: this.#lastId ?? 0, partials: false })) {
        if (this.#over) return;
        this.#event(event);
      }
      this.#finish(undefined);
    } catch (error) {
      this.#retryOrEnd(error);
    }
  }

  #retryOrEnd(error: unknown): void {
    if (this.#over) return;
    const failure = failureOf(error);
    const next = this.#reconnects.next(failure);
    if (!next) return this.#finish(failure);
    this.#listeners.tell("lost", { attempt: next.attempt, reason: failure.code });
    this.#timer = setTimeout(() => void this.#connect(), next.waitMs);
  }

  #finish(failure: EngineError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#pumping);
    this.#socket?.close(1000);
    this.#updates.forget();
    if (failure) {
      this.#ready.reject(failure);
      this.#done.reject(failure);
    } else {
      this.#ready.reject(new EngineError("RUN_ENDED", "the run was left before it was joined"));
      this.#done.resolve();
    }
  }

  #requireOpen(): void {
    if (this.#over) throw new EngineError("RUN_ENDED", "the run has ended, or was left");
    if (!this.#options.sends) throw new EngineError("USAGE", "this connection only listens: ask for `sends`");
  }
}

const failureOf = (error: unknown): EngineError =>
  error instanceof EngineError ? error : new EngineError("INTERNAL", "the client failed", { cause: error });
