import { z } from "zod";
import {
  type AwaitableEmit,
  type Control,
  defineNode,
  type Frame,
  type NodeContext,
  type Received,
  type TaskInput,
  type TaskNode,
} from "#engine/plugin";
import { type Turn, Turns } from "./turn/turns.ts";
import { spokenWords } from "./words.ts";

const phrases = z.array(z.string().min(1).max(200)).max(1000);
const ms = (most: number, fallback: number) => z.number().int().min(0).max(most).default(fallback);

const config = z.strictObject({
  silenceMs: ms(10_000, 600).describe("Silence that ends a turn, counted from the closing mark of an utterance."),
  unfinishedMs: ms(30_000, 2000).describe("The same after words that call for more."),
  unfinished: phrases
    .default("and or but because so if that the a an to of for with at my your i we is are".split(" "))
    .describe("Words that call for more where they come last. The default is English."),
  fillers: phrases
    .default("um uh er erm hmm mhm".split(" "))
    .describe("Words that call for more, too, and make no turn where nothing else is said."),
  complete: phrases.default([]).describe("Words that end a turn at once where they come last: `over`, `that is all`."),
  model: z
    .boolean()
    .default(false)
    .describe("Adds an input `verdict`: what another node makes of each final, as a text of the same utterance."),
  completeAt: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Of a verdict that is a number: from here on the turn is over."),
  completeWords: phrases
    .default(["yes", "true", "complete", "finished"])
    .describe("Of a verdict in words: what it begins with when the turn is over."),
  resultMs: ms(60_000, 2000).describe("How long after a closing mark its final is waited for."),
  maxTurnMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe("A turn that goes on for longer since its first final is handed on as far as it came."),
});

type Settings = z.output<typeof config>;

/** Decides when somebody has said what they want to say, so that an answer does not come in the midst of it. */
export const turn = defineNode({
  type: "core.turn",
  summary: "Puts finals together until the speaker has finished, by silence, by words or by what a model says.",
  role: "filter",
  shape: "task",
  inputs: ({ model }) => ({
    text: { kinds: ["text"], textRoles: ["transcript", "translation"], default: true },
    speech: { kinds: ["speech"], optional: true },
    ...(model && { verdict: { kinds: ["text"] as const } }),
  }),
  outputs: { turn: { kinds: ["text"] } },
  config,
  delays: ({ silenceMs }) => [{ ms: silenceMs, why: "silence that ends a turn" }],
  create: (settings, ctx) => new TurnNode(settings, ctx),
});

class TurnNode implements TaskNode {
  readonly #turns: Turns;
  /** A flush was asked for. */
  #flushed = false;
  #wake = () => {};

  constructor(
    readonly settings: Settings,
    readonly ctx: NodeContext,
  ) {
    this.#turns = new Turns(settings);
  }

  async run(input: TaskInput, emit: AwaitableEmit): Promise<void> {
    const { clock } = this.ctx;
    let coming = input.next();
    for (;;) {
      const received = await this.#nextOrDue(coming);
      const nowMs = clock.nowMs();
      if (this.#flushed) {
        this.#flushed = false;
        await this.#give(this.#turns.finish("flush", nowMs), emit);
      }
      if (received === "due") await this.#give(this.#turns.due(nowMs), emit);
      else if (!received) return this.#give(this.#turns.finish("end", nowMs), emit);
      else {
        for (const each of this.#heard(received.frame, received.port, nowMs)) await this.#give(each, emit);
        coming = input.next();
      }
    }
  }

  onControl(control: Control): void {
    if (control.kind !== "flush") return;
    this.#flushed = true;
    this.#wake();
  }

  /** What comes, or that something is due: whichever is first. */
  async #nextOrDue(coming: Promise<Received | undefined>): Promise<Received | "due" | undefined> {
    if (this.#flushed) return "due";
    const { clock } = this.ctx;
    const due = Promise.withResolvers<"due">();
    this.#wake = () => due.resolve("due");
    const { dueMs } = this.#turns;
    const callOff = dueMs === undefined ? () => {} : clock.after(Math.max(0, dueMs - clock.nowMs()), this.#wake);
    try {
      return await Promise.race([coming, due.promise]);
    } finally {
      callOff();
    }
  }

  #heard(frame: Frame, port: string, nowMs: number): (Turn | undefined)[] {
    if (frame.kind === "speech") return [this.#turns.mark(frame, nowMs)];
    if (frame.kind !== "text" || !frame.final) return [];
    if (port === "verdict") return [this.#turns.verdict(frame.utterance, this.#isComplete(frame.text), nowMs)];
    return this.#turns.text(frame, nowMs);
  }

  #isComplete(verdict: string): boolean {
    const number = Number(verdict);
    if (verdict.trim() !== "" && !Number.isNaN(number)) return number >= this.settings.completeAt;
    const first = spokenWords(verdict)[0]?.word;
    return this.settings.completeWords.some((word) => spokenWords(word)[0]?.word === first && first !== undefined);
  }

  async #give(turn: Turn | undefined, emit: AwaitableEmit): Promise<void> {
    const { ctx } = this;
    for (; this.#turns.dropped > 0; this.#turns.dropped--) ctx.count("fillersOnly");
    if (!turn) return;
    const { frame, ...facts } = turn;
    ctx.count("turns");
    ctx.report({ type: "turn", utterance: frame.utterance, ...facts });
    await emit(frame);
  }
}
