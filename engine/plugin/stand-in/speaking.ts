import type { TextFrame, Word } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import { InnerInput } from "../inner/inner-input.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, TaskInput, TaskNode } from "../node.ts";
import type { OutputPorts } from "../ports.ts";
import type { Local } from "./local.ts";
import { contextOf, type PassingOptions } from "./passing.ts";

/** Speaks texts one after the other by a synthesiser of this machine, each in its own language, and says which words lie where. */
export class Speaking implements TaskNode {
  readonly #audioPort: string | undefined;
  readonly #textPort: string | undefined;
  #current: InnerNode | undefined;
  #endSample = 0;

  constructor(readonly options: PassingOptions) {
    const ports = Object.entries(options.outputs);
    this.#audioPort = ports.find(([, port]) => port.kinds.includes("audio"))?.[0];
    this.#textPort = ports.find(([, port]) => port.kinds.includes("text") && port.textRole === undefined)?.[0];
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for await (const frame of input)
      if (frame.kind === "text" && frame.final && frame.text.trim() !== "") await this.speak(frame, emit, signal);
  }

  /** One text by a node of its own: its language is known only now. */
  async speak(frame: TextFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { local, input, ctx } = this.options;
    const begin = this.#endSample;
    let sampleRateHz = frame.sampleRateHz;
    const texts = new InnerInput(0);
    texts.push({ port: input ?? "text", frame });
    texts.end();
    this.#current = new InnerNode({ ...forLanguage(local, frame), ctx: contextOf(ctx, input) });
    const outward: AwaitableEmit = (made) => {
      if (made.kind !== "audio") return undefined;
      const startSample = this.#endSample;
      this.#endSample += made.pcm.length / made.channels;
      sampleRateHz = made.sampleRateHz;
      return this.#audioPort === undefined ? undefined : emit({ ...made, startSample }, this.#audioPort);
    };
    await this.#current.run(texts, outward, signal);
    if (this.#textPort !== undefined)
      await emit(spokenText(frame, { begin, end: this.#endSample, sampleRateHz }), this.#textPort);
  }

  onControl(control: Parameters<NonNullable<TaskNode["onControl"]>>[0]): void {
    this.#current?.control(control);
  }

  async close(): Promise<void> {
    await this.#current?.close();
  }
}

function forLanguage({ definition, config }: Local, { language }: TextFrame): Local {
  if (!definition.standsIn || language === undefined) return { definition, config };
  const settings = definition.standsIn.settings({ source: language, targets: [], partials: false });
  return { definition, config: definition.config.parse(settings) };
}

interface Stretch {
  readonly begin: number;
  readonly end: number;
  readonly sampleRateHz: number;
}

/** The text where its sound lies. Words get shares of it by their letters, which is where about they are. */
function spokenText(from: TextFrame, { begin, end, sampleRateHz }: Stretch): TextFrame {
  return {
    ...from,
    role: from.role === "translation" ? "translation" : "transcript",
    revision: 1,
    stableChars: from.text.length,
    startSample: begin,
    endSample: end,
    sampleRateHz,
    words: wordsOf(from.text, begin, end),
  };
}

function wordsOf(text: string, begin: number, end: number): Word[] {
  const words = text.split(/\s+/u).filter((word) => word !== "");
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  const at = (count: number) => begin + Math.round(((end - begin) * count) / Math.max(1, letters));
  let before = 0;
  return words.map((word) => {
    const startSample = at(before);
    before += word.length;
    return { text: word, startSample, endSample: at(before) };
  });
}

/** What a speaking node inside another needs of it. */
export const speakingInside = (local: Local, outputs: OutputPorts, ctx: NodeContext): Speaking => {
  const [input] = Object.keys(local.definition.inputs(local.config));
  return new Speaking({ local, input, outputs, ctx });
};
