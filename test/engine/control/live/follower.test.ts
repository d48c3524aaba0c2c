import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RunMessage } from "#engine/control";
import { Follower, type Reader, type Source } from "../../../../engine/control/live/follower.ts";

const message = (id: number | undefined): RunMessage => ({
  ...(id !== undefined && { id }),
  run: "r1",
  type: "run.state",
  version: 1,
  atMs: 0,
  generation: 0,
  labels: {},
  data: { state: "running" },
});

/** A store that answers when it is told to. */
class Stored implements Source {
  storedId = 0;
  /** Answers are of the moment of the question, as those of a database that is asked on another connection. */
  early = false;
  readonly #asked: (() => void)[] = [];

  storedAfter(id: number, limit: number): Promise<RunMessage[]> {
    const askedAt = this.storedId;
    return new Promise((resolve) =>
      this.#asked.push(() => {
        const count = Math.max(0, Math.min(limit, (this.early ? askedAt : this.storedId) - id));
        resolve(Array.from({ length: count }, (_, i) => message(id + i + 1)));
      }),
    );
  }

  get asked(): number {
    return this.#asked.length;
  }

  async answer(): Promise<void> {
    this.#asked.shift()?.();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
}

class Heard implements Reader {
  readonly ids: number[] = [];
  live = 0;
  missedLive = 0;
  room = true;
  error: unknown;

  take({ id }: RunMessage): boolean {
    if (id === undefined) this.live++;
    else this.ids.push(id);
    return this.room;
  }

  missed(messages: number): boolean {
    this.missedLive += messages;
    return this.room;
  }

  failed(error: unknown): void {
    this.error = error;
  }
}

const everything = () => true;
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("a follower", () => {
  test("misses nothing that is stored while an answer from before is under way", async () => {
    const source = new Stored();
    source.early = true;
    source.storedId = 2;
    const heard = new Heard();
    const follower = new Follower(source, heard, 0, everything);
    await source.answer();
    source.storedId = 3;
    follower.offer(message(3)); // the question that is under way was asked before
    await source.answer();
    await source.answer();
    await source.answer();
    expect([heard.ids, follower.idle]).toEqual([[1, 2, 3], true]);
  });

  test("hears what is stored, then what comes, without a gap between", async () => {
    const source = new Stored();
    source.storedId = 3;
    const heard = new Heard();
    const follower = new Follower(source, heard, 0, everything);
    source.storedId = 4;
    follower.offer(message(4)); // it comes while the first page is on its way
    await source.answer();
    await source.answer();
    follower.offer(message(undefined));
    source.storedId = 5;
    follower.offer(message(5));
    expect(heard.ids).toEqual(upTo(5));
    expect(heard.live).toBe(1);
  });

  test("hears only what comes from now on where no id is named", () => {
    const source = new Stored();
    source.storedId = 3;
    const heard = new Heard();
    const follower = new Follower(source, heard, undefined, everything);
    follower.offer(message(4));
    expect(heard.ids).toEqual([4]);
    expect(source.asked).toBe(0);
  });

  test("that is slow goes back to the store after a thousand messages, and is told of live ones it missed", async () => {
    const source = new Stored();
    const heard = new Heard();
    const follower = new Follower(source, heard, 0, everything);
    heard.room = false;
    for (let id = 1; id <= 1500; id++) {
      source.storedId = id;
      follower.offer(message(id));
      if (id % 10 === 0) follower.offer(message(undefined));
    }
    expect(heard.ids).toEqual([1]);
    heard.room = true;
    follower.resume();
    for (let i = 0; i < 10; i++) await source.answer();
    expect(heard.ids).toEqual(upTo(1500));
    expect(heard.missedLive).toBe(150);
    expect(follower.idle).toBe(true);
  });

  test("goes on where ids are gone, such as those of a run that was to leave nothing", async () => {
    const gone: Source = { storedId: 7, storedAfter: async (id) => (id < 2 ? [message(2)] : []) };
    const heard = new Heard();
    const follower = new Follower(gone, heard, 0, everything);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    follower.offer(message(8));
    expect(heard.ids).toEqual([2, 8]);
  });

  test("tells a store that fails, and nothing after it was closed", async () => {
    const broken: Source = { storedId: 3, storedAfter: () => Promise.reject(new Error("gone")) };
    const heard = new Heard();
    new Follower(broken, heard, 0, everything);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(heard.error).toBeDefined();
    const source = new Stored();
    source.storedId = 3;
    const quiet = new Heard();
    const follower = new Follower(source, quiet, 0, everything);
    follower.close();
    await source.answer();
    follower.offer(message(4));
    expect(quiet.ids).toEqual([]);
  });

  test("hears every stored message once and in order, whatever happens in whatever order", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant("store" as const) },
      { weight: 2, arbitrary: fc.constant("live" as const) },
      { weight: 2, arbitrary: fc.constant("answer" as const) },
      { weight: 1, arbitrary: fc.constant("block" as const) },
      { weight: 1, arbitrary: fc.constant("resume" as const) },
      { weight: 1, arbitrary: fc.constant("flood" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 20 }), fc.array(step, { maxLength: 60 }), async (before, steps) => {
        const source = new Stored();
        source.storedId = before;
        const heard = new Heard();
        const follower = new Follower(source, heard, 0, everything);
        const store = () => follower.offer(message(++source.storedId));
        for (const each of steps) {
          if (each === "store") store();
          else if (each === "live") follower.offer(message(undefined));
          else if (each === "answer") await source.answer();
          else if (each === "block") heard.room = false;
          else if (each === "flood") for (let i = 0; i < 1100; i++) store();
          else {
            heard.room = true;
            follower.resume();
          }
        }
        heard.room = true;
        follower.resume();
        for (let i = 0; i < 400 && !(follower.idle && source.asked === 0); i++) {
          await source.answer();
          follower.resume();
        }
        expect(heard.ids).toEqual(upTo(source.storedId));
      }),
      { numRuns: 200 },
    );
  });
});
