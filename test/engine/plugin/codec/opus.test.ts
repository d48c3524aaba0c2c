import { expect, test } from "bun:test";
import { loadOpus, OPUS_RATES_HZ, opusPacketSamples } from "../../../../engine/plugin/codec/opus.ts";

/** A chord, which a codec of speech carries well. */
const chord = (samples: number, rateHz: number) =>
  Int16Array.from({ length: samples }, (_, i) =>
    [220, 330, 550].reduce((sum, hz) => sum + 3000 * Math.sin((2 * Math.PI * hz * i) / rateHz), 0),
  );

test.each([...OPUS_RATES_HZ])("what is coded at %d Hz sounds the same after it", async (sampleRateHz) => {
  const opus = await loadOpus();
  const encoder = opus.encoder({ sampleRateHz, channels: 1 }, { bitrate: 48_000 });
  const decoder = opus.decoder({ sampleRateHz, channels: 1 });
  const packetSamples = sampleRateHz / 50;
  const pcm = chord(packetSamples * 25, sampleRateHz);
  const out: number[] = [];
  for (let at = 0; at < pcm.length; at += packetSamples) {
    const packet = encoder.encode(pcm.subarray(at, at + packetSamples));
    expect(opusPacketSamples(packet, sampleRateHz)).toBe(packetSamples);
    out.push(...decoder.decode(packet));
  }
  expect(out).toHaveLength(pcm.length);
  let error = 0;
  let power = 0;
  for (let i = packetSamples * 5; i < pcm.length - encoder.lookaheadSamples; i++) {
    error += (out[i + encoder.lookaheadSamples]! - pcm[i]!) ** 2;
    power += pcm[i]! ** 2;
  }
  expect(error / power).toBeLessThan(0.15); // of another signal it would be about 2
  encoder.close();
  decoder.close();
});

test.each([
  { what: "10 ms of narrow-band speech", head: [0x00], samples: 160 },
  { what: "60 ms of wide-band speech", head: [0x58], samples: 960 },
  { what: "20 ms in the hybrid mode", head: [0x68], samples: 320 },
  { what: "2.5 ms of music", head: [0x80], samples: 40 },
  { what: "20 ms of music", head: [0xf8], samples: 320 },
  { what: "two frames of 20 ms", head: [0xf9], samples: 640 },
  { what: "three frames of 20 ms, counted", head: [0xfb, 3], samples: 960 },
])("the head of a packet tells its length: $what", ({ head, samples }) => {
  expect(opusPacketSamples(Uint8Array.from(head), 16000)).toBe(samples);
});

test.each([[[]], [[0xfb, 0]], [[0xfb, 49]]])("%j is no packet", (head) => {
  expect(() => opusPacketSamples(Uint8Array.from(head), 16000)).toThrow(
    expect.objectContaining({ code: "AUDIO_NOT_RECOGNISED" }),
  );
});

test("what cannot be coded is a coded error", async () => {
  const opus = await loadOpus();
  const mono = { sampleRateHz: 16000, channels: 1 };
  const code = (name: string) => expect.objectContaining({ code: name });
  expect(() => opus.encoder({ sampleRateHz: 44100, channels: 1 })).toThrow(code("AUDIO_FORMAT_UNSUPPORTED"));
  expect(() => opus.decoder({ sampleRateHz: 16000, channels: 3 })).toThrow(code("AUDIO_FORMAT_UNSUPPORTED"));
  expect(() => opus.encoder(mono).encode(new Int16Array(321))).toThrow(code("AUDIO_FORMAT_UNSUPPORTED"));
  expect(() => opus.decoder(mono).decode(new Uint8Array(0))).toThrow(code("AUDIO_NOT_RECOGNISED"));
  expect(() => opus.decoder(mono).decode(Uint8Array.of(255, 255, 255, 1, 2))).toThrow(code("AUDIO_NOT_RECOGNISED"));
});

test("a lower bitrate makes shorter packets, and a closed coder is not used again", async () => {
  const opus = await loadOpus();
  const pcm = chord(320, 16000);
  const length = (bitrate: number) => {
    const encoder = opus.encoder({ sampleRateHz: 16000, channels: 1 }, { bitrate });
    let bytes = 0;
    for (let i = 0; i < 10; i++) bytes += encoder.encode(pcm).length;
    encoder.close();
    encoder.close();
    expect(() => encoder.encode(pcm)).toThrow("used after close()");
    return bytes;
  };
  expect(length(8000)).toBeLessThan(length(64_000) / 2);
});
