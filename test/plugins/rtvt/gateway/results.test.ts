import { describe, expect, test } from "bun:test";
import { isOgg } from "#engine/plugin";
import { covers } from "#test/covers";
import type { Values } from "../../../../plugins/rtvt/wire/payload.ts";
import { PROJECT } from "../fixtures/vectors.ts";
import { HEARS_WORDS, testTypes, words } from "../nodes.ts";
import { hears, seconds } from "../service.ts";
import { codeOf, frameOf, START, silence, talk } from "./talk.ts";

describe("streams", () => {
  test("results have the client's times, one number for a sentence, and come before the answer to voiceEnd", async () => {
    covers("R3", "R8", "R12", "R13");
    await talk(async ({ end, open, running, ended }) => {
      const streamId = await open();
      expect(streamId).toBeGreaterThan(2n ** 53n);
      for (let seq = 0; seq < 100; seq++) await end.call("voiceData", silence(streamId, seq));
      const answer = await end.call("voiceEnd", { streamId });
      expect(answer.values).toEqual({});
      expect(end.seen.at(-1)).toBe(answer);
      const results: Values[] = end.seen.flatMap((seen) =>
        seen.kind === "quest" ? [{ method: seen.method, ...seen.values }] : [],
      );
      const at = (from: number, to: number) => ({ startTs: 1_700_000_000_000 + from, endTs: 1_700_000_000_000 + to });
      const common = { pid: PROJECT.pid, streamId, recTs: expect.any(Number) };
      expect(results).toEqual([
        { method: "recognizedResult", ...common, ...at(0, 1000), lang: "en", taskId: 1, asr: "go forward" },
        { method: "translatedResult", ...common, ...at(0, 1000), lang: "es", taskId: 1, trans: "GO FORWARD" },
        { method: "recognizedResult", ...common, ...at(1000, 2000), lang: "en", taskId: 2, asr: "ten meters" },
        { method: "translatedResult", ...common, ...at(1000, 2000), lang: "es", taskId: 2, trans: "TEN METERS" },
      ]);
      expect({ running: running(), ended: ended() }).toEqual({ running: 0, ended: ["done"] });
      expect(codeOf(await end.call("voiceData", silence(streamId, 100)))).toBe(800200);
      expect(codeOf(await end.call("voiceEnd", { streamId }))).toBe(800200);
    });
  });

  test.each([
    { switches: { asrResult: true }, methods: ["recognizedResult"] },
    { switches: { asrResult: true, asrTempResult: true }, methods: ["recognizedTempResult", "recognizedResult"] },
    { switches: { transResult: true }, methods: ["translatedResult"] },
    { switches: { transResult: true, asrTempResult: true }, methods: ["translatedTempResult", "translatedResult"] },
    { switches: { asrTempResult: true }, methods: [] },
  ])("$switches gives $methods", async ({ switches, methods }) => {
    covers("R4");
    await talk(async ({ end, open }) => {
      const streamId = await open({ srcLanguage: "en", destLanguage: "es", ...switches });
      for (let seq = 0; seq < 50; seq++) end.post("voiceData", silence(streamId, seq));
      await end.call("voiceEnd", { streamId });
      const came = end.seen.flatMap((seen) => (seen.kind === "quest" ? [seen.method] : []));
      expect([...new Set(came)].sort()).toEqual([...methods].sort());
    });
  });

  test("a client that leaves pushes unanswered gets all of them", async () => {
    covers("R9");
    await talk(async ({ end, open }) => {
      const streamId = await open();
      for (let seq = 0; seq < 100; seq++) end.post("voiceData", silence(streamId, seq));
      await end.call("voiceEnd", { streamId });
      expect(end.calls("translatedResult")).toHaveLength(2);
    });
  });

  test("several streams of one connection do not get in each other's way", async () => {
    covers("R3", "R12");
    const options = { workflow: HEARS_WORDS, types: testTypes() };
    await talk(async ({ end, open }) => {
      const one = await open();
      const other = BigInt(String((await end.call("voiceStart", START)).values.streamId));
      const pcm = words(2);
      for (let i = 0; i < 60; i++) {
        end.post("voiceData", { ...silence(one, i), data: frameOf(pcm, i) });
        if (i < 30) end.post("voiceData", { ...silence(other, i), data: frameOf(pcm, i) });
      }
      const [first, second] = await Promise.all([
        end.call("voiceEnd", { streamId: one }),
        end.call("voiceEnd", { streamId: other }),
      ]);
      expect([codeOf(first), codeOf(second)]).toEqual(["no error", "no error"]);
      const of = (id: bigint) => end.calls("recognizedResult").filter(({ streamId }) => streamId === id);
      expect(of(one).map(({ asr }) => asr)).toEqual(["w1", "w2"]);
      expect(of(other).map(({ asr }) => asr)).toEqual(["w1"]);
    }, options);
  });

  test("a client that waits says so by its times, and results follow them", async () => {
    covers("R8");
    await talk(async ({ end, open }) => {
      const streamId = await open();
      const atMs = (seq: number) => 1_700_000_000_000 + 20 * seq + (seq < 50 ? 7 * (seq % 2) : 30_000);
      for (let seq = 0; seq < 100; seq++) end.post("voiceData", { ...silence(streamId, seq), ts: atMs(seq) });
      await end.call("voiceEnd", { streamId });
      const times = end
        .calls("recognizedResult")
        .map(({ startTs, endTs }) => [startTs, endTs].map((t) => Number(t) - 1_700_000_000_000));
      expect(times[0]).toEqual([0, 1000]);
      expect(times[1]).toEqual([31_000, 32_000]);
    });
  });

  test("several languages are named beside the audio, and come each once for a sentence", async () => {
    covers("R10");
    await talk(
      async ({ end, open }) => {
        const streamId = await open({ ...START, destLanguage: "" });
        expect(codeOf(await end.call("voiceData", silence(streamId, 0)))).toBe(800003);
        const destLangs = ["es", "fr"];
        for (let seq = 1; seq <= 50; seq++) end.post("voiceData", silence(streamId, seq, { destLangs }));
        expect(codeOf(await end.call("voiceData", silence(streamId, 51, { destLangs: ["it"] })))).toBe(800003);
        await end.call("voiceEnd", { streamId });
        expect(end.calls("translatedResult").map(({ lang, taskId }) => ({ lang, taskId }))).toEqual([
          { lang: "es", taskId: 1 },
          { lang: "fr", taskId: 1 },
        ]);
      },
      { workflow: hears(seconds("go forward"), ["es", "fr", "de"]) },
    );
  });

  test("speech comes as a file for each sentence, with its text", async () => {
    covers("R10");
    const workflow = HEARS_WORDS.replace(
      "outputs: {",
      "  voice: { use: test.voice, from: es }\noutputs: { speech: voice,",
    );
    await talk(
      async ({ end, open }) => {
        const streamId = await open({ ...START, ttsResult: true });
        const pcm = words(2);
        for (let i = 0; i < 60; i++) end.post("voiceData", { ...silence(streamId, i), data: frameOf(pcm, i) });
        await end.call("voiceEnd", { streamId });
        const files = end.calls("ttsResult");
        expect(files.map(({ text, lang }) => ({ text, lang }))).toEqual([
          { text: "W1", lang: "es" },
          { text: "W2", lang: "es" },
        ]);
        for (const { data } of files) expect(data instanceof Uint8Array && isOgg(data)).toBe(true);
      },
      { workflow, types: testTypes() },
    );
  });
});
