import type {
  AttachRequest,
  AudioInlet,
  Caller,
  LiveSession,
  Runs,
  RunView,
  SessionListener,
  SessionMessage,
} from "#engine/control";
import { EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { Finding } from "#engine/workflow";
import type { Counts } from "../http/counts.ts";
import { type Problem, problemOf } from "../http/problem.ts";
import { logFailure } from "../log.ts";
import { exact } from "../schemas/shared.ts";
import { AUDIO_MARK, encodeAudio, HEADER_BYTES, requireHeader, startSampleOf } from "./audio-header.ts";
import type { ClientMessage } from "./messages.ts";
import type { WireFormat } from "./wire-format.ts";

/** What is used of a socket. */
export interface Wire {
  /** Above 0: sent. -1: taken, and it waits for the reader. 0: there was no room for it, and it is lost. */
  send(data: string | Uint8Array): number;
  close(code: number, reason: string): void;
}

export interface ConnectionOptions {
  readonly runs: Runs;
  readonly caller: Caller;
  readonly format: WireFormat;
  /** The run to join; absent: the first message starts one. */
  readonly run?: string;
  readonly limits: { readonly messageBytes: number; readonly jsonDepth: number };
  readonly clock: Clock;
  readonly counts: Counts;
  readonly log: Logger;
}

/** Until the first message. */
const HELLO_MS = 10_000;
/** A process that was held up reads what has come meanwhile before it says that nothing has. */
const HELLO_GRACE_MS = 250;
/** Messages that may come before the answer to the first one. */
const EARLY_MESSAGES = 1000;
const EARLY_BYTES = 8 * 2 ** 20;

type Hello = Extract<ClientMessage, { type: "start" | "attach" }>;

/** The run that was found or started; notes of its plan where it was started. */
interface Found {
  readonly run: RunView;
  readonly notes?: readonly Finding[];
}

/** One socket: it says what it wants, is joined to a run, and from then on words go to and fro. Nothing it does reaches any other. */
export class Connection implements SessionListener {
  #wire: Wire | undefined;
  #session: LiveSession | undefined;
  #joining = false;
  #blocked = false;
  #over = false;
  #callOff: () => void = () => {};
  /** What came before the run was joined. */
  readonly #early: (string | Uint8Array)[] = [];
  #earlyBytes = 0;
  /** What the run told before `ready` was sent. */
  readonly #held: SessionMessage[] = [];
  /** In the order of `ready`, as binary messages count them. */
  #inlets: readonly AudioInlet[] = [];
  #outputNumbers = new Map<string, number>();

  constructor(readonly options: ConnectionOptions) {}

  opened(wire: Wire): void {
    this.#wire = wire;
    const { clock } = this.options;
    this.#callOff = clock.after(HELLO_MS, () => {
      this.#callOff = clock.after(HELLO_GRACE_MS, () =>
        this.#fail(new EngineError("MESSAGE_INVALID", `no first message within ${HELLO_MS / 1000} s`)),
      );
    });
  }

  /** One message of the client; never throws. `data` is not kept. */
  received(data: string | Uint8Array): void {
    if (this.#over) return;
    const { counts } = this.options;
    counts.messagesIn += 1;
    counts.bytesIn += data.length;
    try {
      if (this.#session) this.#handle(data, this.#session);
      else if (this.#joining) this.#keepEarly(data);
      else this.#hello(this.#read(data));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The socket has room again. */
  drained(): void {
    if (!this.#blocked || this.#over) return;
    this.#blocked = false;
    this.#session?.writable();
  }

  /** The socket has gone. */
  closed(): void {
    this.#finish();
  }

  send(message: SessionMessage): boolean {
    if (this.#over) return false;
    if (!this.#session) {
      this.#held.push(message);
      return false;
    }
    const { format } = this.options;
    if (message.type === "event") this.#write(format.writeEvent(message.event));
    else if (message.type === "audio" && !format.audioInMaps) {
      const trackNumber = this.#outputNumbers.get(message.track) ?? 0;
      this.#write(encodeAudio({ ...message, trackNumber }));
    } else this.#write(format.write(message));
    if (message.type === "closed") this.#close(message.code);
    return !this.#blocked && !this.#over;
  }

  #read(data: string | Uint8Array): ClientMessage {
    const { format, limits } = this.options;
    return format.read(data, { depth: limits.jsonDepth, bytes: limits.messageBytes });
  }

  #handle(data: string | Uint8Array, session: LiveSession): void {
    if (typeof data === "string" || data[0] !== AUDIO_MARK) return this.#obey(this.#read(data), session);
    requireHeader(data);
    const inlet = this.#inlets[data[1]!];
    if (inlet === undefined)
      throw new EngineError("TRACK_UNKNOWN", `track number ${data[1]}; the run has ${this.#inlets.length} inputs`);
    inlet.push(data, startSampleOf(data), HEADER_BYTES);
  }

  #obey(message: ClientMessage, session: LiveSession): void {
    switch (message.type) {
      case "audio": {
        const bytes = typeof message.bytes === "string" ? Buffer.from(message.bytes, "base64") : message.bytes;
        return session.push(message.track, bytes, message.startSample);
      }
      case "text": {
        const { language, utterance } = message;
        return session.pushText(message.track, message.text, exactly({ language, utterance }));
      }
      case "flush":
        return session.flush();
      case "mute":
        return session.mute(message.track, message.muted);
      case "end":
        return session.end(message.track);
      case "ping":
        return this.#answer({ type: "pong", ...exactly({ ref: message.ref }) });
      case "update":
        void this.#update(message, session.runId);
        return;
      default:
        throw new EngineError("MESSAGE_INVALID", `${message.type} comes first and once`);
    }
  }

  async #update({ node, fields, ref }: Extract<ClientMessage, { type: "update" }>, run: string): Promise<void> {
    const about = exactly({ ref });
    try {
      await this.options.runs.update(this.options.caller, run, node, fields);
      this.#answer({ type: "updated", ...about });
    } catch (error) {
      this.#answer({ type: "refused", ...about, problem: this.#told(error) });
    }
  }

  #hello(message: ClientMessage): void {
    const { run } = this.options;
    if (message.type === "start" && run === undefined) this.#join(() => this.#start(message), message);
    else if (message.type === "attach" && run !== undefined)
      this.#join(async () => ({ run: await this.options.runs.get(this.options.caller, run) }), message);
    else {
      const wanted = run === undefined ? "start" : "attach";
      throw new EngineError("MESSAGE_INVALID", `the first message here is ${wanted}; this one is ${message.type}`);
    }
  }

  async #start(message: Extract<Hello, { type: "start" }>): Promise<Found> {
    const { idempotencyKey } = message;
    const started = await this.options.runs.start(
      this.options.caller,
      exact(message.run),
      idempotencyKey === undefined ? {} : { idempotencyKey },
    );
    const { notes, ...run } = started;
    return { run, notes };
  }

  #join(find: () => Promise<Found>, message: Hello): void {
    this.#joining = true;
    this.#callOff();
    const { runs, caller } = this.options;
    const join = async () => {
      const found = await find();
      if (this.#over) return;
      const session = await runs.attach(caller, found.run.id, attachRequest(message), this).catch(async (error) => {
        // nobody knows the run that was started for this socket, unless it can be asked for again by its key
        if (message.type === "start" && message.idempotencyKey === undefined)
          await runs.cancel(caller, found.run.id, "its socket could not join it");
        throw error;
      });
      if (this.#over) session.close();
      else this.#joined(session, found);
    };
    join().catch((error: unknown) => this.#fail(error));
  }

  #joined(session: LiveSession, { run, notes }: Found): void {
    const { inputs, outputs } = session;
    this.#inlets = inputs.flatMap((_, number) => session.inlet(number) ?? []);
    this.#outputNumbers = new Map(outputs.map(({ track }, number) => [track, number]));
    this.#session = session;
    const { messageBytes } = this.options.limits;
    this.#answer({ type: "ready", run, inputs, outputs, ...(notes && { notes }), messageBytes });
    for (const message of this.#held.splice(0)) this.send(message);
    try {
      for (const data of this.#early.splice(0)) if (!this.#over) this.#handle(data, session);
    } catch (error) {
      return this.#fail(error);
    }
    if (!this.#blocked && !this.#over) session.writable();
  }

  #keepEarly(data: string | Uint8Array): void {
    this.#earlyBytes += data.length;
    if (this.#early.length >= EARLY_MESSAGES || this.#earlyBytes > EARLY_BYTES)
      throw new EngineError("FLOW_EXCEEDED", "too much was sent before the run was joined; wait for ready");
    this.#early.push(typeof data === "string" ? data : data.slice());
  }

  #answer(message: object): void {
    if (!this.#over) this.#write(this.options.format.write(message));
  }

  #write(data: string | Uint8Array): void {
    const { counts } = this.options;
    const sent = this.#wire?.send(data) ?? 0;
    if (sent === 0) {
      counts.messagesLost += 1;
      counts.refused("READER_TOO_SLOW");
      this.#wire?.close(4429, "READER_TOO_SLOW");
      return this.#finish();
    }
    counts.messagesOut += 1;
    counts.bytesOut += data.length;
    if (sent < 0) this.#blocked = true;
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const problem = this.#told(error);
    this.#answer({ type: "error", problem });
    this.options.counts.refused(problem.code);
    this.#wire?.close(4000 + problemOf(error).status, problem.code);
    this.#finish();
  }

  #told(error: unknown): Problem {
    const { problem } = problemOf(error);
    if (problem.code === "INTERNAL") logFailure(this.options.log, error, { run: this.#session?.runId });
    return problem;
  }

  #close(code: "TRACK_TAKEN" | "SERVER_DRAINING" | "READER_TOO_SLOW" | undefined): void {
    if (code === undefined) this.#wire?.close(1000, "the run has ended");
    else {
      this.options.counts.refused(code);
      this.#wire?.close(4000 + new EngineError(code, "").traits.httpStatus, code);
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#callOff();
    this.#early.length = 0;
    this.#held.length = 0;
    this.#session?.close();
  }
}

function attachRequest(message: Hello): AttachRequest {
  const { after, audio, outputs, partials, encoding, sends, holds, secrets } = message;
  return exactly({ after, audio, outputs, partials, encoding, sends, holds, secrets });
}

/** Without the fields that are undefined. */
function exactly<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const found = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
