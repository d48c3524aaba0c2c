import { describe, expect, test } from "bun:test";
import { openDecoder } from "#engine/plugin";
import { covers } from "#test/covers";
import { speaks } from "#test/service-workflows";
import { hex, type RawClient, scene } from "./raw-client.ts";

describe("synthesis", () => {
  test.each([
    {
      namespace: "SpeechSynthesizer",
      play: (c: RawClient) => c.send("StartSynthesis", { text: "one", format: "mp3" }),
    },
    { namespace: "FlowingSpeechSynthesizer", play: (c: RawClient) => c.send("StartSynthesis", { format: "mp3" }) },
  ])("$namespace speaks MP3", async ({ namespace, play }) => {
    covers("A6");
    await scene({ namespace, workflow: speaks() }, async ({ client, pass }) => {
      play(client);
      const told = async (name: string) => {
        while (!client.names.includes(name)) await pass(); // virtual time does not wait for the encoder
      };
      if (namespace === "FlowingSpeechSynthesizer") {
        await told("SynthesisStarted");
        client.send("RunSynthesis", { text: "One. Two." });
        client.send("StopSynthesis");
      }
      await told("SynthesisCompleted");
      const decoder = await openDecoder("mp3");
      const spoken = client.told.filter((item): item is Uint8Array => item instanceof Uint8Array);
      const pcm = [await decoder.push(Buffer.concat(spoken)), await decoder.end()];
      expect(decoder.format).toEqual({ sampleRateHz: 16_000, channels: 1 });
      expect(pcm.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(1000);
      decoder.close();
    });
  });

  const text = "Hello there.";

  test.each(["SpeechSynthesizer", "SpeechLongSynthesizer"])(
    "%s speaks, tells where, and completes",
    async (namespace) => {
      covers("A6");
      await scene({ namespace, workflow: speaks() }, async ({ client, pass }) => {
        client.send("StartSynthesis", { text, format: "pcm", sample_rate: 8000, enable_subtitle: true });
        await pass();
        expect(client.names).toEqual(["MetaInfo", "SynthesisCompleted"]);
        expect(client.audioBytes).toBe(1200 * 16);
        expect(client.told.filter((item) => item instanceof Uint8Array).map((item) => item.length)).toEqual(
          Array.from({ length: 6 }, () => 3200),
        );
        expect(client.events[0]?.payload).toEqual({
          subtitles: [{ text, begin_time: 0, end_time: 1200, begin_index: 0, end_index: 12, phoneme: "null" }],
        });
      });
    },
  );

  test.each([8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000])(
    "audio comes at %d Hz when it is asked for",
    async (rate) => {
      await scene({ namespace: "SpeechSynthesizer", workflow: speaks() }, async ({ client, pass }) => {
        client.send("StartSynthesis", { text, sample_rate: rate });
        await pass();
        expect(client.audioBytes / 2).toBe(rate * 1.2);
      });
    },
  );

  test("plain synthesis cuts what is longer than 300 characters, long synthesis does not", async () => {
    const sentence = `${"x".repeat(149)}. `;
    for (const [namespace, ms] of [
      ["SpeechSynthesizer", 151 * 100],
      ["SpeechLongSynthesizer", 302 * 100],
    ] as const)
      await scene({ namespace, workflow: speaks() }, async ({ client, pass }) => {
        client.send("StartSynthesis", { text: sentence.repeat(2) });
        await pass();
        expect(client.audioBytes / 32).toBe(ms);
      });
  });

  test("flowing synthesis speaks sentences while text still comes", async () => {
    covers("A6");
    await scene({ namespace: "FlowingSpeechSynthesizer", workflow: speaks() }, async ({ client, pass }) => {
      client.send("StartSynthesis", {
        voice: "longxiaochun",
        sample_rate: 16000,
        volumn: 50,
        session_id: hex(7),
        enable_subtitle: true,
      });
      await pass();
      client.send("RunSynthesis", { text: "The first half," });
      client.send("RunSynthesis", { text: " and the second. Then" });
      await pass();
      expect(client.names).toEqual(["SynthesisStarted", "SentenceBegin"]);
      client.send("FlushText");
      client.send("RunSynthesis", { text: " one more." });
      client.send("StopSynthesis");
      await pass();
      const sentenceEvents = ["SentenceBegin", "SentenceSynthesis", "SentenceEnd"];
      expect(client.names).toEqual([
        "SynthesisStarted",
        ...sentenceEvents,
        ...sentenceEvents,
        ...sentenceEvents,
        "SynthesisCompleted",
      ]);
      expect(client.events[0]?.payload).toEqual({ session_id: hex(7) });
      expect(client.events.at(-1)?.payload).toEqual({ measureType: "TextLengthHD", measureLength: 46 });
      const ends = client.events.filter(({ header }) => header.name === "SentenceEnd");
      expect(ends.flatMap(({ payload }) => payload?.subtitles)).toMatchObject([
        { text: "The first half, and the second.", begin_time: 0, end_time: 3100, sentence: true },
        { text: " Then", begin_time: 3100, end_time: 3600 },
        { text: " one more.", begin_time: 3600, end_time: 4600 },
      ]);
      expect(client.audioBytes).toBe(46 * 3200);
    });
  });

  test("SSML is spoken without its markup", async () => {
    await scene({ namespace: "SpeechSynthesizer", workflow: speaks() }, async ({ client, pass }) => {
      client.send("StartSynthesis", { text: "<speak>a &amp; <break/>b</speak>", enable_ssml: true });
      await pass();
      expect(client.audioBytes / 3200).toBe("a & b".length);
    });
  });
});
