import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, type Frame, type NodeDefinition, type Plugin, type TextFrame } from "#engine/plugin";
import {
  audioNodeContract,
  type Check,
  recogniserContract,
  registerContract,
  sinkContract,
  sourceContract,
  synthesiserContract,
  translatorContract,
} from "#engine/testing";
import { recordingPcm, recordingsInstalled } from "#test/recordings";
import { concat, counting, framesOf, silence, tone, voice } from "#test/signals";
import apertium from "../../plugins/apertium/index.ts";
import core from "../../plugins/core/index.ts";
import espeak from "../../plugins/espeak/index.ts";
import pocketsphinx from "../../plugins/pocketsphinx/index.ts";
import webrtc from "../../plugins/webrtc/index.ts";

setDefaultTimeout(60_000); // checks drive an engine several times over, on a machine that may be busy

const node = (plugin: Plugin, type: string): NodeDefinition => {
  const found = plugin.nodes.find((definition) => definition.type === type);
  if (!found) throw new Error(`plugin ${plugin.name} has no ${type}`);
  return found;
};

/** Registers the checks of an engine's node, or one skipped test that says what is missing. */
async function withEngine(plugin: Plugin, checks: readonly Check[], also = true): Promise<void> {
  const found = await Promise.all((plugin.engines ?? []).map((engine) => engine.find()));
  const missing = found.flatMap((engine) => (engine.found ? [] : [engine.missing]));
  if (!also) missing.push("its test data");
  if (missing.length === 0) registerContract(checks, test);
  else test.skip(`${plugin.name}: not installed: ${missing.join(", ")}`, () => {});
}

const dir = mkdtempSync(join(tmpdir(), "parlando-contracts-"));
afterAll(() => rmSync(dir, { recursive: true }));
writeFileSync(join(dir, "tone.wav"), encodeWav(tone({ hz: 440, ms: 310 }), { sampleRateHz: 16000, channels: 1 }));

const text = (utterance: string, words: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "transcript",
  text: words,
  utterance,
  revision: 2,
  final: true,
  stableChars: words.length,
  startSample: 0,
  endSample: 16000,
  sampleRateHz: 16000,
  language: "en",
  ...more,
});

const said = (): TextFrame[] => [
  text("u1", "the weather", { revision: 1, final: false, stableChars: 3 }),
  text("u1", "The weather is nice today."),
  text("u2", "go forward ten meters", { startSample: 20000, endSample: 52000 }),
];
const answered = (): TextFrame[] =>
  said().flatMap((frame) => [
    frame,
    {
      ...frame,
      role: "translation",
      text: "hola",
      stableChars: frame.final ? 4 : 0,
      language: "es",
      madeFrom: { text: frame.text },
    },
  ]);

/** Audio as one utterance. */
const spoken = (utterance: string, pcm: Int16Array, startSample = 0): Frame[] => [
  { kind: "speech", mark: "start", utterance, atSample: startSample, sampleRateHz: 16000 },
  ...framesOf(pcm, { startSample, utterance }),
  { kind: "speech", mark: "end", utterance, atSample: startSample + pcm.length, sampleRateHz: 16000 },
];

const decoded = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const mono = { audio: { sampleRateHz: 16000, channels: 1 } };

describe("core.file", () => {
  const definition = node(core, "core.file");
  registerContract(
    sourceContract("reading fast", () => ({ definition, config: { path: join(dir, "tone.wav") } })),
    test,
  );
  const config = { path: join(dir, "tone.wav"), pace: "realtime" };
  registerContract(
    sourceContract("reading in real time", () => ({ definition, config })),
    test,
  );
});

describe("core.convert", () => {
  const definition = node(core, "core.convert");
  test.each(
    [
      { name: "to another rate", config: { sampleRateHz: 22050 } },
      { name: "to two channels", config: { channels: 2 } },
      { name: "to frames of another length", config: { frameMs: 30 } },
      { name: "to nothing else", config: {} },
    ].flatMap(({ name, config }) =>
      audioNodeContract(name, () => ({ definition, config, frames: framesOf(counting(5000)), formats: mono })),
    ),
  )("$name", ({ run }) => run());
  const frames = () => [...spoken("u1", counting(3000)), ...spoken("u2", counting(1000), 4000)];
  const config = { sampleRateHz: 8000 };
  registerContract(
    audioNodeContract("between marks", () => ({ definition, config, frames: frames(), formats: mono })),
    test,
  );
});

describe("core.mix", () => {
  const frames = () => ({
    in1: framesOf(tone({ hz: 300, ms: 400 })),
    in2: framesOf(tone({ hz: 500, ms: 250 }), { startSample: 1600 }),
  });
  const formats = { in1: mono.audio, in2: mono.audio };
  registerContract(
    audioNodeContract("mixing two", () => ({ definition: node(core, "core.mix"), frames: frames(), formats })),
    test,
  );
});

describe("core.wav", () => {
  const checkFile = (bytes: Uint8Array) => {
    const head = new DataView(bytes.buffer, bytes.byteOffset);
    expect(decoded(bytes.subarray(0, 4))).toBe("RIFF");
    expect(head.getUint32(4, true)).toBe(bytes.length - 8);
    expect(head.getUint32(40, true)).toBe(bytes.length - 44);
  };
  const frames = () => framesOf(tone({ hz: 440, ms: 200 }));
  const subject = () => ({
    definition: node(core, "core.wav"),
    config: { path: "out.wav" },
    frames: frames(),
    formats: mono,
    checkFile,
  });
  registerContract(sinkContract("writing", subject), test);
});

describe("core.subtitles", () => {
  const definition = node(core, "core.subtitles");
  const checkSrt = (bytes: Uint8Array) => {
    const cue = /^(\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\r?\n(.+\r?\n)+(\r?\n|$))*$/;
    expect(decoded(bytes)).toMatch(cue);
  };
  const srt = () => ({ definition, config: { path: "out.srt" }, frames: answered(), checkFile: checkSrt });
  registerContract(sinkContract("writing SubRip", srt), test);
  const checkVtt = (bytes: Uint8Array) => expect(decoded(bytes)).toStartWith("WEBVTT");
  const vtt = () => ({ definition, config: { path: "out.vtt" }, frames: answered(), checkFile: checkVtt });
  registerContract(sinkContract("writing WebVTT", vtt), test);
});

describe("core.transcript", () => {
  const checkFile = (bytes: Uint8Array) => {
    for (const line of decoded(bytes).split("\n").filter(Boolean)) expect(JSON.parse(line)).toBeObject();
  };
  const config = { path: "out.jsonl" };
  const subject = () => ({ definition: node(core, "core.transcript"), config, frames: answered(), checkFile });
  registerContract(sinkContract("writing", subject), test);
});

describe("core.print", () => {
  registerContract(
    sinkContract("printing", () => ({ definition: node(core, "core.print"), frames: answered() })),
    test,
  );
});

describe("core.script", () => {
  const definition = node(core, "core.script");
  const events = [{ audio: { toneHz: 440, ms: 90 } }, { audio: { noise: true, ms: 50 } }];
  registerContract(
    sourceContract("as a source", () => ({ definition, config: { as: "source", events } })),
    test,
  );
  const heard = () => [...spoken("u1", counting(8000)), ...spoken("u2", counting(6400), 9000)];
  const results = [{ text: "go forward", partials: "auto", words: "auto" }, { text: "ten meters" }];
  const asr = { as: "asr", results, partialEveryMs: 100, delayMs: 50 };
  registerContract(
    recogniserContract("as a recogniser", () => ({ definition, config: asr, frames: heard() })),
    test,
  );
  const translate = { as: "translate", otherwise: "upper", partials: true, language: "es" };
  registerContract(
    translatorContract("as a translator", () => ({ definition, config: translate, frames: said() })),
    test,
  );
});

describe("webrtc.vad", () => {
  const signal = concat(silence({ ms: 500 }), voice({ ms: 900 }), silence({ ms: 900 }), voice({ ms: 700 }));
  const subject = () => ({ definition: node(webrtc, "webrtc.vad"), frames: framesOf(signal), formats: mono });
  registerContract(audioNodeContract("detecting", subject), test);
});

describe("pocketsphinx.asr", async () => {
  const heard = () => {
    const pcm = recordingPcm("goforward.raw");
    return [...spoken("u1", pcm), ...spoken("u2", silence({ ms: 300 }), pcm.length + 8000)];
  };
  const subject = () => ({ definition: node(pocketsphinx, "pocketsphinx.asr"), frames: heard(), formats: mono });
  await withEngine(pocketsphinx, recogniserContract("recognising", subject), recordingsInstalled());
});

describe("apertium.translate", async () => {
  const config = { source: "en", target: "es", partials: true };
  const subject = () => ({ definition: node(apertium, "apertium.translate"), config, frames: said() });
  await withEngine(apertium, translatorContract("translating", subject));
});

describe("espeak.tts", async () => {
  const subject = () => ({ definition: node(espeak, "espeak.tts"), config: { voice: "en" }, frames: said() });
  await withEngine(espeak, synthesiserContract("speaking", subject));
});
