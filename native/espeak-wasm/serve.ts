/** The process in which espeak-ng runs as WebAssembly: its licence, the GPL, asks for what is linked with it. */
import { EngineError } from "#engine/errors";
import { serveRequests } from "#native/own-process";
import type { WasmAsk, WasmManner, WasmVoice } from "./espeak-wasm.ts";

const RATE_HZ = 22_050;

/** Of the package, what is used here. */
interface Espeak {
  readonly samplerate: number;
  set_rate(wordsPerMinute: number): void;
  set_pitch(pitch: number): void;
  set_volume(volume: number): void;
  set_voice(name: string, language: string, gender: number, age: number, variant: number): number;
  /** Calls back with pieces of audio, at the end with none; what is returned stops it. */
  synthesize(text: string, take: (audio: Int16Array | null) => boolean): void;
  list_voices(): readonly { readonly name: string; readonly languages: readonly { readonly name: string }[] }[];
}

interface Module {
  readonly eSpeakNGWorker: new () => Espeak;
}

let opening: Promise<Espeak> | undefined;

serveRequests("espeak-ng (WebAssembly)", async (data) => {
  opening ??= open();
  const espeak = await opening;
  const ask = data as WasmAsk;
  return ask.do === "voices" ? voicesOf(espeak) : speak(espeak, ask.text, ask.manner);
});

async function open(): Promise<Espeak> {
  const { default: load }: { default: () => Promise<Module> } = await import(
    "@echogarden/espeak-ng-emscripten" as string
  );
  const espeak = new (await load()).eSpeakNGWorker();
  if (espeak.samplerate !== RATE_HZ)
    throw new EngineError(
      "AUDIO_FORMAT_UNSUPPORTED",
      `espeak-ng (WebAssembly): ${espeak.samplerate} Hz; wanted ${RATE_HZ}`,
    );
  return espeak;
}

const voicesOf = (espeak: Espeak): WasmVoice[] =>
  espeak
    .list_voices()
    .flatMap(({ name, languages: [first, ...others] }) =>
      first ? [{ language: first.name, name, others: others.map((other) => other.name) }] : [],
    );

function speak(espeak: Espeak, text: string, { voice, rate, pitch, volume }: WasmManner): Int16Array {
  if (espeak.set_voice(voice, "", 0, 0, 0) !== 0)
    throw new EngineError("VOICE_UNKNOWN", `espeak-ng (WebAssembly) cannot load the voice ${voice}`);
  espeak.set_rate(rate);
  espeak.set_pitch(pitch);
  espeak.set_volume(volume);
  const pieces: Int16Array[] = [];
  espeak.synthesize(text, (audio) => {
    if (audio) pieces.push(audio.slice()); // it lies in memory that is used again
    return false;
  });
  const pcm = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    pcm.set(piece, at);
    at += piece.length;
  }
  if (pcm.length === 0)
    throw new EngineError("ENGINE_FAILED", `espeak-ng (WebAssembly) gave no audio for ${text.length} letters`);
  return pcm;
}
