import { closeSync, existsSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "#engine/plugin";
import type { Generation, Labels, VadState } from "./vad-v2.ts";

/** What a frame was, and what the detector made of it. */
export interface DumpedFrame {
  readonly pcm: Int16Array;
  readonly labels: Labels;
  readonly state: VadState;
  /** What the detector returned with the state, in order. */
  readonly returned: readonly Int16Array[];
}

/**
 * Writes what a detector heard and returned, in the vendor's own files: `source.pcm`, `label.txt`, `vad_N.pcm` for each utterance, and of
 * generation B `rms.pcm`, `pitch.pcm` and `voice_prob.pcm`. For looking into a fault: it writes to disk in the audio path.
 */
export class VadDump {
  readonly folder: string;
  readonly #files: { readonly source: number; readonly label: number; readonly traces: readonly Trace[] };
  #utterance: number | undefined;
  #utterances = 0;
  #frames = 0;
  #closed = false;

  /**
   * Makes `PATH/YYYYMMDDHHMMSS`, local time, with its parents.
   * @param at Unix time in ms.
   * @throws EngineError FILE_UNWRITABLE, also where a dump of the same second is there.
   */
  constructor(path: string, at: number, generation: Generation) {
    this.folder = join(path, stampOf(new Date(at)));
    if (existsSync(this.folder)) throw unwritable(`${this.folder} is there already: one dump a second`);
    try {
      mkdirSync(this.folder, { recursive: true });
      const open = (name: string) => openSync(join(this.folder, name), "w");
      const traces = generation === "A" ? [] : TRACES.map(({ name, of }) => ({ file: open(name), of }));
      this.#files = { source: open("source.pcm"), label: open("label.txt"), traces };
    } catch (error) {
      throw unwritable(`${this.folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  write({ pcm, labels, state, returned }: DumpedFrame): void {
    if (this.#closed) return;
    const { source, label, traces } = this.#files;
    writeSync(source, bytesOf(pcm));
    writeSync(label, this.#line(labels, state));
    for (const { file, of } of traces) writeSync(file, bytesOf(new Int16Array(pcm.length).fill(of(labels))));
    this.#frames++;
    if (state === 1) this.#openUtterance();
    if (this.#utterance === undefined) return;
    for (const piece of returned) writeSync(this.#utterance, bytesOf(piece));
    if (state === 3) this.#closeUtterance();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeUtterance();
    const { source, label, traces } = this.#files;
    for (const file of [source, label, ...traces.map((trace) => trace.file)]) closeSync(file);
  }

  #line({ farField, voiceProb, rms, pitch, musicProb }: Labels, state: VadState): string {
    const detected = `ct:${this.#utterances} fct:${this.#frames} state:${state}`;
    return `${detected} far:${farField} vop:${voiceProb} rms:${rms} pitch:${pitch} mup:${musicProb}\n`;
  }

  #openUtterance(): void {
    this.#closeUtterance();
    this.#utterance = openSync(join(this.folder, `vad_${this.#utterances++}.pcm`), "w");
  }

  #closeUtterance(): void {
    if (this.#utterance !== undefined) closeSync(this.#utterance);
    this.#utterance = undefined;
  }
}

interface Trace {
  readonly file: number;
  readonly of: (labels: Labels) => number;
}

/** A label drawn as a wave, to be looked at beside the sound. */
const TRACES = [
  { name: "rms.pcm", of: ({ rms }: Labels) => rms * 127 },
  { name: "pitch.pcm", of: ({ pitch }: Labels) => pitch },
  { name: "voice_prob.pcm", of: ({ voiceProb }: Labels) => voiceProb * 127 * 127 },
] as const;

const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);

const two = (value: number): string => String(value).padStart(2, "0");

function stampOf(at: Date): string {
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${day}${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

const unwritable = (message: string): EngineError => new EngineError("FILE_UNWRITABLE", message);
