import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { DataFrame, Frame, OutgoingPost, SpeechMark } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { webhook } from "../../../plugins/core/webhook.ts";
import { textFrame } from "./texts.ts";

const url = "http://hooks.example:80/speech";
const final = textFrame({ text: "hello there", atMs: [1000, 2500] });
const partial: Frame = { ...final, text: "hello", final: false, stableChars: 3 };
const mark: SpeechMark = { kind: "speech", mark: "start", utterance: "u1", atSample: 1600, sampleRateHz: 16_000 };
const data: DataFrame = { kind: "data", topic: "test.volume", value: 3, atSample: 8, sampleRateHz: 8000 };

interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly atMs: number;
}

/** Drives the node against a receiver that answers with these statuses, the last of them from then on. */
async function posted(config: Record<string, unknown>, frames: readonly Frame[], statuses: readonly number[] = [200]) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock);
  const calls: Call[] = [];
  await network.listen("hooks.example:80", {
    async request({ headers, body }) {
      calls.push({ headers, body: new TextDecoder().decode(body), atMs: clock.nowMs() });
      return { status: statuses[calls.length - 1] ?? statuses.at(-1)! };
    },
  });
  const driven = driveNode(webhook, { url, ...config }, { frames, clock, network });
  return { calls, driven };
}

const events = (calls: readonly Call[]) => calls.map(({ headers }) => headers["parlando-event"]);

test.each([
  { name: "finals and data", config: {}, wanted: ["text.final", "data"] },
  { name: "partials when asked for", config: { partials: true }, wanted: ["text.partial", "text.final", "data"] },
  { name: "marks when asked for", config: { marks: true }, wanted: ["speech.start", "text.final", "data"] },
])("it posts $name, in order", async ({ config, wanted }) => {
  const { calls, driven } = await posted(config, [mark, partial, final, data]);
  expect((await driven).counters).toEqual({ posts: wanted.length });
  expect(events(calls)).toEqual([...wanted]);
});

test("a post says whose it is, is signed over time and body, and holds no secret", async () => {
  const { calls, driven } = await posted({ secret: "between us" }, [final]);
  await driven;
  const [{ headers, body }] = calls as [Call];
  const told = JSON.parse(body);
  expect(told).toMatchObject({
    id: headers["parlando-delivery"],
    event: "text.final",
    run: "run",
    node: "node",
    data: { text: "hello there", startMs: 1000, endMs: 2500, language: "en" },
  });
  const [, seconds, signed] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers["parlando-signature"] ?? "") ?? [];
  expect(Number(seconds)).toBe(Math.floor(told.atMs / 1000));
  expect(signed).toBe(createHmac("sha256", "between us").update(`${seconds}.${body}`).digest("hex"));
  expect(body + JSON.stringify(headers)).not.toContain("between us");
});

test("without an outbox a refused post is tried again after 0.5, 2 and 5 s, and is the same post", async () => {
  const { calls, driven } = await posted({}, [final, data], [503, 500, 302, 204]);
  await driven;
  expect(calls.slice(0, 4).map(({ atMs }) => atMs)).toEqual([0, 500, 2500, 7500]);
  expect(new Set(calls.slice(0, 4).map(({ body }) => body)).size).toBe(1);
  expect(events(calls)).toEqual(["text.final", "text.final", "text.final", "text.final", "data"]);
});

test("without an outbox the run hears of a post that nobody takes", async () => {
  const { calls, driven } = await posted({}, [final], [404]);
  expect(await rejectionOf(driven)).toMatchObject({
    code: "VENDOR_REFUSED",
    message: expect.stringContaining("hooks.example answered with 404"),
  });
  expect(calls).toHaveLength(4);
});

test("with an outbox the post is put there, and nothing is sent", async () => {
  const put: OutgoingPost[] = [];
  const desk = {
    callback: () => Promise.reject(new Error("nobody calls back")),
    durable: () => ({ get: async () => undefined, set: async () => {} }),
    outbox: (runId: string) => ({
      put: async (post: OutgoingPost) => {
        expect(runId).toBe("run");
        put.push(post);
      },
    }),
  };
  await driveNode(webhook, { url, secret: "s" }, { frames: [final], desk, clock: new VirtualClock() });
  expect(put).toEqual([
    {
      id: expect.stringMatching(/^delivery_[0-9a-f]{32}$/),
      url,
      event: "text.final",
      body: expect.any(String),
      signature: expect.any(String),
    },
  ]);
});
