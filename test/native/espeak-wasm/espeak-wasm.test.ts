import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { levelDbfs } from "#engine/audio";
import { EspeakWasm, findEspeakWasm } from "#native/espeak-wasm";
import { rejectionOf } from "#test/rejection";
import { asWasm } from "../../../plugins/espeak/program.ts";
import { resolveVoice } from "../../../plugins/espeak/voices.ts";

setDefaultTimeout(60_000);

const here = findEspeakWasm();
const MANNER = { voice: "es", rate: 175, pitch: 50, volume: 100 };
const bounds = () => ({ timeoutMs: 30_000, signal: new AbortController().signal });

test.skipIf(here)("without the package it says what to install, and its licence", () => {
  expect(() => new EspeakWasm()).toThrow(/bun add @echogarden\/espeak-ng-emscripten .*GPL-3\.0/);
});

describe.skipIf(!here)(
  `espeak-ng as WebAssembly${here ? "" : ": @echogarden/espeak-ng-emscripten is not installed"}`,
  () => {
    test("lists its voices and speaks by them", async () => {
      const espeak = await asWasm(new EspeakWasm());
      expect(resolveVoice("es", espeak).argument).toBe("es");
      await espeak.tryVoice(MANNER, bounds());
      const pcm = await espeak.speak("Buenos días.", MANNER, bounds());
      expect(pcm.length / 22_050).toBeGreaterThan(0.5);
      expect(pcm.length / 22_050).toBeLessThan(3);
      expect(levelDbfs(pcm)).toBeGreaterThan(-40);
      const slow = await espeak.speak("Buenos días.", { ...MANNER, rate: 100 }, bounds());
      expect(slow.length).toBeGreaterThan(pcm.length * 1.2);
      await espeak.close();
    });

    test("a wait that is given up ends with the reason, and it goes on", async () => {
      const wasm = new EspeakWasm();
      const stop = new AbortController();
      const speaking = wasm.speak("This is never heard.", { ...MANNER, voice: "en" }, 30_000, stop.signal);
      stop.abort(new Error("enough"));
      expect(await rejectionOf(speaking)).toHaveProperty("message", expect.stringContaining("enough"));
      expect(
        (await wasm.speak("This is.", { ...MANNER, voice: "en" }, 30_000, bounds().signal)).length,
      ).toBeGreaterThan(1000);
      await wasm.close();
    });
  },
);
