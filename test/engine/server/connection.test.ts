import { expect, test } from "bun:test";
import { decode, encode } from "@msgpack/msgpack";
import { SCOPES } from "#engine/control";
import type { Clock } from "#engine/plugin";
import { Connection, Counts, encodeAudio, HEADER_BYTES, serverMessageSchema, WIRE_FORMATS } from "#engine/server";
import { FakeControl } from "#test/fake-control";
import type { FakeSession } from "#test/fake-run";
import { KeptLog } from "#test/served";
import { readAudio } from "../../../engine/client/audio-message.ts";

const [JSON_FORMAT, MSGPACK_FORMAT] = WIRE_FORMATS;

/** A clock that a test moves. */
class HandClock implements Clock {
  readonly virtual = true;
  #nowMs = 0;
  readonly #calls = new Set<{ atMs: number; call: () => void }>();
  nowMs = () => this.#nowMs;
  after(ms: number, call: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, call };
    this.#calls.add(entry);
    return () => void this.#calls.delete(entry);
  }
  sleep = (ms: number) => new Promise<void>((resolve) => void this.after(ms, resolve));
  move(ms: number): void {
    this.#nowMs += ms;
    for (const entry of [...this.#calls]) if (entry.atMs <= this.#nowMs && this.#calls.delete(entry)) entry.call();
  }
  get pending(): number {
    return this.#calls.size;
  }
}

/** A socket in memory: what was sent, and how it was closed. */
class FakeWire {
  readonly sent: (string | Uint8Array)[] = [];
  ended: { code: number; reason: string } | undefined;
  /** What `send` answers: sent, waiting, lost. */
  answers = 1;
  send(data: string | Uint8Array): number {
    if (this.answers !== 0) this.sent.push(data);
    return this.answers;
  }
  close(code: number, reason: string): void {
    this.ended ??= { code, reason };
  }
  /** Messages that are no audio, each checked against the catalogue. */
  get told(): Record<string, unknown>[] {
    return this.sent
      .filter((data) => typeof data === "string" || data[0] !== 1)
      .map((data) => serverMessageSchema.parse(typeof data === "string" ? JSON.parse(data) : decode(data)));
  }
}

function connection({
  run,
  format = JSON_FORMAT!,
  control = new FakeControl(),
  clock = new HandClock(),
}: {
  run?: string;
  format?: (typeof WIRE_FORMATS)[number];
  control?: FakeControl;
  clock?: HandClock;
} = {}) {
  const wire = new FakeWire();
  const counts = new Counts();
  const log = new KeptLog();
  const made = new Connection({
    runs: control.runs,
    caller: { project: "default", scopes: new Set(SCOPES) },
    format,
    limits: { messageBytes: 1 << 20, jsonDepth: 16 },
    clock,
    counts,
    log,
    ...(run !== undefined && { run }),
  });
  made.opened(wire);
  return { made, wire, control, counts, clock, log, say: (message: object) => made.received(format.write(message)) };
}

/** Promises that are settled get their turn. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

const live = { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } as const;
const START = {
  type: "start",
  run: { workflow: "w", inputs: { talk: { live }, words: { live: { kind: "text" as const } } } },
  sends: true,
};

async function started(more: object = {}, format = JSON_FORMAT!) {
  const all = connection({ format });
  all.say({ ...START, ...more });
  await settle();
  const run = all.control.run("r1");
  return { ...all, run, session: [...run.sessions][0] as FakeSession };
}

const binary = (trackNumber: number, startSample: number | undefined, bytes: number[]) => {
  const message = encodeAudio({
    trackNumber,
    startSample: startSample ?? 0,
    encoding: "s16le",
    channels: 0,
    sampleRateHz: 0,
    generation: 0,
    bytes: new Uint8Array(bytes),
  });
  if (startSample === undefined) message.fill(0xff, 8, 16);
  return message;
};

test("a client reads of each encoding what was written, by its number in the header", () => {
  const encodings = ["s16le", "mulaw", "alaw", "opus", "mp3", "ogg"] as const;
  for (const [number, encoding] of encodings.entries()) {
    const facts = { channels: 2, sampleRateHz: 44_100, startSample: 2 ** 40 + 5, generation: 3 };
    const bytes = Uint8Array.of(1, 2, 3);
    const message = encodeAudio({ trackNumber: 1, encoding, ...facts, bytes });
    expect(message[2]).toBe(number);
    const read = readAudio(message.buffer, [{ track: "text" }, { track: "speech" }]);
    expect(read).toEqual({ track: "speech", encoding, ...facts, bytes });
  }
});

test("one message starts a run and joins it; ready names the tracks and positions", async () => {
  const { wire, control } = await started({ idempotencyKey: "once", audio: ["speech"], partials: false });
  expect(wire.told).toMatchObject([
    {
      type: "ready",
      run: { id: "r1" },
      inputs: [
        { track: "talk", received: 0, kept: 0 },
        { track: "words", kind: "text" },
      ],
      outputs: [{ track: "text" }, { track: "speech" }],
      notes: [],
    },
  ]);
  expect(control.last("runs.start")).toEqual([START.run, { idempotencyKey: "once" }, "default"]);
  expect(control.last("runs.attach")).toEqual(["r1", { audio: ["speech"], partials: false, sends: true }]);
});

test("a socket on a run joins it with what it still holds and has seen", async () => {
  const control = new FakeControl();
  await control.runs.start({ project: "default", scopes: new Set() }, START.run);
  control.run("r1").final("before");
  const { wire, say } = connection({ run: "r1", control });
  say({ type: "attach", after: 0, sends: true, holds: { talk: 320 } });
  await settle();
  expect(wire.told.map(({ type }) => type)).toEqual(["ready", "event"]);
  expect(control.last("runs.attach")).toEqual(["r1", { after: 0, sends: true, holds: { talk: 320 } }]);
});

test.each([
  ["a header", (_say: unknown, raw: (d: Uint8Array) => void) => raw(binary(0, 0, [1, 0, 2, 0]))],
  [
    "a header without a position",
    (_say: unknown, raw: (d: Uint8Array) => void) => raw(binary(0, undefined, [1, 0, 2, 0])),
  ],
  ["base64", (say: (m: object) => void) => say({ type: "audio", track: "talk", startSample: 0, bytes: "AQACAA==" })],
])("audio with %s reaches its track", async (_how, send) => {
  const { made, say, run } = await started();
  send(say, (data) => made.received(data));
  expect(run.tracks.talk).toMatchObject({ bytes: [1, 0, 2, 0], received: 2 });
});

test("audio in MessagePack reaches its track, as a map and with a header", async () => {
  const { made, say, run } = await started({}, MSGPACK_FORMAT);
  say({ type: "audio", track: "talk", bytes: new Uint8Array([1, 0]) });
  made.received(binary(0, 1, [2, 0]));
  expect(run.tracks.talk!.bytes).toEqual([1, 0, 2, 0]);
});

test("what is sent before the run is joined is not lost", async () => {
  const { made, say, control } = connection();
  say(START);
  made.received(binary(0, 0, [1, 0]));
  say({ type: "text", track: "words", text: "hello" });
  expect(control.made.size).toBe(1);
  await settle();
  expect(control.run("r1").tracks.talk!.bytes).toEqual([1, 0]);
  expect(control.run("r1").texts).toEqual(["hello"]);
});

test("flush, mute, end and ping do what they say", async () => {
  const { say, run, wire } = await started();
  for (const message of [
    { type: "flush" },
    { type: "mute", track: "talk", muted: true },
    { type: "end", track: "talk" },
    { type: "end" },
    { type: "ping", ref: 7 },
  ])
    say(message);
  expect(run.controls).toEqual(["flush", "mute talk true", "end talk", "end all"]);
  expect(wire.told.at(-1)).toEqual({ type: "pong", ref: 7 });
});

test("an update that cannot be done is refused, and the socket stays", async () => {
  const { say, wire, control } = await started();
  say({ type: "update", node: "vad", fields: { aggressiveness: 1 }, ref: 1 });
  say({ type: "update", node: "nose", fields: {}, ref: 2 });
  await settle();
  expect(control.last("runs.update")).toEqual(["r1", "nose", {}]);
  expect(wire.told.slice(1)).toEqual([
    { type: "updated", ref: 1 },
    { type: "refused", ref: 2, problem: { code: "NODE_NOT_FOUND", message: "the run has no node nose" } },
  ]);
  expect(wire.ended).toBeUndefined();
});

test("events, positions and audio come as the run tells them", async () => {
  const { wire, run, session } = await started({ audio: ["speech"] });
  run.final("hello");
  run.keep("talk");
  session.listener.send({
    type: "audio",
    track: "speech",
    startSample: 2 ** 33 + 5,
    sampleRateHz: 22_050,
    channels: 2,
    encoding: "mulaw",
    generation: 3,
    bytes: new Uint8Array([9, 8]),
  });
  expect(wire.told.slice(1)).toMatchObject([
    { type: "event", event: { id: 1, type: "text.final", data: { text: "hello" } } },
    { type: "position", track: "talk", received: 0, kept: 0 },
  ]);
  const audio = wire.sent.at(-1) as Uint8Array;
  const view = new DataView(audio.buffer);
  expect([...audio.subarray(0, 4)]).toEqual([1, 1, 1, 2]);
  expect([view.getUint32(4, true), view.getBigUint64(8, true), view.getUint32(16, true)]).toEqual([
    22_050,
    2n ** 33n + 5n,
    3,
  ]);
  expect([...audio.subarray(HEADER_BYTES)]).toEqual([9, 8]);
});

test("in MessagePack everything is a map, audio too", async () => {
  const { wire, run, session } = await started({}, MSGPACK_FORMAT);
  run.final("hello");
  const audio = {
    type: "audio",
    track: "speech",
    startSample: 1,
    sampleRateHz: 8000,
    channels: 1,
    encoding: "alaw",
    generation: 1,
    bytes: new Uint8Array([5]),
  } as const;
  session.listener.send(audio);
  expect(wire.told[1]).toMatchObject({ type: "event", event: { data: { text: "hello" } } });
  expect(wire.told[2]).toEqual(audio);
});

test("a run that ends closes the socket as usual, a sender that was replaced learns why", async () => {
  const first = await started();
  first.run.end();
  expect(first.wire.ended).toEqual({ code: 1000, reason: "the run has ended" });
  expect(first.wire.told.at(-1)).toEqual({ type: "closed", reason: "the run has ended" });
  expect(first.session.open).toBe(false);

  const second = await started();
  second.session.listener.send({ type: "closed", code: "TRACK_TAKEN", reason: "another one sends" });
  expect(second.wire.ended).toEqual({ code: 4409, reason: "TRACK_TAKEN" });
});

const wrong: [string, (say: (m: object) => void, raw: (d: string | Uint8Array) => void) => void, number, string][] = [
  ["no JSON", (_, raw) => raw("{"), 4400, "MESSAGE_INVALID"],
  [
    "JSON nested too deep",
    (_, raw) => raw(`{"type":"update","node":"n","fields":{"a":${"[".repeat(20)}${"]".repeat(20)}}}`),
    4400,
    "MESSAGE_INVALID",
  ],
  ["an unknown type", (say) => say({ type: "dance" }), 4400, "MESSAGE_INVALID"],
  ["no type", (say) => say([]), 4400, "MESSAGE_INVALID"],
  ["a second start", (say) => say(START), 4400, "MESSAGE_INVALID"],
  ["a field of another message", (say) => say({ type: "flush", track: "talk" }), 4400, "MESSAGE_INVALID"],
  ["binary that is no audio", (_, raw) => raw(new Uint8Array([2, 0, 0])), 4400, "MESSAGE_INVALID"],
  ["nothing, in binary", (_, raw) => raw(new Uint8Array(0)), 4400, "MESSAGE_INVALID"],
  ["a header that ends early", (_, raw) => raw(new Uint8Array([1, 0, 0])), 4400, "MESSAGE_INVALID"],
  ["a position beyond 2^53", (_, raw) => raw(binary(0, 2 ** 60, [1, 0])), 4400, "MESSAGE_INVALID"],
  ["audio for a track number that is not there", (_, raw) => raw(binary(9, 0, [1, 0])), 4422, "TRACK_UNKNOWN"],
  [
    "audio for a name that is not there",
    (say) => say({ type: "audio", track: "nose", bytes: "" }),
    4422,
    "TRACK_UNKNOWN",
  ],
  ["base64 that is none", (say) => say({ type: "audio", track: "talk", bytes: "*" }), 4400, "MESSAGE_INVALID"],
  ["audio after a gap", (_, raw) => raw(binary(0, 99, [1, 0])), 4422, "CHUNK_INVALID"],
  ["a text without text", (say) => say({ type: "text", track: "words", text: "" }), 4400, "MESSAGE_INVALID"],
];

test.each(wrong)("%s closes this socket with its code, and no other", async (_what, send, code, reason) => {
  const { made, say, wire, run, session, counts, control } = await started();
  const other = connection({ run: "r1", control });
  other.say({ type: "attach" });
  await settle();
  send(say, (data) => made.received(data));
  expect(wire.ended).toEqual({ code, reason });
  expect(wire.told.at(-1)).toMatchObject({ type: "error", problem: { code: reason, message: expect.any(String) } });
  expect(session.open).toBe(false);
  expect(counts.socketsRefused.get(reason)).toBe(1);
  run.final("others notice nothing");
  expect(other.wire.told.at(-1)).toMatchObject({ type: "event" });
  expect(other.wire.ended).toBeUndefined();
  // what still comes from the closed one is not looked at
  made.received(binary(0, 0, [1, 0]));
  expect(run.tracks.talk!.bytes).toEqual([]);
});

test.each([
  ["no MessagePack", new Uint8Array([0xc1]), "MESSAGE_INVALID"],
  ["a text", "{}", "MESSAGE_INVALID"],
  ["a map that ends early", encode({ type: "flush" }).slice(0, 4), "MESSAGE_INVALID"],
  [
    "a map nested too deep",
    encode({
      type: "update",
      node: "vad",
      fields: { a: Array.from({ length: 30 }).reduce<unknown>((inner) => [inner], 1) },
    }),
    "MESSAGE_INVALID",
  ],
  [
    "a key that would change what all objects are",
    encode({ type: "flush", ["__proto__"]: { x: 1 } }),
    "MESSAGE_INVALID",
  ],
  ["an extension type", encode({ type: "ping", ref: new Date(0) }), "MESSAGE_INVALID"],
])("in MessagePack, %s closes the socket", async (_what, data, code) => {
  const { made, wire } = await started({}, MSGPACK_FORMAT);
  made.received(data);
  expect(wire.ended).toEqual({ code: 4400, reason: code });
});

test.each([
  ["attach where a run is started", undefined, { type: "attach" }, 4400, "MESSAGE_INVALID"],
  ["start where a run is named", "r1", START, 4400, "MESSAGE_INVALID"],
  ["audio", undefined, { type: "flush" }, 4400, "MESSAGE_INVALID"],
  ["a run that is not there", "none", { type: "attach" }, 4404, "RUN_NOT_FOUND"],
])("%s as the first message closes the socket", async (_what, run, message, code, reason) => {
  const { say, wire } = connection(run === undefined ? {} : { run });
  say(message);
  await settle();
  expect(wire.ended).toEqual({ code, reason });
});

test("a socket that says nothing is closed, and one that spoke is not", async () => {
  const silent = connection();
  silent.clock.move(9_999);
  expect(silent.wire.ended).toBeUndefined();
  silent.clock.move(1); // a process that was held up reads first what has come by then
  expect(silent.wire.ended).toBeUndefined();
  silent.clock.move(250);
  expect(silent.wire.ended).toEqual({ code: 4400, reason: "MESSAGE_INVALID" });
  const { clock, wire } = await started();
  clock.move(60_000);
  expect(wire.ended).toBeUndefined();
});

test("more than is bearable before the run is joined closes the socket", async () => {
  const { made, say, wire } = connection();
  say(START);
  for (let i = 0; i < 1001; i++) made.received(binary(0, undefined, [0, 0]));
  expect(wire.ended).toEqual({ code: 4429, reason: "FLOW_EXCEEDED" });
  await settle();
});

test("a full socket holds the run's words back until it has room", async () => {
  const { made, wire, session } = await started();
  const position = { type: "position", track: "talk", received: 1, kept: 0 } as const;
  wire.answers = -1;
  expect(session.listener.send(position)).toBe(false);
  const before = session.writables;
  wire.answers = 1;
  made.drained();
  expect(session.writables).toBe(before + 1);
  expect(session.listener.send(position)).toBe(true);
});

test("a message for which a socket had no room is a loss, and closes it", async () => {
  const { wire, session, counts } = await started();
  wire.answers = 0;
  expect(session.listener.send({ type: "position", track: "talk", received: 1, kept: 0 })).toBe(false);
  expect(wire.ended).toEqual({ code: 4429, reason: "READER_TOO_SLOW" });
  expect([counts.messagesLost, session.open]).toEqual([1, false]);
});

test("a socket that goes while it is being joined leaves the run", async () => {
  const { made, say, control } = connection();
  say(START);
  made.closed();
  await settle();
  expect(control.run("r1").sessions.size).toBe(0);
});

test("a fault of ours closes the socket without a word of it, and is logged", async () => {
  const { say, wire, session, log } = await started();
  session.flush = () => {
    throw new TypeError("the secret transcript");
  };
  say({ type: "flush" });
  expect(wire.ended).toEqual({ code: 4500, reason: "INTERNAL" });
  expect(JSON.stringify([wire.told, log.lines])).not.toContain("secret");
  expect(log.lines).toMatchObject([{ level: "warn", facts: { error: "TypeError", run: "r1" } }]);
});

test("an event is written once, however many read it", () => {
  const event = {
    run: "r1",
    type: "node",
    version: 1,
    atMs: 1,
    generation: 1,
    labels: {},
    data: { node: "n", type: "t" },
  } as never;
  for (const format of WIRE_FORMATS) expect(format.writeEvent(event)).toBe(format.writeEvent(event));
});
