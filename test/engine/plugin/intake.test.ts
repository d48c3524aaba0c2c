import { expect, test } from "bun:test";
import { FrameInput, Intake, type Received } from "#engine/plugin";
import { rejectionOf } from "#test/rejection";

/** An input whose frames come when the test says so. */
class Hand extends FrameInput {
  reads = 0;
  readonly #frames: (Received | undefined | Error)[] = [];
  #waiting: (() => void) | undefined;

  give(...frames: (Received | undefined | Error)[]): void {
    this.#frames.push(...frames);
    this.#waiting?.();
  }

  async next(): Promise<Received | undefined> {
    this.reads++;
    while (this.#frames.length === 0)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    const frame = this.#frames.shift();
    if (frame instanceof Error) throw frame;
    return frame;
  }

  poll(): Received | undefined {
    throw new Error("not used");
  }
}

const audio = (startSample: number): Received => ({
  port: "audio",
  frame: { kind: "audio", pcm: new Int16Array(320), sampleRateHz: 16_000, channels: 1, startSample },
});

const at = (came: Received | "flush" | undefined) =>
  typeof came === "object" && came.frame.kind === "audio" ? came.frame.startSample : came;

/** Everything that needs no further input has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("hands over frames in order, then the end", async () => {
  const hand = new Hand();
  const intake = new Intake(hand, 16_000);
  hand.give(audio(0), audio(320), undefined);
  expect([at(await intake.next()), at(await intake.next()), at(await intake.next()), at(await intake.next())]).toEqual([
    0,
    320,
    undefined,
    undefined,
  ]);
});

test("a flush wakes who waits, and the frame that was waited for still comes", async () => {
  const hand = new Hand();
  const intake = new Intake(hand, 16_000);
  const waiting = intake.next();
  intake.flush();
  expect(await waiting).toBe("flush");
  const next = intake.next();
  hand.give(audio(0));
  expect(at(await next)).toBe(0);
});

test("a flush overtakes the frames", async () => {
  const hand = new Hand();
  const intake = new Intake(hand, 16_000);
  hand.give(audio(0));
  intake.flush();
  expect([at(await intake.next()), at(await intake.next())]).toEqual(["flush", 0]);
});

test("during a piece of work it takes in what comes, to its limit and no further", async () => {
  const hand = new Hand();
  const intake = new Intake(hand, 960);
  hand.give(...Array.from({ length: 10 }, (_, i) => audio(i * 320)), undefined);
  const work = Promise.withResolvers<string>();
  const during = intake.during(work.promise);
  await settled();
  expect(hand.reads).toBe(3);
  work.resolve("done");
  expect(await during).toBe("done");
  const came: unknown[] = [];
  for (let next = await intake.next(); next; next = await intake.next()) came.push(at(next));
  expect(came).toEqual(Array.from({ length: 10 }, (_, i) => i * 320));
});

test("a frame that comes after the work is not lost, though its reading began before", async () => {
  const hand = new Hand();
  const intake = new Intake(hand, 16_000);
  const work = Promise.withResolvers<void>();
  const during = intake.during(work.promise);
  await settled();
  work.resolve();
  await during;
  const next = intake.next();
  hand.give(audio(0), audio(320));
  expect([at(await next), at(await intake.next())]).toEqual([0, 320]);
  expect(hand.reads).toBe(2);
});

test("a failure of the work is the work's, one of the input comes with the next read", async () => {
  const hand = new Hand();
  const intake = new Intake(hand, 16_000);
  expect(await rejectionOf(intake.during(Promise.reject(new Error("work"))))).toHaveProperty(
    "message",
    expect.stringContaining("work"),
  );
  hand.give(new Error("input"));
  await settled();
  expect(await rejectionOf(intake.next())).toHaveProperty("message", expect.stringContaining("input"));
});
