import type { EngineError } from "../../errors/index.ts";
import type { GatewayHost, GatewayKey } from "./host.ts";
import { promptFrame } from "./prompt-frame.ts";
import { ServedRun } from "./served-run.ts";
import { SpokenOut, type SpokenOutOptions } from "./spoken-out.ts";

/** A text that a call asks to be spoken. */
export interface SpokenCallRequest {
  readonly key: GatewayKey;
  /** Names the utterance. */
  readonly id: string;
  readonly text: string;
  /** BCP 47, where the client tells it. */
  readonly language?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly format: SpokenOutOptions;
}

/**
 * Has the mapped workflow speak one text for a call that is answered once, at its end or while it is spoken: gives the bytes of the format that
 * was asked for, to one reader.
 */
export class SpokenCall implements AsyncIterable<Uint8Array> {
  readonly #pieces: Uint8Array[] = [];
  readonly #run: ServedRun;
  readonly #begun = Promise.withResolvers<void>();
  #over = false;
  #failed: { readonly error: EngineError | undefined } | undefined;
  #wake: () => void = () => {};

  private constructor(
    host: GatewayHost,
    { key, id, text, language, params, labels }: SpokenCallRequest,
    private readonly out: () => SpokenOut,
  ) {
    const run = new ServedRun(
      host,
      { key, input: { kind: "text" }, ...(params && { params }), ...(labels && { labels }) },
      {
        ready: () => {
          void run.push(promptFrame(text, id, { language }));
          run.end();
        },
        output: (frame) => {
          if (frame.kind === "audio") this.out().push(frame);
        },
        completed: () => {
          this.out().end();
          this.#end();
        },
        failed: (error) => {
          this.#failed = { error };
          this.#end();
        },
      },
    );
    this.#run = run;
  }

  /** @throws EngineError ENGINE_MISSING where the encoder's library is not installed. */
  static async open(host: GatewayHost, request: SpokenCallRequest): Promise<SpokenCall> {
    const out = await SpokenOut.open(request.format, (bytes) => call.#push(bytes));
    const call = new SpokenCall(host, request, () => out);
    return call;
  }

  /** Resolves when there are bytes, or nothing more comes: until then a call may still be refused. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Why nothing more came; undefined while it speaks, and when all was spoken. */
  failure(): { readonly error: EngineError | undefined } | undefined {
    return this.#failed;
  }

  /** The caller has gone. */
  leave(): void {
    this.#run.leave();
    this.#end();
  }

  /** Resolves when nothing of its run is left. */
  gone(): Promise<void> {
    return this.#run.gone();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) yield piece;
      else if (this.#over) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #push(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#pieces.push(bytes.slice());
    this.#begun.resolve();
    this.#wake();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.out().close();
    this.#begun.resolve();
    this.#wake();
  }
}
