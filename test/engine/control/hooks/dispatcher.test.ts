import { describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "#engine/plugin";
import { signatureOf } from "#engine/plugin";
import { Store, type WebhookRow } from "#engine/store";
import { Dispatcher } from "../../../../engine/control/hooks/dispatcher.ts";
import { Subscriptions } from "../../../../engine/control/hooks/subscriptions.ts";

/** Time that moves when it is told to. */
class HandClock implements Clock {
  readonly virtual = false;
  now = 1_000_000;
  readonly #due: { atMs: number; call: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  after(ms: number, call: () => void): () => void {
    const due = { atMs: this.now + ms, call };
    this.#due.push(due);
    return () => {
      const index = this.#due.indexOf(due);
      if (index >= 0) this.#due.splice(index, 1);
    };
  }

  sleep(): Promise<void> {
    throw new Error("nobody sleeps here");
  }

  /** On to the next timer. */
  next(): number {
    const due = this.#due.sort((a, b) => a.atMs - b.atMs).shift();
    if (!due) throw new Error("no timer is set");
    const waited = due.atMs - this.now;
    this.now = due.atMs;
    due.call();
    return waited;
  }
}

const webhook: WebhookRow = {
  id: "webhook_1",
  project: "default",
  url: "https://example.org/hook",
  events: ["run.ended"],
  labels: {},
  secret: "s",
  oldSecret: null,
  oldSecretUntilMs: null,
  enabled: true,
  createdAtMs: 1,
};

async function opened(answer: (attempt: number) => number | Promise<number>) {
  const store = await Store.open({ folder: mkdtempSync(join(tmpdir(), "parlando-hooks-")), sync: "normal" });
  await store.write((to) => to.webhooks.insert(webhook));
  const subscriptions = new Subscriptions(store);
  await subscriptions.load();
  const clock = new HandClock();
  let attempts = 0;
  const { promise: none, resolve } = Promise.withResolvers<void>();
  void none;
  resolve();
  const dispatcher = new Dispatcher({
    store,
    clock,
    epochMs: () => clock.now,
    rules: { hosts: [], onlyListed: false },
    log: { debug() {}, info() {}, warn() {} },
    random: () => 1,
    send: async () => ({ status: await answer(++attempts), headers: {}, body: (async function* () {})() }),
  });
  const [row] = subscriptions.of({ project: "default", event: "run.ended", labels: {}, atMs: clock.now, data: {} });
  await store.write((to) => to.webhooks.queue([row!]));
  const state = async () => (await store.read((from) => from.webhooks.delivery(row!.id)))!;
  /** Until what is under way was noted. */
  const noted = async (count: number) => {
    while ((await state()).attempts < count && (await state()).state !== "delivered") await Bun.sleep(0);
    for (let i = 0; i < 20; i++) await Bun.sleep(0);
  };
  return { store, clock, dispatcher, state, noted, attempts: () => attempts };
}

describe("a delivery", () => {
  test("is tried fifteen times, each time after twice as long, up to an hour, and then laid aside", async () => {
    const { store, clock, dispatcher, state, noted } = await opened(() => 503);
    dispatcher.wake();
    await noted(1);
    const waits: number[] = [];
    for (let attempt = 2; attempt <= 15; attempt++) {
      waits.push(Math.round(clock.next() / 1000));
      await noted(attempt);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]);
    expect(await state()).toMatchObject({ state: "dead", attempts: 15, last: "503" });
    await dispatcher.stop();
    await store.close();
  });

  test("is done with the first answer that is well", async () => {
    const { store, clock, dispatcher, state, noted, attempts } = await opened((attempt) => (attempt === 1 ? 302 : 204));
    dispatcher.wake();
    await noted(1);
    expect(await state()).toMatchObject({ state: "waiting", last: "302" });
    clock.next();
    await noted(2);
    expect(await state()).toMatchObject({ state: "delivered", last: "204" });
    expect(attempts()).toBe(2);
    await dispatcher.stop();
    await store.close();
  });

  test("that was under way when its process died is due again a minute later", async () => {
    const stuck = await opened(() => new Promise(() => {}));
    stuck.dispatcher.wake();
    while (stuck.attempts() === 0) await Bun.sleep(0);
    expect((await stuck.state()).nextAtMs).toBe(1_060_000);
    expect(await stuck.store.read((from) => from.webhooks.due(1_059_999, 10))).toEqual([]);
    expect(await stuck.store.read((from) => from.webhooks.due(1_060_000, 10))).toHaveLength(1);
    await stuck.store.close();
  });
});

test("a signature covers the time and the body", () => {
  const signature = signatureOf("{}", ["a", "b"], 1_700_000_000_999);
  expect(signature).toMatch(/^t=1700000000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  expect(signatureOf("{}", ["a"], 1_700_000_001_000)).not.toBe(signatureOf("{}", ["a"], 1_700_000_000_000));
  // openssl dgst -sha256 -hmac a over 1700000000.{}
  expect(signatureOf("{}", ["a"], 1_700_000_000_000)).toBe(
    `t=1700000000,v1=${new Bun.CryptoHasher("sha256", "a").update("1700000000.{}").digest("hex")}`,
  );
});
