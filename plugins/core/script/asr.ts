import {
  type AwaitableEmit,
  EngineError,
  endSample,
  type Frame,
  type InputPort,
  msToSamples,
  type NodeContext,
  type OutputPorts,
  type SpeechMark,
  samplesToMs,
  type TaskInput,
  type TaskNode,
  type TextDetail,
  type TextFrame,
} from "#engine/plugin";
import type { ScriptConfig } from "./config.ts";
import { suffer } from "./fault.ts";
import { forgetProgress, type Progress, progressOf } from "./progress.ts";
import { type AsrResult, byMediaTime } from "./results.ts";
import { evenWords } from "./words.ts";

/** Marks are needed unless the results say for themselves when their utterances are. */
export const asrInput = (settings: ScriptConfig): InputPort => ({
  kinds: ["audio", "speech"],
  requires: byMediaTime(settings.results) ? ["audio"] : ["speech"],
});

export function asrOutputs(settings: ScriptConfig): OutputPorts {
  const results = settings.results ?? [];
  const all = (has: (result: AsrResult) => unknown) =>
    results.length > 0 && results.every((result) => has(result) !== undefined);
  const carries: TextDetail[] = [];
  if (all((result) => result.words)) carries.push("words");
  if (all((result) => result.confidence)) carries.push("confidence");
  if (all((result) => result.speaker)) carries.push("speaker");
  const language = settings.language === undefined ? {} : { language: settings.language };
  return {
    partial: { kinds: ["text"], textRole: "transcript", ...language, carries: ["partials"] },
    final: { kinds: ["text"], textRole: "transcript", ...language, default: true, carries },
  };
}

const DEFAULT_PARTIAL_EVERY_MS = 300;

/** Answers each utterance with the next result of its script, in the order of the utterances. */
export const scriptedRecogniser = (settings: ScriptConfig, ctx: NodeContext): TaskNode => ({
  async run(input, emit, signal) {
    await new Recogniser(settings, ctx, emit, signal).run(input);
    forgetProgress(settings, ctx);
  },
});

interface Utterance {
  readonly id: string;
  readonly result: AsrResult;
  /** Of the result in the script, for messages. */
  readonly index: number;
  readonly partials: readonly PartialText[];
  readonly startSample: number;
  readonly sampleRateHz: number;
  /** Where the last of its audio ended. */
  heardTo: number;
  partialsSent: number;
}

interface PartialText {
  readonly text: string;
  readonly stableChars: number;
}

/** One hearing of the input. Unless it blocks, answers may be owed while further audio is heard; they are given in order. */
class Recogniser {
  readonly #results: readonly AsrResult[];
  readonly #timed: boolean;
  readonly #progress: Progress;
  /** Results begun, where they say when their utterances are. */
  #taken: number;
  #open: Utterance | undefined;
  #answers: Promise<void> = Promise.resolve();
  #owed = 0;
  readonly #failure = Promise.withResolvers<never>();
  #failed = false;

  constructor(
    readonly settings: ScriptConfig,
    readonly ctx: NodeContext,
    readonly emit: AwaitableEmit,
    readonly signal: AbortSignal,
  ) {
    this.#results = settings.results ?? [];
    this.#timed = byMediaTime(this.#results);
    this.#progress = progressOf(settings, ctx);
    this.#taken = this.#progress.answered;
  }

  /** A failing answer ends it at once, not only with the next frame. */
  run(input: TaskInput): Promise<void> {
    return Promise.race([this.#read(input), this.#failure.promise]);
  }

  async #read(input: TaskInput): Promise<void> {
    const blocking = this.settings.blocking ?? true;
    await input.each((frame) => {
      if (this.#failed) return undefined;
      const busy = this.#timed ? this.#hearByTime(frame) : this.#hearByMarks(frame);
      if (!blocking) return busy;
      if (busy) return busy.then(() => this.#answers);
      return this.#owed > 0 ? this.#answers : undefined; // most frames bring nothing that could be waited for
    });
    if (this.#failed) return;
    if (this.#open) await this.#close(this.#open, this.#open.heardTo);
    await this.#answers;
  }

  #hearByMarks(frame: Frame): Promise<void> | undefined {
    if (frame.kind === "audio") return this.#open && this.#hear(this.#open, endSample(frame));
    return frame.kind === "speech" ? this.#hearMark(frame) : undefined;
  }

  async #hearMark({ mark, utterance, atSample, sampleRateHz }: SpeechMark): Promise<void> {
    if (this.#open) await this.#close(this.#open, atSample);
    if (mark === "start") this.#open = this.#begin(utterance, atSample, sampleRateHz);
  }

  async #hearByTime(frame: Frame): Promise<void> {
    if (frame.kind !== "audio") return;
    const { sampleRateHz } = frame;
    const end = endSample(frame);
    for (;;) {
      const index = this.#open?.index ?? this.#taken;
      const result = this.#results[index];
      if (result?.untilMs === undefined) return;
      const fromSample = msToSamples(result.fromMs ?? this.#results[index - 1]?.untilMs ?? 0, sampleRateHz);
      if (end <= fromSample) return;
      this.#open ??= this.#begin(this.ctx.newUtterance(), fromSample, sampleRateHz);
      const untilSample = msToSamples(result.untilMs, sampleRateHz);
      await this.#hear(this.#open, Math.min(end, untilSample));
      if (end < untilSample) return;
      await this.#close(this.#open, untilSample);
    }
  }

  #begin(id: string, startSample: number, sampleRateHz: number): Utterance {
    const index = this.#timed ? this.#taken++ : this.#progress.resultOf(id);
    const result = this.#resultOf(index);
    const partials = partialsOf(result);
    return { id, result, index, partials, startSample, sampleRateHz, heardTo: startSample, partialsSent: 0 };
  }

  #resultOf(index: number): AsrResult {
    const result = this.#results[index];
    if (result) return result;
    const again = this.settings.afterLast === "repeat" ? this.#results[index % this.#results.length] : undefined;
    if (again) return again;
    if (this.settings.afterLast === "error") return { error: "SCRIPT_INVALID" };
    return { text: "" };
  }

  #hear(utterance: Utterance, heardTo: number): Promise<void> | undefined {
    utterance.heardTo = heardTo;
    const heardMs = samplesToMs(heardTo - utterance.startSample, utterance.sampleRateHz);
    const due = Math.floor(heardMs / (this.settings.partialEveryMs ?? DEFAULT_PARTIAL_EVERY_MS));
    const wanted = Math.min(due, utterance.partials.length);
    return utterance.partialsSent < wanted ? this.#sendPartials(utterance, wanted) : undefined;
  }

  /** @returns what to wait for, where there was no room for all of them. */
  #sendPartials(utterance: Utterance, wanted: number): Promise<void> | undefined {
    while (utterance.partialsSent < wanted) {
      const { text, stableChars } = utterance.partials[utterance.partialsSent++]!;
      const partial = this.#text(utterance, utterance.heardTo, { text, stableChars, final: false });
      const room = this.emit(partial, "partial");
      if (room) return room.then(() => this.#sendPartials(utterance, wanted));
    }
    return undefined;
  }

  /** Partials that a script lists all come, those that grow by themselves only as far as there was audio for them. */
  async #close(utterance: Utterance, endSample: number): Promise<void> {
    this.#open = undefined;
    utterance.heardTo = endSample;
    if (utterance.result.partials !== "auto") await this.#sendPartials(utterance, utterance.partials.length);
    const closedAtMs = this.ctx.clock.nowMs();
    this.#owed++;
    this.#answers = this.#answers.then(() => this.#answer(utterance, closedAtMs));
    this.#answers.catch((error) => {
      this.#failed = true;
      this.#failure.reject(error);
    });
  }

  async #answer(utterance: Utterance, closedAtMs: number): Promise<void> {
    const { result, index } = utterance;
    const dueMs = closedAtMs + (result.delayMs ?? this.settings.delayMs ?? 0);
    if (dueMs > this.ctx.clock.nowMs()) await this.ctx.clock.sleep(dueMs - this.ctx.clock.nowMs(), this.signal);
    if (index >= this.#results.length && this.settings.afterLast === "error")
      throw new EngineError(
        "SCRIPT_INVALID",
        `utterance ${index + 1} came, but results has ${this.#results.length}, afterLast: error`,
      );
    const failing = (result.error !== undefined || result.hang) && this.#progress.fails(`${index}`, result.times);
    if (failing) await suffer(result, `results.${index % this.#results.length}`, this.signal);
    this.#progress.answered = index + 1;
    await this.#say(utterance, result.text ?? "");
    this.#owed--;
  }

  /** Where no words were found there is no final, and a partial that was shown is taken back by an empty one. */
  async #say(utterance: Utterance, text: string): Promise<void> {
    if (text !== "") {
      this.#progress.finished(utterance.id);
      const final = { text, stableChars: text.length, final: true };
      return void (await this.emit(this.#text(utterance, utterance.heardTo, final), "final"));
    }
    this.ctx.count("emptyUtterances");
    this.ctx.report({ type: "emptyUtterance", utterance: utterance.id });
    if (utterance.partialsSent === 0) return;
    utterance.partialsSent++;
    const taken = { text, stableChars: 0, final: false };
    await this.emit(this.#text(utterance, utterance.heardTo, taken), "partial");
  }

  #text(utterance: Utterance, end: number, said: PartialText & { readonly final: boolean }): TextFrame {
    const { result, startSample, sampleRateHz } = utterance;
    const { language } = this.settings;
    return {
      kind: "text",
      role: "transcript",
      text: said.text,
      utterance: utterance.id,
      revision: utterance.partialsSent + (said.final ? 1 : 0),
      final: said.final,
      stableChars: said.stableChars,
      startSample,
      endSample: end,
      sampleRateHz,
      ...(language === undefined ? {} : { language }),
      ...(said.final && result.words ? { words: evenWords(said.text, startSample, end) } : {}),
      ...(said.final && result.confidence !== undefined ? { confidence: result.confidence } : {}),
      ...(result.speaker === undefined ? {} : { speaker: result.speaker }),
    };
  }
}

const partialsByResult = new WeakMap<AsrResult, readonly PartialText[]>();

/** Made once for each result of a script, however many utterances it answers. */
function partialsOf(result: AsrResult): readonly PartialText[] {
  let partials = partialsByResult.get(result);
  if (!partials) {
    partials = makePartials(result);
    partialsByResult.set(result, partials);
  }
  return partials;
}

/** What is stable of each is known, as all that comes later is. */
function makePartials(result: AsrResult): PartialText[] {
  const final = result.text ?? "";
  const texts = result.partials === "auto" ? growing(final) : (result.partials ?? []);
  return texts.map((text, i) => {
    const later = [...texts.slice(i + 1), final];
    return { text, stableChars: Math.min(...later.map((next) => sharedStart(text, next))) };
  });
}

const growing = (text: string): string[] =>
  [...text.matchAll(/\S+/gu)].map((word) => text.slice(0, word.index + word[0].length));

/** How many leading UTF-16 units two texts share, no character cut in two. */
function sharedStart(a: string, b: string): number {
  let shared = 0;
  for (const character of a) {
    if (!b.startsWith(character, shared)) break;
    shared += character.length;
  }
  return shared;
}
