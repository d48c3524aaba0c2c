import { describe, expect, test } from "bun:test";
import type { AudioFrame, DataFrame, RecordingFrame } from "#engine/plugin";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { speaks } from "#test/service-workflows";
import { prompt, textsOf } from "#test/texts";
import { FORMATS } from "../../../plugins/azure/tts/formats.ts";
import { tts } from "../../../plugins/azure/tts.ts";
import { served, wireOf } from "./service.ts";

const speak = (
  config: Record<string, unknown>,
  texts = [prompt("u1", "Hello."), prompt("u2", "Bye now.")],
  more = {},
) => served(tts, { workflow: speaks(), frames: texts, config, tracing: true, ...more });

const audioOf = ({ frames }: Awaited<ReturnType<typeof speak>>) =>
  frames("audio").filter((frame): frame is AudioFrame => frame.kind === "audio");

describe("texts", () => {
  test("are spoken one after the other on one connection, to the last sample", async () => {
    covers("S5", "S8", "S32");
    const driven = await speak({});
    const audio = audioOf(driven);
    const samples = (utterance: string) =>
      audio.filter((frame) => frame.utterance === utterance).reduce((sum, { pcm }) => sum + pcm.length, 0);
    expect(samples("u1")).toBe(6 * 1600);
    expect(samples("u2")).toBe(8 * 1600);
    let at = 0;
    for (const { startSample, pcm } of audio) {
      expect(startSample).toBe(at);
      at += pcm.length;
    }
    const sent = wireOf(driven, "out").map(({ path }) => path);
    expect(sent).toEqual(["speech.config", "synthesis.context", "ssml", "synthesis.context", "ssml"]);
    expect(driven.events.filter(({ type }) => type === "opened")).toHaveLength(1);
    expect(driven.usage).toMatchObject({ characters: 14, requests: 2 });
  });

  test("go out as SSML in the manner that was asked for, and cannot leave their element", async () => {
    covers("S24", "S25");
    const driven = await speak({ voice: "de-DE-KatjaNeural", style: "sad", styleDegree: 1.5, rate: "+10%" }, [
      prompt("u1", `a < b & "c" </voice>\u0001`),
    ]);
    const [ssml] = wireOf(driven, "out").filter(({ path }) => path === "ssml");
    expect(ssml!.body).toContain('xml:lang="de-DE"');
    expect(ssml!.body).toContain('<voice name="de-DE-KatjaNeural">');
    expect(ssml!.body).toContain('<mstts:express-as style="sad" styledegree="1.5"><prosody rate="+10%">');
    expect(ssml!.body).toContain("a &lt; b &amp; &quot;c&quot; &lt;/voice&gt;<");
  });

  test("that are SSML go out as they are", async () => {
    covers("S25");
    const document = `<speak version="1.0" xml:lang="en-US"><voice name="x">Hi <break time="1s"/> you</voice></speak>`;
    const driven = await speak({ ssml: true }, [prompt("u1", document)]);
    expect(wireOf(driven, "out").find(({ path }) => path === "ssml")!.body).toBe(document);
    expect(audioOf(driven).reduce((sum, { pcm }) => sum + pcm.length, 0)).toBe("Hi you".length * 1600);
  });

  test.each([
    { name: "is not well formed", text: "<speak><voice>Hi</speak>" },
    { name: "is no speak element", text: "<voice>Hi</voice>" },
    { name: "declares a document type", text: '<!DOCTYPE speak [<!ENTITY x "y">]><speak>&x;</speak>' },
    { name: "is followed by another", text: "<speak>a</speak><speak>b</speak>" },
    { name: "is plain text", text: "Hello" },
  ])("SSML that $name is refused before anything is sent", async ({ text }) => {
    expect(await rejectionOf(speak({ ssml: true }, [prompt("u1", text)]))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.not.stringContaining("Hi"),
    });
  });

  test("of blanks are not sent", async () => {
    const driven = await speak({}, [prompt("u1", "  ")]);
    expect(wireOf(driven, "out").map(({ path }) => path)).not.toContain("ssml");
    expect(audioOf(driven)).toEqual([]);
  });
});

describe("what comes with the audio", () => {
  test("times of words, as a transcript of the audio", async () => {
    covers("S12");
    const [first] = textsOf((await speak({ words: true }, [prompt("u1", "one two.")])).frames("spoken"));
    expect(first).toMatchObject({
      role: "transcript",
      text: "one two.",
      utterance: "u1",
      startSample: 0,
      endSample: 12_800,
    });
    expect(first!.words!.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(first!.words![1]!.endSample).toBe(12_800);
  });

  test("visemes as data", async () => {
    const driven = await speak({ visemes: true }, [prompt("u1", "Hi.")]);
    expect(driven.frames("visemes").filter((frame): frame is DataFrame => frame.kind === "data")).toEqual([]); // the gateway's voice has no mouth
    const context = wireOf(driven, "out").find(({ path }) => path === "synthesis.context")!;
    expect(JSON.parse(context.body).synthesis.audio.metadataOptions.visemeEnabled).toBe(true);
  });
});

describe("formats", () => {
  test("are those of the service's reference", () => {
    expect(Object.keys(FORMATS)).toHaveLength(37);
    expect(FORMATS["riff-22050hz-16bit-mono-pcm"]).toEqual({
      kind: "audio",
      encoding: "s16le",
      sampleRateHz: 22_050,
      riff: true,
    });
  });

  test.each([
    "raw-8khz-8bit-mono-mulaw",
    "raw-8khz-8bit-mono-alaw",
    "riff-24khz-16bit-mono-pcm",
    "raw-48khz-16bit-mono-pcm",
  ])("%s goes on as samples", async (format) => {
    covers("S14", "S18");
    const { sampleRateHz } = FORMATS[format]!;
    const audio = audioOf(await speak({ format }, [prompt("u1", "Hello.")]));
    expect(audio[0]).toMatchObject({ sampleRateHz, channels: 1 });
    const seconds = audio.reduce((sum, { pcm }) => sum + pcm.length, 0) / sampleRateHz;
    expect(seconds).toBeCloseTo(0.6, 2);
  });

  test.each([
    { format: "audio-24khz-48kbitrate-mono-mp3", container: "mp3", begins: [0xff] },
    { format: "ogg-24khz-16bit-mono-opus", container: "ogg", begins: [0x4f, 0x67, 0x67, 0x53] },
  ])("$format goes on as a recording of each text", async ({ format, container, begins }) => {
    covers("S18", "S39");
    // virtual time does not wait for the gateway's encoder
    const driven = await speak({ format, answerMs: 0, link: { silentMs: 0, keepAliveMs: 0 } });
    const recordings = driven
      .frames("recording")
      .filter((frame): frame is RecordingFrame => frame.kind === "recording");
    expect(recordings.map((frame) => frame.container)).toEqual([container, container]);
    const { source } = recordings[0]!;
    expect("bytes" in source && [...source.bytes.subarray(0, begins.length)]).toEqual([...begins]);
  });

  test("one that the other side has no encoder for is a refusal with a code", async () => {
    expect(await rejectionOf(speak({ format: "webm-24khz-16bit-mono-opus", link: { attempts: 1 } }))).toMatchObject({
      code: "VENDOR_REFUSED",
    });
  });
});

test("a text is spoken while it is written: of partials what is stable, of the final the rest", async () => {
  covers("S5");
  const partial = prompt("u1", "One two. Thr", { final: false, stableChars: 8 });
  const final = prompt("u1", "One two. Three.", { revision: 2 });
  const driven = await speak({ mode: "streaming" }, [partial, final]);
  const sent = wireOf(driven, "out").filter(({ path }) => path.startsWith("text."));
  expect(sent).toEqual([
    { path: "text.piece", body: "One two." },
    { path: "text.piece", body: " Three." },
    { path: "text.end", body: "" },
  ]);
  expect(wireOf(driven, "out").map(({ path }) => path)).not.toContain("ssml");
  expect(audioOf(driven).reduce((sum, { pcm }) => sum + pcm.length, 0)).toBe(
    ("One two.".length + "Three.".length) * 1600,
  );
});

test("a service that falls silent in the midst of a text is a failure in time", async () => {
  const failing = speak({ answerMs: 2000, link: { attempts: 1 } }, [prompt("u1", "Hello.")], {
    faults: [{ on: "connection", after: { sent: 3 }, do: { silence: true } }],
  });
  expect(await rejectionOf(failing)).toMatchObject({ code: "RESULT_LATE" });
});

test.each([
  { config: { mode: "streaming", ssml: true }, at: "ssml" },
  { config: { voice: "" }, at: "voice" },
  { config: { rate: "10%' onload='x" }, at: "rate" },
  { config: { format: "wav" }, at: "format" },
  { config: { region: undefined, host: undefined }, at: "key" },
])("the config %o is refused", ({ config, at }) => {
  const parsed = tts.config.safeParse({ key: "k", region: "westeurope", ...config });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toContain(at);
});
