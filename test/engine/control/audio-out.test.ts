import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { encodeWav, sniffContainer, WavReader } from "#engine/audio";
import { joinPcm, loadOpus, openCoders, openDecoder } from "#engine/plugin";
import { caller, codeOf, eventsOf, live, openTestControl, TestSocket } from "#test/control";
import { bytesOf, PAUSE_MS, RATE_HZ, SPOKEN, spoken, UTTERANCE_MS, VOICE_RATE_HZ } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

const start = { workflow: { text: SPOKEN }, inputs: { talk: live } };

async function read(path: string) {
  const reader = new WavReader();
  const pcm: number[] = [];
  const bytes = await Bun.file(path).bytes();
  const samples = reader.push(bytes);
  pcm.push(...samples);
  return { format: reader.info, pcm };
}

describe("audio that comes out", () => {
  test("goes to who asked for it, in order, in the encoding that was asked for", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const mulaw = new TestSocket();
    const deaf = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, audio: ["voice"] }, socket);
    await runs.attach(caller, run.id, { audio: ["voice"], encoding: "mulaw" }, mulaw);
    await runs.attach(caller, run.id, {}, deaf);
    expect(await codeOf(runs.attach(caller, run.id, { audio: ["none"] }, new TestSocket()))).toBe("OUTPUT_UNKNOWN");
    session.push("talk", bytesOf(spoken([3, 4])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    const heard = socket.got.flatMap((message) => (message.type === "audio" ? [message] : []));
    expect(heard.map((message) => message.startSample)).toEqual(Array.from({ length: 20 }, (_, i) => i * 160));
    expect(heard[0]).toMatchObject({
      track: "voice",
      encoding: "s16le",
      sampleRateHz: VOICE_RATE_HZ,
      channels: 1,
      generation: 0,
    });
    expect(new Int16Array(heard[19]!.bytes.buffer)[0]).toBe(400);
    expect(mulaw.got.flatMap((message) => (message.type === "audio" ? [message.bytes.length] : []))).toEqual(
      Array(20).fill(160),
    );
    expect(deaf.got.some((message) => message.type === "audio")).toBe(false);
    expect((await opened.control.figures()).audioSecondsOut).toBeCloseTo(0.8);
  });

  test("goes out as Opus packets of 20 ms that lie where the audio lay, to its last sample", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, audio: ["voice"], encoding: "opus" }, socket);
    session.push("talk", bytesOf(spoken([3, 4])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    const heard = socket.got.flatMap((message) => (message.type === "audio" ? [message] : []));
    expect(heard[0]).toMatchObject({ track: "voice", encoding: "opus", sampleRateHz: VOICE_RATE_HZ, channels: 1 });
    expect(heard.map(({ startSample }) => startSample)).toEqual(Array.from({ length: 20 }, (_, i) => i * 160));
    const decoder = (await loadOpus()).decoder({ sampleRateHz: VOICE_RATE_HZ, channels: 1 });
    expect(heard.map(({ bytes }) => decoder.decode(bytes).length)).toEqual(Array(20).fill(160));
    decoder.close();
  });

  test.each([
    { encoding: "mp3", container: "mp3" },
    { encoding: "ogg", container: "vorbis" },
  ] as const)("goes out as $encoding, whose chunks are one file that plays to its last sample", async (wanted) => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const before = openCoders();
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const asked = { sends: true, audio: ["voice"], encoding: wanted.encoding };
    const session = await runs.attach(caller, run.id, asked, socket);
    session.push("talk", bytesOf(spoken(Array.from({ length: 10 }, (_, i) => i + 3)))); // 2 s
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    const heard = socket.got.flatMap((message) => (message.type === "audio" ? [message] : []));
    expect(heard.length).toBeGreaterThan(1); // while it is spoken, not only at its end
    expect(heard[0]).toMatchObject({ encoding: wanted.encoding, sampleRateHz: VOICE_RATE_HZ, channels: 1 });
    const starts = heard.map(({ startSample }) => startSample);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    const file = Buffer.concat(heard.map(({ bytes }) => bytes));
    expect(sniffContainer(file)).toBe(wanted.container);
    const decoder = await openDecoder(wanted.container);
    const pcm = joinPcm([await decoder.push(file), await decoder.end()]);
    const playedMs = (pcm.length * 1000) / decoder.format!.sampleRateHz;
    decoder.close();
    expect(playedMs).toBeGreaterThanOrEqual(1999);
    expect(playedMs).toBeLessThan(2250); // an MP3 has its coder's start and whole frames beside it
    expect(openCoders()).toBe(before);
  });

  test("is dropped for who has no room, the oldest first, and that is told", async () => {
    await using opened = await openTestControl();
    const { runs } = opened.control;
    const run = await runs.start(caller, start);
    const socket = new TestSocket();
    const quick = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, audio: ["voice"], partials: false }, socket);
    await runs.attach(caller, run.id, { after: 0 }, quick);
    socket.room = false;
    const numbers = Array.from({ length: 20 }, (_, i) => i + 1); // 4 s of audio
    session.push("talk", bytesOf(spoken(numbers)));
    await quick.until(({ finals }) => finals.length === 20);
    socket.room = true;
    session.writable();
    const heard = socket.got.flatMap((message) => (message.type === "audio" ? [message.startSample] : []));
    const missed = socket.got.find((message) => message.type === "missed");
    expect(heard.at(-1)).toBe(20 * 1600 - 160);
    const late = heard.filter((at) => at > 0);
    expect(late).toEqual(late.map((_, i) => late[0]! + i * 160));
    expect(late.length).toBeLessThanOrEqual(100);
    expect(missed).toMatchObject({ type: "missed", audioMs: 4000 - 20 * heard.length });
    await socket.until(({ finals }) => finals.length === 20);
  });
});

describe("a recording", () => {
  test("of an input that is read holds it, too, sample by sample, and what came out where it was then", async () => {
    await using opened = await openTestControl();
    const { runs, uploads } = opened.control;
    const said = spoken([3, 4]);
    const file = encodeWav(said, { sampleRateHz: RATE_HZ, channels: 1 }) as Uint8Array<ArrayBuffer>;
    const { id: upload } = await uploads.create(caller, new Blob([file]).stream());
    const { id } = await runs.start(caller, { workflow: start.workflow, record: true, inputs: { talk: { upload } } });
    await eventsOf(opened.control, id);
    const { format, pcm } = await read((await runs.recording(caller, id)).path);
    expect(format).toMatchObject({ sampleRateHz: RATE_HZ, channels: 2 });
    const [heard, voice] = [0, 1].map((channel) => pcm.filter((_, i) => i % 2 === channel));
    expect(heard!.slice(0, said.length)).toEqual([...said]);
    // the first number was closed before it was spoken
    const begun = voice!.findIndex((sample) => sample !== 0);
    expect(begun).toBeGreaterThan((UTTERANCE_MS * RATE_HZ) / 1000);
    expect(begun).toBeLessThan(2 * said.length);
  });

  test("has both directions, aligned by sample, across a restart", async () => {
    await using first = await openTestControl();
    const { id } = await first.control.runs.start(caller, { ...start, record: true });
    const socket = new TestSocket();
    const audio = bytesOf(spoken([3, 4, 5]));
    const perNumber = ((UTTERANCE_MS + PAUSE_MS) * RATE_HZ) / 1000;
    const session = await first.control.runs.attach(caller, id, { sends: true, after: 0 }, socket);
    session.push("talk", audio.subarray(0, 2 * (perNumber + 4000)));
    await socket.until(({ finals }) => finals.length === 1);
    expect(await codeOf(first.control.runs.recording(caller, id))).toBe("ARTIFACT_NOT_FOUND");
    await first.control.close();

    await using second = await openTestControl({ folder: first.folder });
    const { runs } = second.control;
    const again = new TestSocket();
    const resumed = await runs.attach(caller, id, { sends: true }, again);
    const from = resumed.inputs[0]!.received;
    resumed.push("talk", audio.subarray(2 * from), from);
    resumed.end();
    await again.until(({ got }) => got.at(-1)?.type === "closed");
    const [file, same] = await Promise.all([runs.recording(caller, id), runs.recording(caller, id)]);
    expect(same.path).toBe(file.path);
    const { format, pcm } = await read(file.path);
    expect(format).toMatchObject({ sampleRateHz: RATE_HZ, channels: 2 });
    const talk = pcm.filter((_, i) => i % 2 === 0);
    const voice = pcm.filter((_, i) => i % 2 === 1);
    const all = new Int16Array(audio.buffer);
    expect(talk.slice(0, all.length)).toEqual([...all]);
    // every number is answered once, after it was said, and in order; the filter rings a little at the edges
    const spokenAt = [3, 4, 5].map((value) => voice.findIndex((sample) => Math.abs(sample - value * 100) <= 1));
    for (const [i, at] of spokenAt.entries()) {
      expect(at).toBeGreaterThan(i * perNumber);
      const length = voice.filter((sample) => Math.abs(sample - (i + 3) * 100) <= 3).length;
      expect(Math.abs(length - 0.2 * RATE_HZ)).toBeLessThan(120);
    }
    await runs.delete(caller, id);
    expect(await Bun.file(file.path).exists()).toBe(false);
  });

  test("goes when it is older than audio may be, and the run stays", async () => {
    let nowMs = 1_000_000;
    await using opened = await openTestControl({ epochMs: () => nowMs, config: { retention: { audio: 1 } } });
    const { runs } = opened.control;
    const run = await runs.start(caller, { ...start, record: true });
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([3])));
    session.end();
    await eventsOf(opened.control, run.id);
    const { path } = await runs.recording(caller, run.id);
    nowMs += 86_000_000;
    await opened.control.tidy();
    expect(existsSync(path)).toBe(true);
    nowMs += 1_000_000;
    await opened.control.tidy();
    expect(readdirSync(dirname(path)).filter((name) => name.startsWith("recording"))).toEqual([]);
    expect(await codeOf(runs.recording(caller, run.id))).toBe("ARTIFACT_NOT_FOUND");
    expect(await runs.finals(caller, run.id)).toHaveLength(1);
  });

  test("is not made of a run that keeps less than everything", async () => {
    await using opened = await openTestControl({ config: { privacy: { keep: "text" } } });
    const { runs } = opened.control;
    expect(await codeOf(runs.start(caller, { ...start, record: true, keep: "text" }))).toBe("REQUEST_INVALID");
    const run = await runs.start(caller, { ...start, record: true });
    const socket = new TestSocket();
    const session = await runs.attach(caller, run.id, { sends: true, after: 0 }, socket);
    session.push("talk", bytesOf(spoken([3])));
    session.end();
    await socket.until(({ got }) => got.at(-1)?.type === "closed");
    expect(await codeOf(runs.recording(caller, run.id))).toBe("ARTIFACT_NOT_FOUND");
  });
});
