import { asEngineError, EngineError } from "#engine/errors";
import { type DecodedWord, Decoder } from "./decoder.ts";
import { type Answer, isRequest, type Request, requestId } from "./protocol.ts";

/** What a thread does with its messages, apart from the messages themselves: `worker.ts` carries them. */
export class RecogniserThread {
  #open: Extract<Request, { kind: "open" }> | undefined;
  #streaming: Decoder | undefined;
  /** Makes accurate finals; opened when first wanted. */
  #whole: Decoder | undefined;
  /** The utterance so far, where finals are accurate. */
  #pieces: Int16Array[] = [];

  /** The answer to a message; undefined for one that carries no id to answer to. Never throws. */
  answer(data: unknown): Answer | undefined {
    const id = requestId(data);
    if (id === undefined) return undefined;
    try {
      if (!isRequest(data))
        throw new EngineError("ENGINE_FAILED", "pocketsphinx: a request that is none of its protocol");
      return this.#do(data);
    } catch (error) {
      const { code, message } = asEngineError(error, "ENGINE_FAILED", "pocketsphinx");
      return { kind: "failed", id, code, message };
    }
  }

  /** Opens what a later request will need anyway; called when nothing is asked. A failure is left to that request to report. */
  prepare(): void {
    try {
      if (this.#open?.options.finals === "accurate") this.#wholeDecoder();
    } catch {
      // The same call comes again with the end of the first utterance, and fails there where somebody listens.
    }
  }

  #do(request: Request): Answer {
    const { id } = request;
    switch (request.kind) {
      case "open":
        if (this.#open) throw new EngineError("ENGINE_FAILED", "pocketsphinx: open for the second time");
        this.#streaming = Decoder.open(request.files, request.options);
        this.#open = request;
        return { kind: "opened", id };
      case "feed":
        this.#feed(request.pcm);
        return { kind: "text", id, text: this.#decoder().text() };
      case "end":
        this.#feed(request.pcm);
        return { kind: "words", id, words: this.#end() };
      case "close":
        this.#close();
        return { kind: "closed", id, openDecoders: Decoder.openCount };
    }
  }

  #feed(pcm: Int16Array): void {
    const decoder = this.#decoder();
    if (pcm.length === 0) return;
    if (!decoder.inUtterance) decoder.begin();
    decoder.feed(pcm);
    if (this.#open?.options.finals === "accurate") this.#pieces.push(pcm);
  }

  #end(): readonly DecodedWord[] {
    const decoder = this.#decoder();
    const pieces = this.#pieces;
    this.#pieces = [];
    if (!decoder.inUtterance) return [];
    decoder.end(); // also where its words are not used: this is when it learns the channel for the next utterance
    return this.#open?.options.finals === "accurate"
      ? this.#wholeDecoder().decodeWhole(joined(pieces))
      : decoder.words();
  }

  #close(): void {
    this.#streaming?.close();
    this.#whole?.close();
    this.#streaming = undefined;
    this.#whole = undefined;
    this.#pieces = [];
  }

  #decoder(): Decoder {
    if (!this.#streaming) throw new EngineError("ENGINE_FAILED", "pocketsphinx: asked while it is not open");
    return this.#streaming;
  }

  #wholeDecoder(): Decoder {
    if (!this.#open || !this.#streaming)
      throw new EngineError("ENGINE_FAILED", "pocketsphinx: asked while it is not open");
    this.#whole ??= Decoder.open(this.#open.files, this.#open.options);
    return this.#whole;
  }
}

function joined(pieces: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
