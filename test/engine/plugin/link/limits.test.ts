import { describe, expect, test } from "bun:test";
import { CredentialLimits, credentialLimits, TokenCache, tokenCache } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";

/** Runs work under a clock that is driven. */
async function timed<T>(work: (clock: VirtualClock) => Promise<T>): Promise<T> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  try {
    return await work(clock);
  } finally {
    stop();
  }
}

describe("limits of a credential", () => {
  test("let in as many at once as are allowed, first come first served", () =>
    timed(async (clock) => {
      const limits = new CredentialLimits({ concurrency: 2, perSecond: 0, waitMs: 0 });
      const order: string[] = [];
      const user = async (name: string, ms: number) => {
        const leave = await limits.enter(clock);
        order.push(`${name} ${clock.nowMs()}`);
        await clock.sleep(ms);
        leave();
        leave(); // once is enough
      };
      await Promise.all([user("a", 100), user("b", 300), user("c", 100), user("d", 100)]);
      expect(order).toEqual(["a 0", "b 0", "c 100", "d 200"]);
      expect([limits.inside, limits.waiting]).toEqual([0, 0]);
    }));

  test("space beginnings by their rate", () =>
    timed(async (clock) => {
      covers("S43");
      const limits = new CredentialLimits({ concurrency: 0, perSecond: 4, waitMs: 0 });
      const at: number[] = [];
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          const leave = await limits.enter(clock);
          at.push(clock.nowMs());
          leave();
        }),
      );
      expect(at).toEqual([0, 250, 500, 750]);
    }));

  test("refuse with a code whoever waits too long, and forget him", () =>
    timed(async (clock) => {
      const limits = new CredentialLimits({ concurrency: 1, perSecond: 0, waitMs: 500 });
      const leave = await limits.enter(clock);
      expect(await rejectionOf(limits.enter(clock))).toMatchObject({ code: "VENDOR_RATE_LIMITED" });
      expect([limits.waiting, clock.nowMs()]).toEqual([0, 500]);
      leave();
      expect(limits.inside).toBe(0);
    }));

  test("let go of whoever is cancelled while he waits", () =>
    timed(async (clock) => {
      const limits = new CredentialLimits({ concurrency: 1, perSecond: 0, waitMs: 0 });
      const leave = await limits.enter(clock);
      const stop = new AbortController();
      const waiting = limits.enter(clock, stop.signal);
      stop.abort(new Error("enough"));
      expect(await rejectionOf(waiting)).toHaveProperty("message", expect.stringContaining("enough"));
      leave();
      const next = await limits.enter(clock);
      expect([limits.inside, limits.waiting]).toEqual([1, 0]);
      next();
    }));

  test("are shared by those who name the same credential, and give nothing of it away", () => {
    covers("S43");
    const settings = { concurrency: 1, perSecond: 0, waitMs: 0 };
    const [one, same, other] = [
      ["a", "key"],
      ["a", "key"],
      ["ak", "ey"],
    ].map((parts) => credentialLimits(settings, ...parts));
    expect(one?.key).toBe(same!.key);
    expect(one?.key).not.toBe(other!.key);
    expect(one?.key).not.toContain("key ");
    expect(tokenCache("a", "hidden-secret").key).not.toContain("hidden");
  });
});

describe("a token cache", () => {
  const token = (value: string, expiresAtMs: number) => ({ value, expiresAtMs });

  test("asks once, however many want it", async () => {
    const cache = new TokenCache();
    let asked = 0;
    const fetch = async () => token(`t${++asked}`, 2_000_000);
    const got = await Promise.all(Array.from({ length: 5 }, () => cache.get({ nowMs: 0, fetch })));
    expect([new Set(got).size, asked]).toEqual([1, 1]);
  });

  test.each([
    { name: "while it is good", nowMs: 1_399_999, fresh: false },
    { name: "when it ends soon", nowMs: 1_400_000, fresh: true },
  ])("gives out the same token or another: $name", async ({ nowMs, fresh }) => {
    const cache = new TokenCache();
    await cache.get({ nowMs: 0, fetch: async () => token("old", 2_000_000) });
    const got = await cache.get({ nowMs, fetch: async () => token("new", 9_000_000) });
    expect(got).toBe(fresh ? "new" : "old");
  });

  test("drops a token that was refused, and only that one", async () => {
    const cache = new TokenCache();
    const get = (value: string) => cache.get({ nowMs: 0, fetch: async () => token(value, 2_000_000) });
    await get("a");
    cache.refuse("something else");
    expect(await get("b")).toBe("a");
    cache.refuse("a");
    expect(await get("b")).toBe("b");
  });

  test("lets another ask where the one who asked first was cancelled", async () => {
    const cache = new TokenCache();
    const { promise, reject } = Promise.withResolvers<never>();
    const first = cache.get({ nowMs: 0, fetch: () => promise });
    const second = cache.get({ nowMs: 0, fetch: async () => token("mine", 2_000_000) });
    reject(new Error("cancelled"));
    expect(await rejectionOf(first)).toHaveProperty("message", expect.stringContaining("cancelled"));
    expect(await second).toBe("mine");
  });
});
