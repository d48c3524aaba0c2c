import { type Clock, EngineError } from "#engine/plugin";
import { refusal } from "../status.ts";
import { type Answer, MSGPACK, type Packet } from "../wire/fpnn.ts";
import { decodeValues, encodeValues, type Values } from "../wire/payload.ts";
import { errorAnswer, readValues } from "../wire.ts";

/** The version byte of our own calls. */
const VERSION = 1;
const LAST_SEQ = 2 ** 31 - 1;

interface Pending {
  readonly method: string;
  /** By the clock; infinite where somebody else watches. */
  readonly dueMs: number;
  answer(values: Values): void;
  fail(error: unknown): void;
}

export interface CallsOptions {
  readonly clock: Clock;
  /** How long an answer may take. */
  readonly answerMs: number;
  send(packet: Packet, values: Values): void;
  /** Ends the connection: an answer did not come, or a call that nobody waits for was refused. */
  fail(error: unknown): void;
}

/** Our calls on one connection, and the answers that are owed. Answers may come in any order. */
export class Calls {
  #seq = 0;
  readonly #pending = new Map<number, Pending>();
  #callOff: (() => void) | undefined;

  constructor(readonly options: CallsOptions) {}

  /** Calls that are not answered yet. */
  get open(): number {
    return this.#pending.size;
  }

  /**
   * Calls and waits for the answer.
   * @param bounded false: the caller bounds the time itself.
   * @throws EngineError what a refusal means; VENDOR_LOST when no answer comes.
   */
  call(method: string, values: Values, bounded = true): Promise<Values> {
    return new Promise((resolve, reject) => {
      this.#send(method, values, bounded, { method, answer: resolve, fail: reject });
    });
  }

  /** Calls and goes on; the connection fails where the call is refused, or not answered. */
  post(method: string, values: Values): void {
    this.#send(method, values, true, { method, answer: ignore, fail: this.options.fail });
  }

  /** @throws EngineError VENDOR_PROTOCOL for what cannot be read. */
  answered(answer: Answer): void {
    const pending = this.#pending.get(answer.seq);
    if (!pending) return; // it came too late, or twice
    this.#pending.delete(answer.seq);
    const values = decodeValues(answer.payload, answer.flag);
    if (answer.ok) pending.answer(values);
    else pending.fail(refusal(pending.method, readValues("an error", values, errorAnswer).code));
  }

  /** The connection is over: nobody waits any more. */
  end(reason: unknown): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { fail } of pending) fail(reason);
  }

  #send(method: string, values: Values, bounded: boolean, pending: Omit<Pending, "dueMs">): void {
    const { clock, answerMs, send } = this.options;
    this.#seq = this.#seq === LAST_SEQ ? 1 : this.#seq + 1;
    const dueMs = bounded ? clock.nowMs() + answerMs : Number.POSITIVE_INFINITY;
    this.#pending.set(this.#seq, { ...pending, dueMs });
    const payload = encodeValues(values);
    send({ kind: "quest", version: VERSION, flag: MSGPACK, seq: this.#seq, method, payload }, values);
    if (bounded) this.#callOff ??= clock.after(answerMs, () => this.#look());
  }

  /** Calls are due in the order they were made. */
  #look(): void {
    this.#callOff = undefined;
    const { clock, fail, answerMs } = this.options;
    for (const { method, dueMs } of this.#pending.values()) {
      if (dueMs === Number.POSITIVE_INFINITY) continue;
      const leftMs = dueMs - clock.nowMs();
      if (leftMs > 0) {
        this.#callOff = clock.after(Math.ceil(leftMs), () => this.#look());
        return;
      }
      return fail(new EngineError("VENDOR_LOST", `RTVT gave no answer to ${method} in ${answerMs} ms`));
    }
  }
}

const ignore = () => {};
