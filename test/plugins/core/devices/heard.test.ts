import { describe, expect, test } from "bun:test";
import { type AudioFrame, type Frame, Resampler } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { concat, counting, interleave, noise } from "#test/signals";
import { HeardTrack } from "../../../../plugins/core/devices/heard.ts";
import { HeardOutput } from "../../../../plugins/core/devices/heard-output.ts";
import { RunDevices } from "../../../../plugins/core/devices/run-devices.ts";
import { PlayedReference } from "../../../../plugins/core/enhance/played-reference.ts";

const MONO = { sampleRateHz: 1000, channels: 1 };

/** A track whose present is set by hand. */
function track(format = MONO) {
  let now = 0;
  const heard = new HeardTrack(format, () => now);
  return {
    heard,
    at(sample: number) {
      now = sample;
    },
  };
}

describe("what a loudspeaker was heard playing", () => {
  test("stands where it was heard, one piece behind the other, and where it ran dry there is silence", () => {
    const { heard, at } = track();
    heard.wrote(Int16Array.of(1, 2, 3), 5);
    heard.wrote(Int16Array.of(4, 5));
    at(14);
    heard.wrote(Int16Array.of(6, 7), 14);
    expect([...heard.read(3, 15)]).toEqual([0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 6, 7, 0, 0]);
  });

  test("ends where the device was silenced, and goes on from there", () => {
    const { heard } = track();
    heard.wrote(counting(10));
    heard.cut(4);
    expect(heard.end).toBe(4);
    expect([...heard.read(0, 8)]).toEqual([...counting(4), 0, 0, 0, 0]);
    heard.wrote(Int16Array.of(9), 6);
    expect([...heard.read(0, 8)]).toEqual([...counting(4), 0, 0, 9, 0]);
  });

  test("has the channels of the device", () => {
    const { heard } = track({ sampleRateHz: 1000, channels: 2 });
    heard.wrote(Int16Array.of(1, -1, 2, -2), 1);
    expect([...heard.read(0, 4)]).toEqual([0, 0, 1, -1, 2, -2, 0, 0]);
  });

  test("is known for ten seconds", () => {
    const { heard, at } = track();
    for (let s = 0; s < 30; s++) {
      at(s * 1000);
      heard.wrote(new Int16Array(1000).fill(s + 1));
    }
    at(30_000);
    expect(heard.keptFrom).toBe(20_000);
    expect(heard.read(20_000, 1)[0]).toBe(21);
    expect(heard.read(29_999, 2)).toEqual(Int16Array.of(30, 0));
  });
});

describe("the output that tells it", () => {
  async function told(seconds: number, act: (heard: HeardTrack, ms: number) => void, took = Promise.resolve()) {
    const clock = new VirtualClock();
    const heard = new HeardTrack(MONO, () => Math.floor(clock.nowMs()));
    const frames: AudioFrame[] = [];
    const counters: Record<string, number> = {};
    const count = (name: string, by = 1) => {
      counters[name] = (counters[name] ?? 0) + by;
    };
    const output = new HeardOutput(
      { clock, count },
      () => heard,
      (frame: Frame, port) => {
        expect(port).toBe("played");
        if (frame.kind === "audio") frames.push(frame);
        return took;
      },
    );
    const over = new AbortController();
    for (let ms = 0; ms < seconds * 1000; ms += 10) clock.after(ms, () => act(heard, ms));
    clock.after(seconds * 1000, () => over.abort());
    const stop = clock.drive();
    await output.run(over.signal).catch(() => undefined);
    await output.finish();
    stop();
    return { frames, counters };
  }

  test("is continuous from the beginning, with silence where nothing was heard, in frames of 20 ms", async () => {
    const { frames } = await told(0.5, (heard, ms) => {
      if (ms === 100 || ms === 300) heard.wrote(counting(50), ms);
    });
    expect(frames.map(({ startSample }) => startSample)).toEqual(frames.map((_, i) => i * 20));
    const pcm = concat(...frames.map((frame) => frame.pcm));
    const expected = new Int16Array(500);
    for (const at of [100, 300]) expected.set(counting(50), at);
    expect(pcm).toEqual(expected);
  });

  test("tells nothing that was cut off before it was heard, and at the end all that was handed over", async () => {
    const { frames } = await told(0.1, (heard, ms) => {
      if (ms === 20) heard.wrote(counting(60), ms);
      if (ms === 50) heard.cut(ms);
      if (ms === 90) heard.wrote(new Int16Array(13).fill(7), ms);
    });
    const pcm = concat(...frames.map((frame) => frame.pcm));
    expect([...pcm.subarray(20, 60)]).toEqual([...counting(30), ...new Int16Array(10)]);
    expect([...pcm.subarray(88)]).toEqual([0, 0, ...Array(13).fill(7)]);
  });

  test("counts what nobody took before it was forgotten", async () => {
    const held = Promise.withResolvers<void>();
    const { counters, frames } = await told(
      15,
      (_, ms) => {
        if (ms === 14_000) held.resolve();
      },
      held.promise,
    );
    expect(counters.untoldSamples).toBeGreaterThan(3900);
    expect(frames.reduce((sum, { pcm }) => sum + pcm.length, 0) + counters.untoldSamples!).toBe(15_000);
  });
});

describe("the devices of a run", () => {
  const clock = new VirtualClock();
  const of = (runId: string, nodeId: string) => new RunDevices({ runId, nodeId, clock });

  test("count from the moment when the first of them began", () => {
    const [mic, speaker, other] = [of("a", "mic"), of("a", "speaker"), of("b", "mic")];
    expect(mic.nowSample(16_000)).toBeUndefined();
    expect(mic.sample(1000, 16_000)).toBe(0);
    expect(speaker.sample(1500, 8000)).toBe(4000);
    expect(speaker.sample(900, 8000)).toBe(0); // what was under way when it began
    expect(other.sample(5000, 16_000)).toBe(0);
    for (const devices of [mic, speaker, other]) devices.leave();
    expect(of("a", "mic").nowSample(16_000)).toBeUndefined(); // a run that is over is forgotten
  });

  test("know what the others play as long as those are there", () => {
    const [echo, speaker] = [of("c", "echo"), of("c", "speaker")];
    expect(speaker.listened).toBe(false);
    expect([...echo.listen()]).toEqual([]);
    expect(speaker.listened).toBe(true);
    const { heard } = track();
    speaker.plays(heard);
    expect([...echo.listen()]).toEqual([heard]);
    speaker.leave();
    expect([...echo.listen()]).toEqual([]);
    echo.leave();
  });
});

describe("as the reference of an echo canceller", () => {
  const listening = (...tracks: HeardTrack[]) => ({ listen: () => tracks });

  test("several loudspeakers are added up, and saturate", () => {
    const [one, other] = [track(), track()];
    one.heard.wrote(Int16Array.of(1, 2, 30_000));
    other.heard.wrote(Int16Array.of(10, 20_000), 1);
    const reference = new PlayedReference(listening(one.heard, other.heard), 1000, 100);
    expect([...reference.read(0, 4)]).toEqual([1, 12, 32_767, 0]);
  });

  test("another rate and two channels are converted, at the same times, block by block", () => {
    const [left, right] = [noise({ ms: 500, seed: 1, rateHz: 48_000 }), noise({ ms: 500, seed: 2, rateHz: 48_000 })];
    const { heard, at } = track({ sampleRateHz: 48_000, channels: 2 });
    heard.wrote(interleave(left, right), 4800);
    at(48_000);
    const reference = new PlayedReference(listening(heard), 16_000, 20_000);
    const found = concat(...Array.from({ length: 40 }, (_, i) => reference.read(i * 320, 320)));
    const mixed = Int16Array.from(left, (value, i) => Math.round((value + right[i]!) / 2));
    const resampler = new Resampler({ fromHz: 48_000, toHz: 16_000, startSample: 4800 });
    const expected = concat(resampler.push(mixed), resampler.flush());
    const worst = expected
      .subarray(0, 7900)
      .reduce((most, value, i) => Math.max(most, Math.abs(found[1600 + i]! - value)), 0);
    expect(worst).toBeLessThanOrEqual(2);
  });
});
