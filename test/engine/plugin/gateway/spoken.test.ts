import { describe, expect, test } from "bun:test";
import { type AudioFrame, EngineError, openCoders, SpokenCall, SpokenOut, type SpokenOutFormat } from "#engine/plugin";
import { tone } from "#test/signals";
import { FakeHost, KEY } from "./fake-host.ts";

const audio = (pcm: Int16Array, more: Partial<AudioFrame> = {}): AudioFrame => ({
  kind: "audio",
  pcm,
  sampleRateHz: 16_000,
  channels: 1,
  startSample: 0,
  ...more,
});

async function sent(format: SpokenOutFormat, frames: readonly AudioFrame[], sampleRateHz = 16_000, messageBytes = 640) {
  const messages: Uint8Array[] = [];
  const out = await SpokenOut.open({ format, sampleRateHz, messageBytes }, (bytes) => messages.push(bytes.slice()));
  for (const frame of frames) out.push(frame);
  out.end();
  out.close();
  return { messages, samples: out.samples, bytes: Buffer.concat(messages) };
}

describe("what a workflow speaks, as a client wants it", () => {
  test("comes in messages of one length, the last shorter", async () => {
    const { messages, samples } = await sent("pcm", [
      audio(tone({ hz: 440, ms: 50 })),
      audio(tone({ hz: 440, ms: 33 })),
    ]);
    expect(messages.map((message) => message.length)).toEqual([640, 640, 640, 640, 96]);
    expect(samples).toBe(1328);
  });

  test.each([
    { rate: 8000, samples: 800 },
    { rate: 16_000, samples: 1600 },
    { rate: 24_000, samples: 2400 },
  ])("has the rate that was asked for, $rate Hz, and one channel", async ({ rate, samples }) => {
    const stereo = new Int16Array(3200).fill(1000);
    const found = await sent("pcm", [audio(stereo, { channels: 2 })], rate);
    expect([found.samples, found.bytes.length]).toEqual([samples, 2 * samples]);
  });

  test("goes on where the workflow changes its rate, and loses nothing", async () => {
    const { samples } = await sent("pcm", [
      audio(tone({ hz: 440, ms: 100 })),
      audio(tone({ hz: 440, ms: 100, rateHz: 22_050 }), { sampleRateHz: 22_050 }),
    ]);
    expect(samples).toBe(3200);
  });

  test.each([
    { format: "wav", begins: "RIFF", bytes: 44 + 3200 },
    { format: "alaw", begins: "", bytes: 1600 },
    { format: "mulaw", begins: "", bytes: 1600 },
    { format: "opus", begins: "OggS", bytes: undefined },
  ] as const)("may be $format", async ({ format, begins, bytes }) => {
    const coders = openCoders();
    const found = await sent(format, [audio(tone({ hz: 440, ms: 100 }))]);
    expect(found.bytes.toString("latin1")).toStartWith(begins);
    if (bytes !== undefined) expect(found.bytes.length).toBe(bytes);
    else expect(found.bytes.length).toBeGreaterThan(100);
    expect(openCoders()).toBe(coders);
  });

  test("a flush sends what waits, and the stream goes on", async () => {
    const messages: number[] = [];
    const out = await SpokenOut.open({ format: "pcm", sampleRateHz: 16_000, messageBytes: 640 }, (bytes) =>
      messages.push(bytes.length),
    );
    out.push(audio(new Int16Array(100)));
    out.flush();
    out.flush();
    out.push(audio(new Int16Array(100)));
    out.end();
    out.close();
    expect(messages).toEqual([200, 200]);
  });
});

describe("a text that a call has spoken", () => {
  const format = { format: "pcm", sampleRateHz: 16_000, messageBytes: 640 } as const;
  const open = async (host: FakeHost) => {
    const call = await SpokenCall.open(host, { key: KEY, id: "u1", text: "hello", language: "en", format });
    return call;
  };
  const bytesOf = async (call: SpokenCall): Promise<number> => {
    let bytes = 0;
    for await (const piece of call) bytes += piece.length;
    return bytes;
  };

  test("is given to the workflow, and its audio to the caller while it comes", async () => {
    const host = new FakeHost([{ name: "words", kind: "text" }]);
    host.onRun = (run) => {
      run.give(audio(new Int16Array(1000)));
      run.ends({ state: "done" });
    };
    const call = await open(host);
    await call.begun;
    expect(call.failure()).toBeUndefined();
    expect(await bytesOf(call)).toBe(2000);
    await call.gone();
    expect(host.runs[0]?.pushed).toMatchObject([{ text: "hello", role: "prompt", utterance: "u1", language: "en" }]);
    expect(host.runs[0]?.asked).toEqual(["end"]);
  });

  test.each([
    { when: "before any audio", spoken: 0 },
    { when: "on the way", spoken: 1000 },
  ])("that fails $when says why, and ends", async ({ spoken }) => {
    const host = new FakeHost();
    host.onRun = (run) => {
      if (spoken > 0) run.give(audio(new Int16Array(spoken)));
      run.ends({ state: "failed", error: new EngineError("ENGINE_FAILED", "broken") });
    };
    const call = await open(host);
    await call.begun;
    await call.gone();
    expect(await bytesOf(call)).toBeLessThanOrEqual(2 * spoken);
    expect(call.failure()?.error?.code).toBe("ENGINE_FAILED");
  });

  test("whose caller goes is cancelled", async () => {
    const host = new FakeHost();
    const call = await open(host);
    await Promise.resolve();
    call.leave();
    await call.gone();
    expect(host.runs[0]?.asked).toContain("cancel: the client has gone");
    expect(await bytesOf(call)).toBe(0);
  });
});
