import { type AudioFrame, endSample, type Frame, sampleCount, type TextFrame } from "#engine/frames";

interface TextState {
  instance: number;
  /** Added to the revisions of this instance. */
  base: number;
  last: number;
  final: boolean;
}

interface AudioState {
  instance: number;
  /** Added to the positions of this instance; undefined until its first frame comes. */
  shift: number | undefined;
  position: number;
  /** Samples that went out for the unit under work. */
  ofUnit: number;
  skip: number;
}

/** More utterances than are ever open at once; older ones are forgotten. */
const REMEMBERED_TEXTS = 1000;

/**
 * Joins the outputs of one instance after another into one stream that keeps what a single node promises: revisions of an utterance
 * rise, a final comes once, made audio is contiguous. What the first instance emits passes untouched.
 *
 * A unit of work that is tried again with the same candidate says the same again, so as many samples as went out already are skipped. Another
 * candidate has another voice and another pace: it speaks the unit from its beginning.
 */
export class Continuity {
  #instance = 1;
  readonly #texts = new Map<string, TextState>();
  readonly #audio = new Map<string, AudioState>();

  /** @param makesAudio the node's audio is its own, not its input's: positions are counted on. */
  constructor(readonly makesAudio: boolean) {}

  /** From here on it is another instance that emits. */
  restart(sameCandidate: boolean): void {
    this.#instance++;
    for (const state of this.#audio.values()) {
      if (!sameCandidate) state.ofUnit = 0;
      state.skip = state.ofUnit;
    }
  }

  /** A unit of work is done: nothing of it will be said again. */
  unitDone(): void {
    for (const state of this.#audio.values()) {
      state.ofUnit = 0;
      state.skip = 0;
    }
  }

  /** The same for nodes that work on one frame at a time, where a later frame of the same utterance may have a final of its own. */
  frameDone(): void {
    this.unitDone();
    for (const state of this.#texts.values()) state.final = false;
  }

  /** The frame to send on, or undefined for one that an earlier instance has sent already. */
  pass(frame: Frame, port: string): Frame | undefined {
    if (frame.kind === "text") return this.#text(frame);
    if (frame.kind === "audio" && this.makesAudio) return this.#made(frame, port);
    return frame;
  }

  #text(frame: TextFrame): TextFrame | undefined {
    const key = `${frame.role} ${frame.language ?? ""} ${frame.channel ?? ""} ${frame.utterance}`;
    let state = this.#texts.get(key);
    if (!state) {
      state = { instance: this.#instance, base: 0, last: 0, final: false };
      this.#texts.set(key, state);
    }
    if (this.#texts.size > REMEMBERED_TEXTS) {
      const [oldest] = this.#texts.keys();
      if (oldest !== undefined) this.#texts.delete(oldest);
    }
    return advance(state, this.#instance, frame);
  }

  #made(frame: AudioFrame, port: string): AudioFrame | undefined {
    let state = this.#audio.get(port);
    if (!state) {
      state = { instance: this.#instance, shift: 0, position: 0, ofUnit: 0, skip: 0 };
      this.#audio.set(port, state);
    }
    if (state.instance !== this.#instance) {
      state.instance = this.#instance;
      state.shift = undefined;
    }
    const samples = sampleCount(frame);
    if (state.skip >= samples) {
      state.skip -= samples;
      return undefined;
    }
    const from = frame.startSample + state.skip;
    state.shift ??= state.position - from;
    const startSample = from + state.shift;
    const sent =
      startSample === frame.startSample && state.skip === 0
        ? frame
        : { ...frame, pcm: frame.pcm.subarray(state.skip * frame.channels), startSample };
    state.ofUnit += samples - state.skip;
    state.skip = 0;
    state.position = endSample(sent);
    return sent;
  }
}

function advance(state: TextState, instance: number, frame: TextFrame): TextFrame | undefined {
  if (state.instance !== instance) {
    if (state.final) return undefined;
    state.instance = instance;
    state.base = state.last;
  }
  const revision = frame.revision + state.base;
  state.last = Math.max(state.last, revision);
  state.final ||= frame.final;
  return state.base === 0 ? frame : { ...frame, revision };
}
