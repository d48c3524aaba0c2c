import type { Clock } from "../clock.ts";
import type { Connection, ConnectionEnd, Message } from "../link/network.ts";
import type { CallFaults } from "./fault-plan.ts";
import type { Fault } from "./faults.ts";

type Midway = Extract<Fault, { on: "connection" }>;

export interface FaultyOptions {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  onVendorError(code: number | string): void;
}

/** A connection on which things go wrong as a script says. What the gateway sends in one call is one message, on TCP too. */
export class FaultyConnection implements Connection {
  readonly id: string;
  readonly kind: Connection["kind"];
  readonly closed: Promise<ConnectionEnd>;
  readonly #pending: Midway[];
  readonly #timers: (() => void)[] = [];
  #sent = 0;
  #received = 0;
  #receivedBytes = 0;
  #silent = false;
  #next: "garbage" | "half" | undefined;
  /** When the last message leaves that was delayed: none overtakes it. */
  #lineMs = 0;
  #heldBack: Message | undefined;

  constructor(
    readonly inner: Connection,
    readonly faults: CallFaults,
    readonly options: FaultyOptions,
  ) {
    this.id = inner.id;
    this.kind = inner.kind;
    this.closed = inner.closed;
    this.#pending = faults.of("connection");
    for (const rule of this.#pending)
      if ("ms" in rule.after) this.#timers.push(options.clock.after(rule.after.ms, () => this.#happen(rule)));
    void inner.closed.then(() => {
      for (const callOff of this.#timers) callOff();
    });
    this.#look();
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes;
  }

  get signs(): number {
    return this.inner.signs;
  }

  drained(): Promise<void> {
    return this.inner.drained();
  }

  ping(): void {
    if (!this.#silent) this.inner.ping();
  }

  async receive(): Promise<Message | undefined> {
    const message = await this.inner.receive();
    if (message === undefined) return undefined;
    this.#received++;
    this.#receivedBytes += message.length;
    this.#look();
    return message;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  send(message: Message): void {
    if (this.#silent) return;
    const own = typeof message === "string" ? message : message.slice();
    this.#sent++;
    const rules = this.faults.of("messages").filter((rule) => {
      const past = this.#sent - rule.from;
      return past >= 0 && (rule.count === undefined || past < rule.count);
    });
    const has = (what: string) => rules.some((rule) => what in rule.do);
    if (has("reorder") && this.#heldBack === undefined) this.#heldBack = own;
    else if (!has("drop")) {
      const delayMs = rules.reduce((sum, rule) => sum + ("delay" in rule.do ? rule.do.delay : 0), 0);
      for (let i = 0; i < (has("duplicate") ? 2 : 1); i++) this.#leave(own, delayMs);
      this.#bringUp();
    }
    this.#look();
  }

  close(code?: number, reason?: string): void {
    this.#bringUp();
    this.#inLine(0, () => this.inner.close(code, reason));
  }

  destroy(): void {
    this.inner.destroy();
  }

  #bringUp(): void {
    const held = this.#heldBack;
    this.#heldBack = undefined;
    if (held !== undefined) this.#leave(held, 0);
  }

  #leave(message: Message, delayMs: number): void {
    this.#inLine(delayMs, () => {
      if (this.#silent) return;
      const spoil = this.#next;
      this.#next = undefined;
      if (spoil === undefined) return this.inner.send(message);
      this.inner.send(spoil === "half" ? message.slice(0, Math.ceil(message.length / 2)) : this.#noise(message));
      if (spoil === "half") this.inner.close(this.kind === "tcp" ? undefined : 1000);
    });
  }

  #inLine(delayMs: number, what: () => void): void {
    const now = this.options.clock.nowMs();
    const dueMs = Math.max(this.#lineMs, now + delayMs);
    this.#lineMs = dueMs;
    if (dueMs <= now) what();
    else this.options.clock.after(dueMs - now, what);
  }

  #noise(message: Message): Message {
    const bytes = Uint8Array.from({ length: Math.max(1, message.length) }, () =>
      Math.floor(this.options.random() * 256),
    );
    return typeof message === "string" ? Buffer.from(bytes).toString("latin1") : bytes;
  }

  /** Lets happen what is due by what was sent and received so far. */
  #look(): void {
    for (const rule of [...this.#pending]) {
      const { after } = rule;
      const due =
        ("sent" in after && this.#sent >= after.sent) ||
        ("received" in after && this.#received >= after.received) ||
        ("receivedBytes" in after && this.#receivedBytes >= after.receivedBytes);
      if (due) this.#happen(rule);
    }
  }

  #happen(rule: Midway): void {
    const at = this.#pending.indexOf(rule);
    if (at < 0) return;
    this.#pending.splice(at, 1);
    const what = rule.do;
    if ("silence" in what) this.#goSilent();
    else if ("garbage" in what) this.#next = "garbage";
    else if ("half" in what) this.#next = "half";
    else if ("vendorError" in what) this.options.onVendorError(what.vendorError);
    else if (what.close === 1006) this.#inLine(0, () => this.inner.destroy());
    else this.#inLine(0, () => this.inner.close(what.close));
  }

  #goSilent(): void {
    this.#silent = true;
    this.inner.freeze?.();
  }
}
