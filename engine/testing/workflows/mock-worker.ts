import {
  type AudioFormat,
  type AwaitableEmit,
  type Control,
  defaultPort,
  EngineError,
  type Frame,
  type NodeContext,
  type OutputPorts,
  type RecordingFrame,
  type Role,
  type TaskInput,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import type { MockResult } from "#engine/workflow";
import { portOf } from "./mock-recogniser.ts";
import type { MockMaking, MockScript } from "./mock-script.ts";
import { Tape, tone } from "./tape.ts";

/** How long a letter is spoken where a script does not say how long its text is. */
const MS_PER_LETTER = 60;
const SPOKEN: AudioFormat = { sampleRateHz: 16_000, channels: 1 };

/** Answers one final or recording after the other; what it has no answer for passes, or ends here. */
export class MockWorker implements TaskNode {
  readonly #script: MockScript;
  readonly #ctx: NodeContext;
  readonly #outputs: OutputPorts;
  readonly #scripted: boolean;
  #units = 0;
  #position = 0;
  #speaking: { readonly frame: TextFrame; stopped: boolean } | undefined;

  constructor(
    { script, definition, config, ctx }: MockMaking,
    readonly role: Role,
  ) {
    this.#script = script;
    this.#ctx = ctx;
    this.#outputs = definition.outputs(config);
    this.#scripted = script.mock.results !== undefined || script.mock.table !== undefined;
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for (let got = await input.next(); got; got = input.poll() ?? (await input.next()))
      if (this.#isWork(got.frame)) await this.#work(got.frame, emit, signal);
      else if (this.role === "filter" && !this.#scripted) await this.#pass(got.frame, emit);
  }

  onControl(control: Control): void {
    const speaking = this.#speaking;
    if (control.kind !== "barge-in" || !speaking || speaking.frame.protected) return;
    if (speaking.frame.utterance !== control.utterance) speaking.stopped = true;
  }

  #isWork(frame: Frame): frame is TextFrame | RecordingFrame {
    if (this.role === "sink" || (this.role === "filter" && !this.#scripted)) return false;
    return frame.kind === "recording" || (frame.kind === "text" && frame.final);
  }

  #pass(frame: Frame, emit: AwaitableEmit): Promise<void> | undefined {
    const port = defaultPort(this.#outputs);
    return port !== undefined && this.#outputs[port]!.kinds.includes(frame.kind) ? emit(frame, port) : undefined;
  }

  async #work(frame: TextFrame | RecordingFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const unit =
      frame.kind === "text" ? `${frame.utterance} ${frame.role} ${frame.revision}` : `recording ${this.#units++}`;
    const { table } = this.#script.mock;
    const found = frame.kind === "text" ? lookUp(table, frame.text) : undefined;
    const place = found === undefined && this.#needsResult ? this.#script.placeOf(unit) : -1;
    const result: MockResult = place < 0 ? { text: found } : this.#script.resultAt(place);
    await this.#script.act(place, result, this.#ctx, signal);
    if (this.role === "tts" && frame.kind === "text") await this.#speak(frame, result, emit);
    else await this.#say(frame, result, emit);
  }

  /** A synthesiser can speak whatever comes. */
  get #needsResult(): boolean {
    return this.#script.mock.results !== undefined || (this.role !== "tts" && this.#script.mock.table !== undefined);
  }

  async #say(frame: TextFrame | RecordingFrame, result: MockResult, emit: AwaitableEmit): Promise<void> {
    const role = frame.kind === "recording" ? "transcript" : this.role === "translate" ? "translation" : frame.role;
    const port = portOf(this.#outputs, role, false) ?? defaultPort(this.#outputs);
    const { text } = result;
    if (text === undefined || text === "" || port === undefined) return;
    const facts = {
      role,
      text,
      final: true,
      stableChars: text.length,
      ...(result.language !== undefined && { language: result.language }),
      ...(result.confidence !== undefined && { confidence: result.confidence }),
      ...(result.speaker !== undefined && { speaker: result.speaker }),
      ...(result.protected && { protected: true as const }),
    } as const;
    if (frame.kind === "text") {
      const { words: _words, confidence: _confidence, vendor: _vendor, language, ...about } = frame;
      const declared = this.#outputs[port]!.language;
      const madeFrom = { text: frame.text, ...(language !== undefined && { language }) };
      return void (await emit({ ...about, ...(declared && { language: declared }), ...facts, madeFrom }, port));
    }
    const place = { startSample: 0, endSample: (frame.durationMs ?? 0) * 16, sampleRateHz: 16_000 };
    await emit({ kind: "text", utterance: this.#ctx.newUtterance(), revision: 1, ...place, ...facts }, port);
  }

  async #speak(frame: TextFrame, result: MockResult, emit: AwaitableEmit): Promise<void> {
    const entry = Object.entries(this.#outputs).find(([, port]) => port.kinds.includes("audio"));
    if (!entry) throw new EngineError("SCRIPT_INVALID", `${this.#script.id} has no output for audio`);
    const [port, { audio }] = entry;
    const { sampleRateHz, channels } = typeof audio === "object" ? audio : SPOKEN;
    const pcm = tone(result.audioMs ?? frame.text.length * MS_PER_LETTER, 220, sampleRateHz);
    const speaking = { frame, stopped: false };
    this.#speaking = speaking;
    this.#ctx.usage("characters", frame.text.length);
    for (const piece of new Tape(SPOKEN_AS(sampleRateHz), [pcm]).as({ sampleRateHz, channels }).frames(20)) {
      if (speaking.stopped) break;
      const spared = frame.protected || result.protected ? { protected: true as const } : {};
      const facts = { sampleRateHz, channels, startSample: this.#position, utterance: frame.utterance, ...spared };
      this.#position += piece.length / channels;
      await emit({ kind: "audio", pcm: piece, ...facts }, port);
    }
    this.#speaking = undefined;
    const spoken = Object.entries(this.#outputs).find(([, each]) => each.kinds.includes("text"))?.[0];
    if (spoken !== undefined && !speaking.stopped) await emit(frame, spoken);
  }
}

const SPOKEN_AS = (sampleRateHz: number): AudioFormat => ({ sampleRateHz, channels: 1 });

/** Capitals and spaces around a text make no difference. */
function lookUp(table: Readonly<Record<string, string>> | undefined, text: string): string | undefined {
  const key = text.trim().toLowerCase();
  return Object.entries(table ?? {}).find(([each]) => each.trim().toLowerCase() === key)?.[1];
}
