import { EngineError } from "#engine/errors";
import { type Clock, type Logger, postHeaders, signatureOf } from "#engine/plugin";
import type { DeliveryRow, Store } from "#engine/store";
import { type GuardedRequest, type GuardedResponse, guardedFetch } from "../security/guarded-fetch.ts";
import type { UrlRules } from "../security/url-guard.ts";

/** From 5 s, doubling up to an hour: the last of 15 attempts comes about 8 hours after the first. */
const FIRST_RETRY_MS = 5000;
const MOST_RETRY_MS = 3_600_000;
const ATTEMPTS = 15;
const AT_ONCE = 8;
const TIMEOUT_MS = 10_000;
/** A delivery that is under way is not due again before this, should its process be killed. */
const LEASE_MS = 60_000;
const STORE_RETRY_MS = 2000;

export type Send = (request: GuardedRequest, rules: UrlRules) => Promise<GuardedResponse>;

export interface DispatcherOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly epochMs: () => number;
  readonly rules: UrlRules;
  /** For what nodes of runs post; default as for subscriptions. */
  readonly nodeRules?: UrlRules;
  readonly log: Logger;
  /** From 0 to below 1. */
  readonly random?: () => number;
  readonly send?: Send;
}

interface Target {
  readonly url: string;
  readonly rules: UrlRules;
  readonly signature?: string;
}

/** Empties the outbox: sends what is due, tries again with growing pauses, and lays aside what nobody takes. */
export class Dispatcher {
  readonly #going = new Set<Promise<void>>();
  #callOff: () => void = () => {};
  #looking = false;
  #again = false;
  #stopped = false;

  constructor(private readonly options: DispatcherOptions) {}

  /** Something may be due. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    void this.#look();
  }

  /** Begins nothing new and awaits what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#callOff();
    await Promise.all(this.#going);
  }

  async #look(): Promise<void> {
    const { store, epochMs, clock, log } = this.options;
    this.#callOff();
    let waitMs: number | undefined;
    try {
      do {
        this.#again = false;
        const free = AT_ONCE - this.#going.size;
        const due = free > 0 && !this.#stopped ? await this.#take(free) : [];
        for (const delivery of due) this.#begin(delivery);
        const nextMs = await store.read((from) => from.webhooks.nextDueMs());
        waitMs = nextMs === undefined ? undefined : Math.max(50, nextMs - epochMs());
      } while (this.#again);
    } catch (error) {
      log.warn("the outbox could not be read", { code: error instanceof EngineError ? error.code : "INTERNAL" });
      waitMs = STORE_RETRY_MS;
    }
    this.#looking = false;
    // with all hands full, the first that is done looks again
    if (waitMs !== undefined && !this.#stopped && this.#going.size < AT_ONCE)
      this.#callOff = clock.after(waitMs, () => this.wake());
  }

  #take(limit: number): Promise<DeliveryRow[]> {
    const nowMs = this.options.epochMs();
    return this.options.store.write(async (to) => {
      const due = await to.webhooks.due(nowMs, limit);
      for (const { id } of due) await to.webhooks.updateDelivery(id, { nextAtMs: nowMs + LEASE_MS });
      return due;
    });
  }

  #begin(delivery: DeliveryRow): void {
    const going = this.#deliver(delivery)
      .catch((error) =>
        this.options.log.warn("a delivery was not noted", { delivery: delivery.id, code: codeOf(error) }),
      )
      .finally(() => {
        this.#going.delete(going);
        this.wake();
      });
    this.#going.add(going);
  }

  async #deliver(delivery: DeliveryRow): Promise<void> {
    const { store, rules, nodeRules = rules } = this.options;
    const { url: own, signature } = delivery;
    const target =
      own === null
        ? await this.#subscribed(delivery)
        : { url: own, rules: nodeRules, ...(signature !== null && { signature }) };
    if (!target)
      return store.write((to) => to.webhooks.updateDelivery(delivery.id, { state: "dead", last: "WEBHOOK_NOT_FOUND" }));
    const last = await this.#send(delivery, target);
    const attempts = delivery.attempts + 1;
    const delivered = /^2\d\d$/.test(last);
    const state = delivered ? "delivered" : attempts >= ATTEMPTS ? "dead" : "waiting";
    const nextAtMs = Math.round(this.options.epochMs() + this.#pauseMs(attempts));
    await store.write((to) => to.webhooks.updateDelivery(delivery.id, { state, attempts, last, nextAtMs }));
  }

  /** Signed with the secret, while it is being rotated with the old one too. */
  async #subscribed({ webhookId, body }: DeliveryRow): Promise<Target | undefined> {
    const { store, epochMs, rules } = this.options;
    const webhook = await store.read((from) => from.webhooks.get(webhookId));
    if (!webhook) return undefined;
    const { url, secret, oldSecret, oldSecretUntilMs } = webhook;
    const old = oldSecret !== null && (oldSecretUntilMs ?? 0) > epochMs() ? [oldSecret] : [];
    return { url, rules, signature: signatureOf(body, [secret, ...old], epochMs()) };
  }

  /** The status of the answer, or the code of what went wrong. */
  async #send({ id, event, body }: DeliveryRow, { url, rules, signature }: Target): Promise<string> {
    const { send = guardedFetch } = this.options;
    const headers = postHeaders({ id, event, body, ...(signature !== undefined && { signature }) });
    try {
      const answer = await send({ url, method: "POST", headers, body, timeoutMs: TIMEOUT_MS, redirects: 0 }, rules);
      for await (const _ignored of answer.body) break;
      return String(answer.status);
    } catch (error) {
      return codeOf(error);
    }
  }

  /** Half of it at random, so that what failed together is not tried again together. */
  #pauseMs(attempts: number): number {
    const whole = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1));
    return whole / 2 + (whole / 2) * (this.options.random ?? Math.random)();
  }
}

const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : "INTERNAL");
