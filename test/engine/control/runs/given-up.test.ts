import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { type Rows, Store } from "#engine/store";
import { caller, eventsOf, live, openTestControl, type TestOptions } from "#test/control";
import { rejectionOf } from "#test/rejection";
import { NUMBERS } from "#test/spoken-numbers";
import { storeKinds } from "#test/stores";

setDefaultTimeout(60_000);

const start = { workflow: { text: NUMBERS }, inputs: { talk: live }, labels: { team: "a" } };
/** Nobody answers there, so that deliveries stay where they can be counted. */
const hook = { url: "http://127.0.0.1:1/", events: ["run.ended" as const], labels: { team: "a" } };

describe.each(storeKinds())("$name: a run that does not go on", (kind) => {
  const it = test.skipIf(kind.skip !== undefined);

  /** A run that was interrupted, and the process after that. */
  async function interrupted(more: TestOptions = {}) {
    const { folder, url } = await kind.options();
    const options = {
      ...more,
      folder,
      config: { allowedHosts: ["127.0.0.1"], store: { ...(url !== undefined && { url }) } },
    };
    const first = await openTestControl(options);
    await first.control.webhooks.create(caller, hook);
    const { id } = await first.control.runs.start(caller, start);
    await first.control.close();
    const second = await openTestControl(options);
    const told = async () => (await second.control.webhooks.deliveries(caller, { run: id })).items;
    return { ...second, id, told };
  }

  it("is told of once, whoever gives it up at the same time", async () => {
    let nowMs = 1_000_000;
    await using after = await interrupted({ epochMs: () => nowMs });
    expect(await after.told()).toEqual([]);
    nowMs += 3_600_001;
    const { runs } = after.control;
    await Promise.all([
      after.control.tidy(),
      runs.cancel(caller, after.id),
      after.control.tidy(),
      runs.cancel(caller, after.id),
    ]);
    await after.control.tidy();
    expect((await after.told()).map(({ event, run }) => [event, run])).toEqual([["run.ended", after.id]]);
    const events = await eventsOf(after.control, after.id);
    expect(events.filter(({ type }) => type === "run.ended")).toHaveLength(1);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i + 1));
    const { state } = await runs.get(caller, after.id);
    expect(events.at(-1)).toMatchObject({ type: "run.ended", data: { state } });
    expect(events.at(-2)).toMatchObject({ type: "run.state", data: { state } });
  });

  it("is told of in the transaction that ends it, or neither", async () => {
    await using after = await interrupted();
    using _broken = brokenOutbox();
    expect(await rejectionOf(after.control.runs.cancel(caller, after.id))).toMatchObject({ code: "STORE_FAILED" });
    expect((await after.control.runs.get(caller, after.id)).state).toBe("interrupted");
    expect((await eventsOf(after.control, after.id)).at(-1)).toMatchObject({ data: { state: "interrupted" } });
  });
});

/** Puts nothing into the outbox, as a store that fails half-way through a transaction. */
function brokenOutbox(): Disposable {
  const { write } = Store.prototype;
  Store.prototype.write = function broken<T>(this: Store, change: (to: Rows) => Promise<T>): Promise<T> {
    return write.call(this, (to: Rows) => {
      to.webhooks.queue = async (rows) => {
        if (rows.length > 0) throw new EngineError("STORE_FAILED", "the outbox is broken");
      };
      return change(to);
    }) as Promise<T>;
  };
  return {
    [Symbol.dispose]() {
      Store.prototype.write = write;
    },
  };
}
