import type { Frame, TextFrame } from "../../frames/index.ts";
import { InnerInput } from "../inner/inner-input.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, TaskInput, TaskNode } from "../node.ts";
import { defaultPort, type OutputPorts } from "../ports.ts";
import type { Hearing } from "./hearing.ts";
import type { Local } from "./local.ts";
import { contextOf, isPartial, type PassingOptions } from "./passing.ts";
import { type Speaking, speakingInside } from "./speaking.ts";

export interface InterpretingOptions extends Omit<PassingOptions, "local" | "input"> {
  readonly hearing: Hearing;
  /** A translator for each target, and a synthesiser where speech is wanted. */
  readonly parts: readonly Local[];
  readonly targets: readonly string[];
}

/** Texts are not bounded by time; a recogniser on this machine is slower than what it feeds. */
const TEXTS = Number.POSITIVE_INFINITY;

/** Interprets by a recogniser and translators of this machine, and speaks the translations where that is asked for. */
export class Interpreting implements TaskNode {
  readonly #translators: readonly { readonly node: InnerNode; readonly input: InnerInput; readonly port: string }[];
  readonly #speaking: Speaking | undefined;
  readonly #ports: TextPorts;
  /** Translations of several translators are spoken one after the other. */
  #spoken: Promise<void> = Promise.resolve();

  constructor(readonly options: InterpretingOptions) {
    const { parts, targets, ctx, outputs } = options;
    this.#ports = new TextPorts(outputs);
    this.#translators = parts.slice(0, targets.length).map((local) => ({
      node: new InnerNode({ ...local, ctx: contextOf(ctx, undefined) }),
      input: new InnerInput(TEXTS),
      port: defaultPort(local.definition.inputs(local.config)) ?? "text",
    }));
    const tts = parts[targets.length];
    this.#speaking = tts && speakingInside(tts, outputs, ctx);
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const hear = async () => {
      await this.options.hearing.run(input, (frame) => this.#heard(frame, emit), signal);
      for (const translator of this.#translators) translator.input.end();
    };
    const translating = this.#translators.map(({ node, input: texts }) =>
      node.run(texts, (frame) => this.#translated(frame, emit, signal), signal),
    );
    await Promise.all([hear(), ...translating]);
  }

  onControl(control: Parameters<NonNullable<TaskNode["onControl"]>>[0]): void {
    this.options.hearing.control(control);
    this.#speaking?.onControl(control);
  }

  held(): number {
    return this.options.hearing.held();
  }

  async close(): Promise<void> {
    const all = [this.options.hearing, ...this.#translators.map(({ node }) => node), this.#speaking];
    await Promise.all(all.map((each) => each?.close()));
  }

  #heard(frame: Frame, emit: AwaitableEmit): Promise<void> | undefined {
    if (frame.kind !== "text") return undefined;
    for (const { input, port } of this.#translators) input.push({ port, frame });
    return this.#give(frame, emit);
  }

  #translated(frame: Frame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> | undefined {
    if (frame.kind !== "text") return undefined;
    const room = this.#give(frame, emit);
    if (!this.#speaking || !frame.final) return room;
    const speaking = this.#speaking;
    this.#spoken = Promise.all([this.#spoken, room]).then(() => speaking.speak(frame, emit, signal));
    return this.#spoken;
  }

  #give(frame: TextFrame, emit: AwaitableEmit): Promise<void> | undefined {
    const port = this.#ports.of(frame);
    return port === undefined ? undefined : emit(frame, port);
  }
}

/** Which output a text goes out by: one for its role, and of its sort. */
class TextPorts {
  readonly #names = new Map<string, string>();

  constructor(outputs: OutputPorts) {
    for (const [name, port] of Object.entries(outputs))
      if (port.kinds.includes("text"))
        this.#names.set(`${port.textRole} ${isPartial(port) ? "partial" : "final"}`, name);
  }

  of({ role, final }: TextFrame): string | undefined {
    return this.#names.get(`${role} ${final ? "final" : "partial"}`);
  }
}
