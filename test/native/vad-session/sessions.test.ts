import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { Endpointing } from "#engine/plugin";
import { buildLibrary, findCompiler } from "#native/library";
import { MAX_CHUNK_BYTES, type SessionSettings, sessionLibrary, VadSessions } from "#native/vad-session";
import { WebRtcVad } from "#native/webrtc-vad";
import { anything, randomFrom, silence, voice, whiteNoise } from "#test/detector-signals";
import { waysHere } from "#test/lane-comparison";

setDefaultTimeout(60_000); // much is judged, on a machine that may be busy

const settings: SessionSettings = {
  sampleRateHz: 16000,
  frameMs: 20,
  aggressiveness: 3,
  preRollMs: 300,
  minSpeechMs: 60,
  endpointMs: 500,
  maxSegmentMs: 3000,
  settleMs: 200,
};
const FRAME = 320;
const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
const frameOf = (pcm: Int16Array, i: number): Int16Array => pcm.subarray(i * FRAME, (i + 1) * FRAME);

/** What a stream came to: a letter for each frame, capital where voiced, and its events. */
interface Told {
  readonly steps: string;
  readonly events: string[];
  readonly levels: number[];
}

/** Pushes a stream in chunks of the given lengths, over and over. */
function pushed(pool: VadSessions, chunk: (at: number) => number, stream: Uint8Array): Told {
  const id = pool.open(settings);
  const told: Told = { steps: "", events: [], levels: [] };
  let [steps, done] = ["", 0];
  for (let at = 0; at < stream.length; ) {
    const length = Math.min(chunk(at), stream.length - at);
    const batch = pool.push(id, stream.subarray(at, at + length));
    for (let i = 0; i < batch.frames(0); i++) {
      const letter = batch.step(0, i)[0]!;
      steps += batch.voiced(0, i) ? letter.toUpperCase() : letter;
      told.levels.push(batch.levelDbfs(0, i));
    }
    for (const event of batch.events()) told.events.push(`${event.step} ${event.atSample} at ${done + event.frame}`);
    done += batch.frames(0);
    at += length;
  }
  pool.end(id);
  return { ...told, steps };
}

describe.skipIf(!findCompiler())("sessions (need a C compiler)", () => {
  beforeAll(() => void buildLibrary(sessionLibrary()), 120_000);

  test("a stream comes to the same in chunks of any length, odd ones included", () => {
    const stream = bytesOf(anything(16000 * 12, 16000, 5));
    using pool = VadSessions.create();
    const whole = pushed(pool, () => FRAME * 2, stream);
    expect(whole.steps).toHaveLength(600);
    expect(whole.events.length).toBeGreaterThan(4);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 12 }), (lengths) => {
        let turn = 0;
        expect(pushed(pool, () => lengths[turn++ % lengths.length]!, stream)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test("what is staged in chunks of any length, with other streams, comes to the same as pushed", () => {
    const stream = bytesOf(anything(16000 * 6, 16000, 6));
    const noise = bytesOf(whiteNoise(16000 * 6, 3000, 1));
    using single = VadSessions.create();
    const wanted = pushed(single, () => FRAME * 2, stream);
    for (const way of waysHere()) {
      using pool = VadSessions.create(way);
      const ids = Array.from({ length: 9 }, () => pool.open(settings));
      const random = randomFrom(3);
      let [steps, at] = ["", 0];
      const events: string[] = [];
      while (at < stream.length) {
        const items: number[] = [];
        for (let piece = 0; piece < 3; piece++) {
          for (const id of ids.slice(1)) pool.stage(id, noise.subarray(at, at + 700));
          const end = Math.min(stream.length, at + Math.floor(random() * 2000));
          items.push(pool.stage(ids[0]!, stream.subarray(at, end)));
          at = end;
        }
        const batch = pool.run();
        let done = steps.length;
        for (const item of items) {
          for (let i = 0; i < batch.frames(item); i++)
            steps += batch.voiced(item, i) ? batch.step(item, i)[0]!.toUpperCase() : batch.step(item, i)[0];
          for (const event of batch.events())
            if (event.item === item) events.push(`${event.step} ${event.atSample} at ${done + event.frame}`);
          done += batch.frames(item);
        }
      }
      expect({ way, steps, events }).toEqual({ way, steps: wanted.steps, events: wanted.events });
    }
  });

  test("verdicts and steps are those of the plain detector and of the node's endpointing, gaps included", () => {
    const random = randomFrom(9);
    using pool = VadSessions.create();
    const cases = [
      { sampleRateHz: 8000, frameMs: 20 },
      { sampleRateHz: 16000, frameMs: 10 },
      { sampleRateHz: 32000, frameMs: 20 },
      { sampleRateHz: 8000, frameMs: 30, preRollMs: 0, minSpeechMs: 10 },
    ];
    for (const { sampleRateHz, frameMs, ...change } of cases) {
      const samples = (sampleRateHz / 1000) * frameMs;
      const pcm = anything(samples * 1500, sampleRateHz, sampleRateHz);
      const startSample = 5_000_000_000;
      const timing = { ...settings, ...change };
      const id = pool.open({ ...timing, sampleRateHz, frameMs, startSample });
      const endpointing = new Endpointing(timing, sampleRateHz);
      using detector = WebRtcVad.open(sampleRateHz, 3);
      let at = startSample;
      let [opened, lapses] = [0, 0];
      for (let i = 0; i < 1500; i++) {
        if (random() < 0.01) {
          const gap = Math.floor(random() * sampleRateHz);
          at += gap;
          const lapsed = endpointing.lapsed(at) && endpointing.close();
          expect(pool.skip(id, gap)).toBe(lapsed);
          if (lapsed) lapses++;
        }
        if (random() < 0.005) expect(pool.flush(id)).toBe(endpointing.close());
        const frame = pcm.subarray(i * samples, (i + 1) * samples);
        const voiced = detector.isSpeech(frame);
        const step = endpointing.next(voiced, at, samples);
        const batch = pool.push(id, frame);
        expect({ i, voiced: batch.voiced(0, 0), step: batch.step(0, 0) }).toEqual({ i, voiced, step });
        at += samples;
        if (step === "opened") {
          opened++;
          expect([...batch.events()]).toEqual([{ item: 0, frame: 0, step, atSample: endpointing.startSample }]);
          expect(pool.utteranceStart(id)).toBe(endpointing.startSample);
        } else if (step === "closed" || step === "full")
          expect([...batch.events()]).toEqual([{ item: 0, frame: 0, step, atSample: at }]);
        else expect([...batch.events()]).toEqual([]);
      }
      expect(opened).toBeGreaterThan(3);
      expect(lapses).toBeGreaterThan(0);
    }
  });

  test("a short frame is taken for what the one before it was, in place of the rest", () => {
    using pool = VadSessions.create();
    const id = pool.open({ ...settings, settleMs: 0 });
    const pcm = voice(16000, 16000, 1, 0);
    for (let i = 0; i < 20; i++) pool.push(id, frameOf(pcm, i));
    pool.push(id, pcm.subarray(0, 100));
    expect(pool.restBytes(id)).toBe(200);
    expect(pool.short(id, 100)).toEqual({ step: "speech", voiced: true });
    expect(pool.restBytes(id)).toBe(0);
    expect(pool.flush(id)).toBe(true);
    expect(pool.flush(id)).toBe(false);
    expect(() => pool.short(id, 320)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  test.each([
    { name: "silence", pcm: silence(FRAME), level: Number.NEGATIVE_INFINITY },
    { name: "the loudest square wave", pcm: new Int16Array(FRAME).fill(-32768), level: 0 },
    { name: "half of it", pcm: new Int16Array(FRAME).fill(16384), level: -6.02 },
    { name: "one", pcm: new Int16Array(FRAME).fill(1), level: -90.31 },
  ])("the level of $name", ({ pcm, level }) => {
    for (const way of waysHere()) {
      using pool = VadSessions.create(way);
      expect(pool.push(pool.open(settings), pcm).levelDbfs(0, 0)).toBeCloseTo(level, 2);
    }
  });

  test("results stand in the order of staging, whatever kinds of stream are mixed", () => {
    const kinds = [8000, 16000, 32000].flatMap((sampleRateHz) =>
      [10, 20, 30].map((frameMs) => ({ sampleRateHz, frameMs, samples: (sampleRateHz / 1000) * frameMs })),
    );
    for (const way of waysHere()) {
      using pool = VadSessions.create(way);
      const streams = Array.from({ length: 50 }, (_, i) => ({ ...kinds[i % 9]!, loud: (i * 7919) % 3 }));
      const ids = streams.map(({ sampleRateHz, frameMs }) => pool.open({ ...settings, sampleRateHz, frameMs }));
      for (const [i, { samples, loud }] of streams.entries())
        expect(pool.stage(ids[i]!, new Int16Array(samples * (i % 3)).fill(loud * 100))).toBe(i);
      const batch = pool.run();
      expect(batch.items).toBe(50);
      for (const [i, { loud }] of streams.entries()) {
        expect(batch.frames(i)).toBe(i % 3);
        for (let frame = 0; frame < i % 3; frame++)
          expect(batch.levelDbfs(i, frame)).toBeCloseTo(20 * Math.log10((loud * 100) / 32768), 1);
      }
    }
  });

  describe("bad input", () => {
    const wrong = (pool: VadSessions, other: VadSessions) => {
      const closed = pool.open(settings);
      pool.end(closed);
      const open = pool.open(settings);
      other.end(other.open(settings)); // so that the next one has the place and the generation of `open`
      return [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, closed, other.open(settings), open + 1];
    };
    const refused = expect.objectContaining({ code: "NODE_PROTOCOL" });

    test("closed, foreign and invented ids are errors, everywhere", () => {
      using pool = VadSessions.create();
      using other = VadSessions.create();
      for (const id of wrong(pool, other)) {
        for (const call of [
          () => pool.stage(id, silence(FRAME)),
          () => pool.push(id, silence(FRAME)),
          () => pool.end(id),
          () => pool.skip(id, 1),
          () => pool.flush(id),
          () => pool.short(id, 1),
          () => pool.restBytes(id),
          () => pool.utteranceStart(id),
        ])
          expect(call).toThrow(refused);
      }
    });

    test("an id is not given out again, however often its place is", () => {
      using pool = VadSessions.create();
      const ids = new Set<number>();
      for (let i = 0; i < 5000; i++) {
        const id = pool.open(settings);
        ids.add(id);
        pool.end(id);
      }
      expect(ids.size).toBe(5000);
    });

    test.each([
      { sampleRateHz: 44100 },
      { sampleRateHz: Number.NaN },
      { frameMs: 25 },
      { frameMs: 0 },
      { aggressiveness: 4 },
      { aggressiveness: -1 },
      { aggressiveness: 1.5 },
      { preRollMs: -1 },
      { endpointMs: 1e9 },
      { settleMs: Number.NaN },
      { startSample: -1 },
      { startSample: Number.NaN },
    ])("a session does not open with %j", (change) => {
      using pool = VadSessions.create();
      expect(() => pool.open({ ...settings, ...change })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    });

    test("an empty chunk is no frame, an oversized one an error that leaves the batch as it was", () => {
      using pool = VadSessions.create();
      const id = pool.open(settings);
      pool.stage(id, silence(FRAME));
      expect(() => pool.stage(id, new Uint8Array(MAX_CHUNK_BYTES + 1))).toThrow(
        expect.objectContaining({ code: "AUDIO_FORMAT_UNSUPPORTED" }),
      );
      expect(() => pool.stage(0, silence(FRAME))).toThrow(refused);
      pool.stage(id, silence(0));
      const batch = pool.run();
      expect([batch.items, batch.frames(0), batch.frames(1)]).toEqual([2, 1, 0]);
      expect(pool.run().items).toBe(0);
      expect(pool.push(id, silence(0)).frames(0)).toBe(0);
      expect(pool.push(id, new Uint8Array(MAX_CHUNK_BYTES)).frames(0)).toBe(Math.floor(MAX_CHUNK_BYTES / 640));
    });

    test("while a chunk of it is staged, a session neither closes nor takes a push", () => {
      using pool = VadSessions.create();
      const id = pool.open(settings);
      pool.stage(id, silence(FRAME));
      for (const call of [
        () => pool.end(id),
        () => pool.push(id, silence(FRAME)),
        () => pool.skip(id, 1),
        () => pool.flush(id),
        () => pool.short(id, 1),
      ])
        expect(call).toThrow(refused);
      pool.discard();
      expect(pool.run().items).toBe(0);
      pool.end(id);
    });

    test("a frame that the batch does not have is a RangeError", () => {
      using pool = VadSessions.create();
      const id = pool.open(settings);
      const batch = pool.push(id, silence(FRAME));
      for (const [item, frame] of [
        [0, 1],
        [0, -1],
        [1, 0],
        [0, Number.NaN],
      ] as const)
        expect(() => batch.step(item, frame)).toThrow(RangeError);
    });

    test("a closed pool throws instead of touching freed memory; a second close() does nothing", () => {
      const pool = VadSessions.create();
      const id = pool.open(settings);
      pool.close();
      pool.close();
      for (const call of [
        () => pool.open(settings),
        () => pool.stage(id, silence(FRAME)),
        () => pool.run(),
        () => pool.push(id, silence(FRAME)),
      ])
        expect(call).toThrow("after close()");
    });
  });

  test("ten thousand sessions open, work and close", () => {
    using pool = VadSessions.create();
    const ids = Array.from({ length: 10_000 }, () => pool.open(settings));
    const frame = whiteNoise(FRAME, 5000, 1);
    for (let tick = 0; tick < 3; tick++) {
      for (const id of ids) pool.stage(id, frame);
      const batch = pool.run();
      for (let i = 1; i < 10_000; i++)
        if (batch.voiced(i, 0) !== batch.voiced(0, 0)) throw new Error(`item ${i} differs`);
    }
    for (const id of ids) pool.end(id);
    expect(() => pool.flush(ids[9_999]!)).toThrow();
  });
});
