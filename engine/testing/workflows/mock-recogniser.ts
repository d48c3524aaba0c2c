import {
  type AudioFrame,
  type AwaitableEmit,
  endSample,
  type Frame,
  msToSamples,
  type NodeContext,
  type OutputPorts,
  type SpeechMark,
  samplesToMs,
  type TaskInput,
  type TaskNode,
  type TextFrame,
  type TextRole,
  type Word,
} from "#engine/plugin";
import type { MockResult } from "#engine/workflow";
import type { MockMaking, MockScript } from "./mock-script.ts";

/** Audio of an utterance between two partials, in ms. */
const PARTIAL_EVERY_MS = 300;

interface Utterance {
  readonly id: string;
  readonly place: number;
  readonly result: MockResult;
  readonly startSample: number;
  readonly sampleRateHz: number;
  heardTo: number;
  partialsSent: number;
}

/** Answers each utterance with the next result of its script; what it owes does not keep it from hearing on. */
export class MockRecogniser implements TaskNode {
  readonly #script: MockScript;
  readonly #ctx: NodeContext;
  readonly #outputs: OutputPorts;
  readonly #timed: boolean;
  #open: Utterance | undefined;
  #taken = 0;
  #answers: Promise<void> = Promise.resolve();
  readonly #failure = Promise.withResolvers<never>();

  constructor(
    { script, definition, config, ctx }: MockMaking,
    readonly role: "asr" | "interpret",
  ) {
    this.#script = script;
    this.#ctx = ctx;
    this.#outputs = definition.outputs(config);
    this.#timed = script.results.some(({ untilMs }) => untilMs !== undefined);
    this.#failure.promise.catch(() => {}); // read by `run`
  }

  run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    return Promise.race([this.#read(input, emit, signal), this.#failure.promise]);
  }

  async #read(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for (let got = await input.next(); got; got = input.poll() ?? (await input.next())) {
      const busy = this.#hear(got.frame, emit, signal);
      if (busy) await busy;
    }
    this.#close(emit, signal);
    await this.#answers;
  }

  #hear(frame: Frame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> | undefined {
    if (frame.kind === "speech" && !this.#timed) return void this.#mark(frame, emit, signal);
    if (frame.kind !== "audio") return undefined;
    return this.#timed ? this.#hearByTime(frame, emit, signal) : this.#heard(endSample(frame), emit);
  }

  #mark({ mark, utterance, atSample, sampleRateHz }: SpeechMark, emit: AwaitableEmit, signal: AbortSignal): void {
    if (this.#open) this.#open.heardTo = Math.max(this.#open.heardTo, mark === "end" ? atSample : 0);
    this.#close(emit, signal);
    if (mark === "start") this.#begin(utterance, this.#script.placeOf(utterance), atSample, sampleRateHz);
  }

  #begin(id: string, place: number, startSample: number, sampleRateHz: number): void {
    const result = this.#script.resultAt(place);
    this.#open = { id, place, result, startSample, sampleRateHz, heardTo: startSample, partialsSent: 0 };
  }

  #hearByTime(frame: AudioFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> | undefined {
    const { sampleRateHz } = frame;
    const until = this.#script.results[this.#taken]?.untilMs;
    if (until === undefined) return undefined;
    if (!this.#open) this.#begin(this.#ctx.newUtterance(), this.#taken, frame.startSample, sampleRateHz);
    const untilSample = msToSamples(until, sampleRateHz);
    const busy = this.#heard(Math.min(endSample(frame), untilSample), emit);
    if (endSample(frame) >= untilSample) {
      this.#taken++;
      this.#close(emit, signal);
    }
    return busy;
  }

  #heard(heardTo: number, emit: AwaitableEmit): Promise<void> | undefined {
    const open = this.#open;
    if (!open) return undefined;
    open.heardTo = heardTo;
    const { partials = [] } = open.result;
    const due = Math.floor(samplesToMs(heardTo - open.startSample, open.sampleRateHz) / PARTIAL_EVERY_MS);
    return open.partialsSent < Math.min(due, partials.length) ? this.#partial(open, emit) : undefined;
  }

  #partial(open: Utterance, emit: AwaitableEmit): Promise<void> | undefined {
    const text = open.result.partials?.[open.partialsSent++];
    const port = portOf(this.#outputs, "transcript", true);
    if (text === undefined || port === undefined) return undefined;
    return emit(textOf(open, { role: "transcript", text, final: false }), port);
  }

  #close(emit: AwaitableEmit, signal: AbortSignal): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    while (open.partialsSent < (open.result.partials?.length ?? 0)) void this.#partial(open, emit);
    this.#answers = this.#answers.then(() => this.#answer(open, emit, signal));
    this.#answers.catch((error) => this.#failure.reject(error));
  }

  async #answer(open: Utterance, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { result } = open;
    await this.#script.act(open.place, result, this.#ctx, signal);
    const said: readonly (readonly [TextRole, string | undefined])[] = [
      ["transcript", result.text],
      ["translation", result.translation],
    ];
    for (const [role, text] of said) {
      const port = portOf(this.#outputs, role, false);
      if (text === undefined || port === undefined) continue;
      if (text === "") this.#ctx.count("emptyUtterances");
      else await emit(textOf(open, { role, text, final: true }), port);
    }
  }
}

/** The output that gives finals, or partials, of a role. */
export function portOf(outputs: OutputPorts, role: TextRole, partial: boolean): string | undefined {
  const fits = Object.entries(outputs).filter(
    ([, port]) => port.kinds.includes("text") && (port.textRole ?? role) === role,
  );
  const wanted = fits.filter(([name, port]) => (port.carries?.includes("partials") && isPartialName(name)) === partial);
  return (wanted.find(([, port]) => port.default) ?? wanted[0] ?? (partial ? undefined : fits[0]))?.[0];
}

/** A port may say that it carries partials beside finals; one for partials alone has them in its name. */
const isPartialName = (name: string): boolean => /partial/i.test(name);

function textOf(
  open: Utterance,
  { role, text, final }: { readonly role: TextRole; readonly text: string; readonly final: boolean },
): TextFrame {
  const { result, id, startSample, heardTo, sampleRateHz, partialsSent } = open;
  return {
    kind: "text",
    role,
    text,
    utterance: id,
    revision: partialsSent + (final ? 1 : 0),
    final,
    stableChars: final ? text.length : 0,
    startSample,
    endSample: heardTo,
    sampleRateHz,
    ...(result.language !== undefined && { language: result.language }),
    ...(result.speaker !== undefined && { speaker: result.speaker }),
    ...(final && result.confidence !== undefined && { confidence: result.confidence }),
    ...(final && result.words && { words: evenWords(text, startSample, heardTo) }),
    ...(result.protected && { protected: true as const }),
  };
}

function evenWords(text: string, startSample: number, endSample: number): Word[] {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const at = (index: number) => startSample + Math.round((index * (endSample - startSample)) / words.length);
  return words.map((word, i) => ({ text: word, startSample: at(i), endSample: at(i + 1) }));
}
