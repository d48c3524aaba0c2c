import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AudioFrame,
  type Control,
  type Frame,
  findProgram,
  hostEnvironment,
  type NodeContext,
  type TaskNode,
  type TextFrame,
  withRetry,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { findEspeakWasm } from "#native/espeak-wasm";
import { descendants } from "#test/processes";
import { rejectionOf } from "#test/rejection";
import plugin from "../../../plugins/espeak/index.ts";
import { findEspeak, harmless, listVoices, speakSentence } from "../../../plugins/espeak/program.ts";
import { tts } from "../../../plugins/espeak/tts.ts";

setDefaultTimeout(60_000); // a busy machine starts processes slowly

const env = hostEnvironment();
const espeak = findEspeak(env);

const text = (said: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "translation",
  text: said,
  utterance: "vad-1",
  revision: 1,
  final: true,
  stableChars: said.length,
  startSample: 0,
  endSample: 16_000,
  sampleRateHz: 16_000,
  ...more,
});

const speak = async (frames: readonly (Frame | Control)[], config: object = { voice: "es" }, node = tts) =>
  (await driveNode(node, config, { frames })).frames("audio") as AudioFrame[];

const samplesOf = (frames: readonly AudioFrame[]): number[] => frames.flatMap(({ pcm }) => [...pcm]);
const total = (frames: readonly AudioFrame[]): number => samplesOf(frames).length;

const MANNER = { voice: "es", rate: 175, pitch: 50, volume: 100 };
const bounds = { timeoutMs: 10_000, signal: new AbortController().signal };

test.each([
  { name: "phoneme brackets are taken apart", text: "[[h@l'oU]] [[[x", said: "[ [h@l'oU]] [ [ [x" },
  { name: "markup stays as it is", text: "<b>a</b> & b", said: "<b>a</b> & b" },
])("what espeak is given commands nothing: $name", ({ text: written, said }) => {
  expect(harmless(written)).toBe(said);
});

describe.skipIf(!espeak)("with espeak-ng installed", () => {
  test("frames of 20 ms follow on each other without a gap, the last of a sentence shorter", async () => {
    const frames = await speak([text("Va de frente diez metros"), text("Hola. Buenos días.", { utterance: "vad-2" })]);
    let position = 0;
    for (const frame of frames) {
      expect(frame).toMatchObject({ kind: "audio", sampleRateHz: 22_050, channels: 1, startSample: position });
      position += frame.pcm.length;
    }
    expect(frames.filter(({ pcm }) => pcm.length !== 441).length).toBeLessThanOrEqual(3);
    expect([...new Set(frames.map(({ utterance }) => utterance))]).toEqual(["vad-1", "vad-2"]);
    expect(Math.max(...samplesOf(frames))).toBeGreaterThan(3000);
    expect(position).toBeGreaterThan(22_050);
  });

  test("the same text gives the same samples, whatever was said before", async () => {
    const once = samplesOf(await speak([text("Hola mundo.")]));
    const twice = samplesOf(await speak([text("Adiós."), text("Hola mundo.")]));
    expect(twice.slice(-once.length)).toEqual(once);
  });

  test.each([
    { name: "an empty text", frame: text("") },
    { name: "blanks", frame: text(" \n\0 ") },
    { name: "punctuation", frame: text("... ¿? —") },
    { name: "a partial", frame: text("Hola", { final: false }) },
  ])("$name says nothing", async ({ frame }) => {
    expect(await speak([frame])).toEqual([]);
  });

  test("protection goes over to the audio, characters are counted", async () => {
    const driven = await driveNode(tts, { voice: "es" }, { frames: [text("Hola.", { protected: true })] });
    expect(driven.frames().every((frame) => "protected" in frame && frame.protected)).toBe(true);
    expect(driven.usage).toEqual({ characters: 5 });
  });

  test("rate, pitch and volume are heard", async () => {
    const said = [text("Va de frente diez metros")];
    const plain = await speak(said);
    expect(total(await speak(said, { voice: "es", rate: 350 }))).toBeLessThan(total(plain) * 0.7);
    expect(samplesOf(await speak(said, { voice: "es", pitch: 90 }))).not.toEqual(samplesOf(plain));
    const peak = (frames: readonly AudioFrame[]) => Math.max(...samplesOf(frames));
    expect(peak(await speak(said, { voice: "es", volume: 30 }))).toBeLessThan(peak(plain) / 2);
  });

  test.each([
    { name: "markup", written: "<b>hi</b>", like: "hi" },
    { name: "phonemes", written: "[[h@l'oU]]", like: "hello" },
    { name: "an escaped character", written: "&amp;", like: "&" },
  ])("$name is read out, not obeyed", async ({ written, like }) => {
    const config = { voice: "en-us" };
    expect(total(await speak([text(written)], config))).toBeGreaterThan(total(await speak([text(like)], config)) * 1.2);
  });

  test.each([{ voice: "klingonese" }, { voice: "es+nobody" }, { voice: "-x" }])(
    "an unknown voice is refused: $voice",
    async ({ voice }) => {
      expect(await rejectionOf(speak([text("Hola")], { voice }))).toMatchObject({
        code: "VOICE_UNKNOWN",
        message: expect.stringContaining("near it: "),
      });
    },
  );

  test("a barge-in drops what waits of earlier utterances, and nothing that is protected or its own", async () => {
    const frames = await speak([
      text("Uno.", { utterance: "vad-1" }),
      { kind: "barge-in", utterance: "vad-4" },
      text("Dos.", { utterance: "vad-2" }),
      text("Tres.", { utterance: "vad-3", protected: true }),
      text("Cuatro.", { utterance: "vad-4" }),
      text("Cinco.", { utterance: "vad-5" }),
      text("Dos otra vez.", { utterance: "vad-2", revision: 2 }),
    ]);
    expect([...new Set(frames.map(({ utterance }) => utterance))]).toEqual(["vad-1", "vad-3", "vad-4", "vad-5"]);
  });

  test.each([
    { name: "ends a sentence under work", frame: text("Una frase. Y otra más."), heard: 1 },
    { name: "lets a protected text end", frame: text("Una frase. Y otra más.", { protected: true }), heard: undefined },
    { name: "lets its own text end", frame: text("Una frase. Y otra más.", { utterance: "vad-9" }), heard: undefined },
  ])("a barge-in $name", async ({ frame, heard }) => {
    const whole = await speak([frame]);
    const interrupted = await speak(
      [frame],
      { voice: "es" },
      {
        ...tts,
        async create(config, ctx: NodeContext) {
          const node = (await tts.create(config, ctx)) as TaskNode;
          return {
            run: (input, emit, signal) =>
              node.run(
                input,
                (sent, port) => {
                  node.onControl?.({ kind: "barge-in", utterance: "vad-9" }, emit);
                  return emit(sent, port);
                },
                signal,
              ),
          };
        },
      },
    );
    expect(interrupted.length).toBe(heard ?? whole.length);
  });

  test("a signal ends the process and all waiting", async () => {
    const abort = new AbortController();
    const speaking = speakSentence(espeak!, "una frase muy larga ".repeat(2000), MANNER, {
      ...bounds,
      signal: abort.signal,
    });
    abort.abort(new Error("enough"));
    expect(await rejectionOf(speaking)).toHaveProperty("message", expect.stringContaining("enough"));
    expect(descendants().filter(({ command, state }) => command === "espeak-ng" && state !== "Z")).toEqual([]);
  });

  test("arguments hold nothing of the text", async () => {
    await withWrapper('printf "%s\\n" "$*" >> "$log"', async ({ program, log }) => {
      await speakSentence(program, "un secreto", MANNER, bounds);
      expect(readFileSync(log, "utf8")).toBe("--stdin --stdout -b 1 -v es -s 175 -p 50 -a 100\n");
    });
  });

  test("a killed espeak gives nothing of its sentence and is tried again", async () => {
    const frames = [text("Primera frase. Segunda frase. Tercera frase.")];
    const calm = await speak(frames);
    // Runs 1 to 3 are the two lists and the trial of the voice, 4 the first sentence. The next attempt tries the voice (5), speaks the first
    // sentence (6) and loses the second (7). What is killed has given some audio already.
    const killer = 'echo >> "$log"; case $(wc -l < "$log") in 4 | 7) "$real" "$@" | head -c 3000; kill -9 $$ ;; esac';
    await withWrapper(killer, async ({ folder, log }) => {
      await withPath(folder, async () => {
        expect(await rejectionOf(speak(frames))).toMatchObject({ code: "ENGINE_FAILED", traits: { retryable: true } });
        writeFileSync(log, "");
        const shaken = await speak(frames, { voice: "es" }, withRetry(tts, 3));
        expect(readFileSync(log, "utf8").length).toBe(11);
        expect(shaken.map(({ startSample }) => startSample)).toEqual(calm.map(({ startSample }) => startSample));
        expect(samplesOf(shaken)).toEqual(samplesOf(calm));
      });
    });
  });

  test.each([
    { name: "gives nothing", script: "exit 0", code: "ENGINE_FAILED" },
    { name: "fails", script: "exit 3", code: "ENGINE_FAILED" },
    { name: "says something else than audio", script: "echo usage: nothing; exit 0", code: "ENGINE_FAILED" },
    { name: "breaks off in the header", script: '"$real" "$@" | head -c 20; exit 0', code: "ENGINE_FAILED" },
    { name: "hangs", script: "while :; do :; done", code: "ENGINE_FAILED" },
  ])("an espeak that $name is a coded error", async ({ script, code }) => {
    await withWrapper(script, async ({ program }) => {
      const speaking = speakSentence(program, "Hola", MANNER, { ...bounds, timeoutMs: 500 });
      expect(await rejectionOf(speaking)).toMatchObject({ code });
    });
  });

  // Where it lies in the user's own folder, every other test shows it.
  test.if(espeak?.root === "/")("an espeak in the user's own Debian folder is found, with its voices", async () => {
    const root = mkdtempSync(join(tmpdir(), "parlando-root-"));
    try {
      mkdirSync(join(root, "usr"));
      symlinkSync("/usr/bin", join(root, "usr/bin"));
      symlinkSync("/usr/lib", join(root, "usr/lib"));
      const own = findEspeak({ PATH: "", PARLANDO_DEBIAN_ROOT: root })!;
      expect(own.path).toBe(join(root, "usr/bin/espeak-ng"));
      expect(own.env.ESPEAK_DATA_PATH).toStartWith(join(root, "usr/lib"));
      expect((await speakSentence(own, "Hola", MANNER, bounds)).length).toBeGreaterThan(5000);
      expect(await listVoices(own)).toEqual(await listVoices(espeak!));
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("doctor does not call an espeak found that does not run", async () => {
    await withWrapper("exit 127", ({ folder }) =>
      withPath(folder, async () => {
        expect(await plugin.engines?.[0]?.find()).toMatchObject({
          found: false,
          missing: expect.stringContaining("exited with 127"),
          mend: "apt-get install espeak-ng",
        });
      }),
    );
  });

  test("doctor names version, place and number of voices", async () => {
    expect(await plugin.engines?.[0]?.find()).toMatchObject({
      found: true,
      version: expect.stringMatching(/^\d+\.\d+/),
      path: espeak!.path,
      note: expect.stringMatching(/^\d+ voices$/),
    });
  });
});

test("without espeak the message says what to install", async () => {
  await withPath(
    "/nonexistent",
    async () => {
      if (findProgram("espeak-ng", hostEnvironment())) return;
      if (findEspeakWasm()) {
        // the optional package speaks in its place
        expect(total(await speak([text("Hola")]))).toBeGreaterThan(5000);
        return;
      }
      expect(await rejectionOf(speak([text("Hola")]))).toMatchObject({
        code: "ENGINE_MISSING",
        message: expect.stringContaining("apt-get install espeak-ng"),
      });
      expect(await plugin.engines?.[0]?.find()).toMatchObject({ found: false, mend: "apt-get install espeak-ng" });
    },
    true,
  );
});

test.each([
  { config: {}, path: ["voice"] },
  { config: { voice: "es", rate: 79 }, path: ["rate"] },
  { config: { voice: "es", rate: 451 }, path: ["rate"] },
  { config: { voice: "es", pitch: 100 }, path: ["pitch"] },
  { config: { voice: "es", speed: 1 }, path: [] },
])("a wrong config is refused without looking for espeak: $config", ({ config, path }) => {
  expect(tts.config.safeParse(config).error?.issues.map((issue) => issue.path)).toEqual([[...path]]);
});

/** A program named espeak-ng that runs some shell first, in which `$real` is the true one and `$log` a file to write into. */
async function withWrapper(
  script: string,
  use: (made: { program: NonNullable<typeof espeak>; folder: string; log: string }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parlando-espeak-"));
  try {
    const path = join(folder, "espeak-ng");
    const log = join(folder, "log");
    // Found on PATH, the wrapper would run without what an espeak in the user's own root needs.
    const needs = ["LD_LIBRARY_PATH", "ESPEAK_DATA_PATH"].filter((name) => espeak!.env[name]);
    const exports = needs.map((name) => `export ${name}='${espeak!.env[name]}'\n`).join("");
    writeFileSync(path, `#!/bin/sh\n${exports}real='${espeak!.path}'; log='${log}'\n${script}\nexec "$real" "$@"\n`);
    chmodSync(path, 0o755);
    await use({ program: { ...espeak!, path }, folder, log });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Puts a folder before, or in the place of, all others in which programs are looked for. */
async function withPath(folder: string, use: () => Promise<void>, only = false): Promise<void> {
  const before = process.env.PATH;
  process.env.PATH = only ? folder : `${folder}:${before}`;
  try {
    await use();
  } finally {
    process.env.PATH = before;
  }
}
