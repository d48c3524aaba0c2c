import { expect, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { loadOpus } from "#engine/plugin";
import { framesOf, tone } from "#test/signals";
import { LiveTrack } from "../../../../engine/control/live/live-track.ts";

const codec = await loadOpus();
const FORMAT = { encoding: "opus", sampleRateHz: 16_000, channels: 1 } as const;
const PACKET_SAMPLES = 320;

const packets = (ms = 400): Uint8Array[] => {
  const encoder = codec.encoder(FORMAT);
  const coded = framesOf(tone({ hz: 440, ms })).map(({ pcm }) => encoder.encode(pcm));
  encoder.close();
  return coded;
};

function trackOf() {
  const track = new LiveTrack("talk", FORMAT, 10_000, 0, undefined, codec);
  const taken: { pcm: Int16Array; at: number }[] = [];
  track.onPcm = (pcm, at) => void taken.push({ pcm: pcm.slice(), at });
  return { track, taken, pcm: () => Int16Array.from(taken.flatMap(({ pcm }) => [...pcm])) };
}

const codeOf = (work: () => void): string => {
  try {
    work();
    return "nothing";
  } catch (error) {
    return error instanceof EngineError ? error.code : String(error);
  }
};

test("each chunk is a packet, and becomes samples at the places that follow", () => {
  const { track, taken, pcm } = trackOf();
  for (const packet of packets()) track.push(packet);
  expect(taken.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, i) => i * PACKET_SAMPLES));
  expect(track.received).toBe(20 * PACKET_SAMPLES);
  // behind what the codec needs to begin with, the tone is there
  expect(Math.max(...pcm().subarray(1600))).toBeGreaterThan(4000);
});

test("after a header, whose bytes are not looked at", () => {
  const [first] = packets();
  const { track } = trackOf();
  track.push(Buffer.concat([Buffer.alloc(24, 7), first!]), undefined, 24);
  expect(track.received).toBe(PACKET_SAMPLES);
});

test("what was heard before is not heard twice, to the sample", () => {
  const { track, pcm } = trackOf();
  const coded = packets();
  for (const [i, packet] of coded.slice(0, 5).entries()) track.push(packet, i * PACKET_SAMPLES);
  track.takenBy({}); // the sender comes again, and sends from before
  track.push(coded[3]!, 3 * PACKET_SAMPLES);
  track.push(coded[4]!, 4 * PACKET_SAMPLES);
  expect(track.received).toBe(5 * PACKET_SAMPLES);
  track.push(coded[5]!, 5 * PACKET_SAMPLES - 100);
  expect(track.received).toBe(6 * PACKET_SAMPLES - 100);
  expect(pcm().length).toBe(6 * PACKET_SAMPLES - 100);
});

test.each([
  { name: "a gap", work: (track: LiveTrack) => track.push(packets()[0]!, 1000), code: "CHUNK_INVALID" },
  {
    name: "what is no packet",
    work: (track: LiveTrack) => track.push(Uint8Array.of(255, 255, 1)),
    code: "CHUNK_INVALID",
  },
  { name: "an empty chunk", work: (track: LiveTrack) => track.push(new Uint8Array(0)), code: "CHUNK_INVALID" },
])("$name is $code, and the track goes on", ({ work, code }) => {
  const { track } = trackOf();
  expect(codeOf(() => work(track))).toBe(code);
  track.push(packets()[0]!);
  expect(track.received).toBe(PACKET_SAMPLES);
});

test("without the codec the track is refused", () => {
  expect(codeOf(() => new LiveTrack("talk", FORMAT, 1000, 0))).toBe("CODEC_UNSUPPORTED");
});
