import {
  type AudioFrame,
  type DataFrame,
  type Frame,
  msToSamples,
  type NodeContext,
  type OutputPort,
  type SpeechMark,
  samplesToMs,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { audioFormat, type ScriptConfig } from "./config.ts";
import { inTime, type TimedEvent } from "./events.ts";
import { forEver, scriptedError } from "./fault.ts";
import { type PlacedSound, renderSound } from "./sound.ts";
import { evenWords } from "./words.ts";

/** The one output of a scripted source: it gives the kinds that its script has, every kind where it has only faults. */
export function sourceOutput(settings: ScriptConfig): OutputPort {
  const events = settings.events ?? [];
  const found = (["audio", "speech", "text", "data"] as const).filter((kind) =>
    events.some((event) => event[kind] !== undefined),
  );
  const kinds = found.length > 0 ? found : (["audio", "speech", "text", "data"] as const);
  return { kinds, ...(kinds.includes("audio") ? { audio: audioFormat(settings) } : {}) };
}

/** Plays the events of a script, and ends after the last. Audio comes in whole frames, each when its last sample is due. */
export function scriptedSource(settings: ScriptConfig, ctx: NodeContext): TaskNode {
  return {
    async run(_input, emit, signal) {
      const began = ctx.clock.nowMs();
      for (const step of new Playback(settings, ctx).steps()) {
        const waitMs =
          settings.pace === undefined || settings.pace === "fast" ? 0 : began + step.dueMs - ctx.clock.nowMs();
        if (waitMs > 0) await ctx.clock.sleep(waitMs, signal);
        if (step.event?.error !== undefined) throw scriptedError(step.event.error, `events.${step.index}`);
        if (step.event?.hang) await forEver(signal);
        if (step.frame) await emit(step.frame);
      }
    },
  };
}

interface Step {
  readonly dueMs: number;
  readonly frame?: Frame;
  /** What it comes from; absent for audio. */
  readonly event?: TimedEvent["event"];
  readonly index?: number;
}

/** One playing of a script: it knows which utterance is open and how far the audio has come. */
class Playback {
  readonly #format: ReturnType<typeof audioFormat>;
  readonly #events: readonly TimedEvent[];
  readonly #sounds: readonly PlacedSound[];
  readonly #endSample: number;
  #framesMade = 0;
  #firstSound = 0;
  #utterance: string | undefined;
  #speaking = false;
  /** Roles that the utterance has a final of. */
  #answered = new Set<string>();
  readonly #revisions = new Map<string, number>();

  constructor(
    readonly settings: ScriptConfig,
    readonly ctx: NodeContext,
  ) {
    this.#format = audioFormat(settings);
    this.#events = inTime(settings.events ?? []);
    this.#sounds = this.#events.flatMap(({ event: { audio }, atMs, endMs }) =>
      audio ? [{ sound: audio, startSample: this.#samples(atMs), endSample: this.#samples(endMs) }] : [],
    );
    this.#endSample = Math.max(0, ...this.#sounds.map((sound) => sound.endSample));
  }

  /** In the order of time; audio that ends when an event is due comes before it. */
  *steps(): Generator<Step> {
    for (const { event, index, atMs } of this.#events) {
      if (event.audio) continue;
      yield* this.#audioUntil(atMs);
      const frame = this.#frameOf(event, atMs);
      yield { dueMs: atMs, event, index, ...(frame ? { frame } : {}) };
    }
    yield* this.#audioUntil(Number.POSITIVE_INFINITY);
  }

  *#audioUntil(atMs: number): Generator<Step> {
    const { sampleRateHz, frameMs } = this.#format;
    for (;;) {
      const startSample = this.#samples(this.#framesMade * frameMs);
      const endSample = Math.min(this.#samples((this.#framesMade + 1) * frameMs), this.#endSample);
      const dueMs = samplesToMs(endSample, sampleRateHz);
      if (startSample >= this.#endSample || dueMs > atMs) return;
      this.#framesMade++;
      const sounds = this.#soundsIn(startSample, endSample);
      if (sounds.length > 0 || this.settings.gaps !== "skip")
        yield { dueMs, frame: this.#audio(startSample, endSample, sounds) };
    }
  }

  #soundsIn(startSample: number, endSample: number): PlacedSound[] {
    while ((this.#sounds[this.#firstSound]?.endSample ?? Number.POSITIVE_INFINITY) <= startSample) this.#firstSound++;
    const sounds: PlacedSound[] = [];
    for (let i = this.#firstSound; i < this.#sounds.length; i++) {
      const sound = this.#sounds[i];
      if (sound === undefined || sound.startSample >= endSample) break;
      sounds.push(sound);
    }
    return sounds;
  }

  #audio(startSample: number, endSample: number, sounds: readonly PlacedSound[]): AudioFrame {
    const { sampleRateHz, channels } = this.#format;
    const pcm = new Int16Array((endSample - startSample) * channels);
    for (const sound of sounds)
      renderSound(sound, pcm, { startSample, sampleRateHz, channels }, () => this.ctx.random());
    const utterance = this.#speaking ? this.#utterance : undefined;
    return {
      kind: "audio",
      pcm,
      sampleRateHz,
      channels,
      startSample,
      ...(utterance === undefined ? {} : { utterance }),
    };
  }

  #frameOf(event: TimedEvent["event"], atMs: number): Frame | undefined {
    if (event.speech) return this.#mark(event.speech, event.utterance, atMs);
    if (event.text !== undefined) return this.#text(event.text, event, atMs);
    if (event.data)
      return {
        kind: "data",
        topic: event.data.topic,
        value: event.data.value,
        atSample: this.#samples(atMs),
        sampleRateHz: this.#format.sampleRateHz,
      } satisfies DataFrame;
    return undefined;
  }

  #mark(mark: SpeechMark["mark"], named: string | undefined, atMs: number): SpeechMark {
    const utterance = mark === "start" ? this.#open(named) : (this.#utterance ?? this.#open(named));
    this.#speaking = mark === "start";
    const { sampleRateHz } = this.#format;
    return { kind: "speech", mark, utterance, atSample: this.#samples(atMs), sampleRateHz };
  }

  #text(text: string, event: TimedEvent["event"], atMs: number): TextFrame {
    const { sampleRateHz } = this.#format;
    const { speaker, channel, confidence } = event;
    const role = event.role ?? "transcript";
    const final = event.final ?? true;
    const startMs = event.startMs ?? atMs;
    const startSample = this.#samples(startMs);
    const endSample = this.#samples(event.endMs ?? startMs);
    const language = event.language ?? this.settings.language;
    const utterance = event.utterance ?? this.#unanswered(role);
    if (final) this.#answered.add(role);
    return {
      kind: "text",
      role,
      text,
      utterance,
      revision: this.#nextRevision(`${role} ${utterance}`),
      final,
      stableChars: final ? text.length : 0,
      startSample,
      endSample,
      sampleRateHz,
      ...(language === undefined ? {} : { language }),
      ...(event.words ? { words: evenWords(text, startSample, endSample) } : {}),
      ...(speaker === undefined ? {} : { speaker }),
      ...(channel === undefined ? {} : { channel }),
      ...(confidence === undefined ? {} : { confidence }),
    };
  }

  #open(named: string | undefined): string {
    this.#utterance = named ?? this.ctx.newUtterance();
    this.#answered = new Set();
    return this.#utterance;
  }

  #unanswered(role: string): string {
    return this.#utterance === undefined || this.#answered.has(role) ? this.#open(undefined) : this.#utterance;
  }

  #nextRevision(key: string): number {
    const revision = (this.#revisions.get(key) ?? 0) + 1;
    this.#revisions.set(key, revision);
    return revision;
  }

  #samples(ms: number): number {
    return msToSamples(ms, this.#format.sampleRateHz);
  }
}
