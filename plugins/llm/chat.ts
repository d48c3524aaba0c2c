import {
  type AwaitableEmit,
  type Control,
  defineNode,
  EngineError,
  type NodeContext,
  type TaskInput,
  type TaskNode,
  type TextFrame,
  TextWork,
} from "#engine/plugin";
import { answerOf } from "./answer.ts";
import { type ChatSettings, chatConfig } from "./config.ts";
import { GrowingText } from "./growing-text.ts";
import { forgetHistory, type History, historyOf } from "./history.ts";

/** Answers finals by a language model; the beginning of an answer can be spoken while its end is being made. */
export const chat = defineNode({
  type: "llm.chat",
  summary: "Answers texts by a language model, at any address that speaks as OpenAI's does.",
  role: "filter",
  shape: "task",
  inputs: { text: { kinds: ["text"] } },
  outputs: ({ stream, language }) => ({
    text: {
      kinds: ["text"],
      textRole: "prompt",
      ...(language !== undefined && { language }),
      ...(stream && { carries: ["partials"] as const }),
    },
  }),
  config: chatConfig,
  effects: ["network"],
  retry: { attempts: 2 },
  create: (settings, ctx) => new Chat(settings, ctx),
});

class Chat implements TaskNode {
  readonly #history: History;
  readonly #work: TextWork;

  constructor(
    /** As they are for the next question. */
    private settings: ChatSettings,
    private readonly ctx: NodeContext,
    private readonly planned = settings,
  ) {
    this.#history = historyOf(planned, ctx);
    this.#work = new TextWork(() => ctx.count("bargedTexts"));
  }

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    await this.#work.run(input, signal, async (frame, wanted) => {
      if (frame.kind === "text" && frame.final && frame.text.trim() !== "") await this.#answer(frame, emit, wanted);
    });
    forgetHistory(this.planned, this.ctx);
  }

  onControl(control: Control): void {
    this.#work.onControl(control);
  }

  onUpdate(config: unknown): void {
    this.settings = chatConfig.parse(config);
  }

  async #answer(question: TextFrame, emit: AwaitableEmit, wanted: AbortSignal): Promise<void> {
    const saying = new Saying(question, this.settings, emit);
    try {
      await this.#ask(question, saying, wanted);
      await saying.end();
    } catch (error) {
      if (wanted.aborted) {
        this.#history.add(question.text, saying.said);
        throw error;
      }
      const { sorry } = this.settings;
      if (sorry === undefined || !(error instanceof EngineError)) throw error;
      this.ctx.count("sorry");
      this.ctx.report({ type: "sorry", utterance: question.utterance, code: error.code });
      await saying.excuse(sorry);
    }
    this.#history.add(question.text, saying.said);
    this.ctx.usage("characters", saying.said.length);
    this.ctx.count("answers");
  }

  /** @throws EngineError VENDOR_PROTOCOL where no words came, VENDOR_REFUSED where the service kept them back. */
  async #ask(question: TextFrame, saying: Saying, wanted: AbortSignal): Promise<void> {
    const messages = this.#history.messages(question.text, this.settings);
    let keptBack = false;
    for await (const { text, finished } of answerOf(this.settings, messages, this.ctx, wanted)) {
      keptBack ||= finished === "content_filter";
      if (text !== "") await saying.grow(text);
      wanted.throwIfAborted();
      if (!saying.full) continue;
      this.ctx.count("cutAnswers");
      break;
    }
    if (saying.said !== "") return;
    if (keptBack) throw new EngineError("VENDOR_REFUSED", "the model's service kept its answer back");
    throw new EngineError("VENDOR_PROTOCOL", "the model answered without words");
  }
}

/** One answer on its way: partials that only grow, and a final. */
class Saying {
  readonly #text = new GrowingText();
  #revision = 0;
  #shown = "";
  #stable = -1;
  full = false;

  constructor(
    readonly question: TextFrame,
    readonly settings: ChatSettings,
    readonly emit: AwaitableEmit,
  ) {}

  get said(): string {
    return this.#text.text;
  }

  async grow(piece: string): Promise<void> {
    this.#text.push(piece);
    this.full = this.#text.cut(this.settings.maxChars);
    const { text, stableChars } = this.#text;
    if (!this.settings.stream || this.full || (text === this.#shown && stableChars === this.#stable) || text === "")
      return;
    this.#shown = text;
    this.#stable = stableChars;
    await this.emit(this.#frame(text, false, stableChars));
  }

  async end(): Promise<void> {
    await this.emit(this.#frame(this.said, true, this.said.length));
  }

  /** Behind what may have been spoken already. */
  async excuse(sorry: string): Promise<void> {
    const { text, stableChars } = this.#text;
    const whole = [text.slice(0, stableChars).trimEnd(), sorry].filter(Boolean).join(" ");
    await this.emit(this.#frame(whole, true, whole.length));
  }

  #frame(text: string, final: boolean, stableChars: number): TextFrame {
    const { utterance, startSample, endSample, sampleRateHz, channel, language } = this.question;
    return {
      kind: "text",
      role: "prompt",
      text,
      utterance,
      revision: ++this.#revision,
      final,
      stableChars,
      startSample,
      endSample,
      sampleRateHz,
      ...(this.settings.language !== undefined && { language: this.settings.language }),
      ...(channel !== undefined && { channel }),
      madeFrom: { text: this.question.text, ...(language !== undefined && { language }) },
      ...(this.question.protected && { protected: true }),
    };
  }
}
