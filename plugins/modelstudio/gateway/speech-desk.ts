import { z } from "zod";
import {
  type Frame,
  type GatewayHost,
  ServedRun,
  SpokenOut,
  type SpokenOutOptions,
  type TextFrame,
} from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type Answer, bodyOf, type Call } from "./calls.ts";
import { answered, type Refusal, refusal, refusalOf } from "./refusal.ts";
import { formatOf, plainText, spokenParams } from "./speaking-task.ts";
import { MESSAGE_BYTES } from "./spoken-formats.ts";

const MOST_CHARS = 20_000;

const body = z.looseObject({
  model: z.string().regex(/^(cosyvoice|qwen)/),
  input: z.looseObject({ text: z.string().min(1).max(MOST_CHARS), voice: z.string().min(1) }),
});

/** A text that a call asks to be spoken. */
interface Asked {
  readonly call: Call;
  readonly text: string;
  readonly params: Payload;
  readonly format: SpokenOutOptions;
}

/** HTTP synthesis, with the audio in events, or all of it in one answer. */
export class SpeechDesk {
  readonly #runs = new Set<ServedRun>();

  constructor(readonly host: GatewayHost) {}

  /** CosyVoice. */
  readonly speech: Answer = async (call) => {
    const read = bodyOf(call, body);
    if ("code" in read) return read;
    const { input } = read.body;
    const format = formatOf(input);
    if ("code" in format) return format;
    const text = input.enable_ssml === true ? plainText(input.text) : input.text;
    return this.#answer({ call, text, params: spokenParams(input), format });
  };

  /** Qwen, which speaks samples of 24 kHz. */
  readonly generation: Answer = async (call) => {
    const read = bodyOf(call, body);
    if ("code" in read) return read;
    const { input, model } = read.body;
    if (!model.includes("tts")) return refusal("ModelNotFound", "the model does not exist");
    const format = { format: "pcm", sampleRateHz: 24_000, messageBytes: MESSAGE_BYTES } as const;
    return this.#answer({ call, text: input.text, params: { voice: input.voice }, format });
  };

  async close(): Promise<void> {
    for (const run of this.#runs) run.leave();
    await Promise.all([...this.#runs].map((run) => run.gone()));
  }

  async #answer(asked: Asked) {
    if (asked.text.trim() === "") return refusal("InvalidParameter", "input.text has no words");
    const pieces = new Pieces();
    const out = await SpokenOut.open(asked.format, (bytes) => pieces.push(bytes));
    const run = this.#run(asked, out, pieces);
    await run.settled;
    if (pieces.refused) return pieces.refused;
    const { requestId, request } = asked.call;
    const characters = [...asked.text].length;
    const result = (data: Uint8Array, finish: string | null) => ({
      request_id: requestId,
      output: {
        audio: { data: Buffer.from(data).toString("base64"), url: "", id: `audio_${requestId}`, expires_at: 0 },
        finish_reason: finish,
      },
      usage: { characters },
    });
    if (request.headers["x-dashscope-sse"] === "enable")
      return {
        status: 200,
        headers: { "content-type": "text/event-stream;charset=UTF-8" },
        body: events(pieces, { result, requestId, left: () => run.leave() }),
      };
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    return pieces.refused ?? answered(result(Buffer.concat(all), "stop"));
  }

  #run({ call, text, params }: Asked, out: SpokenOut, pieces: Pieces): ServedRun {
    const end = (refused?: Refusal) => {
      this.#runs.delete(run);
      out.close();
      pieces.end(refused);
    };
    const run = new ServedRun(
      this.host,
      { key: call.key, input: { kind: "text" }, params, labels: { requestId: call.requestId } },
      {
        ready: () => {
          void run.push(promptOf(text, call.requestId));
          run.end();
        },
        output: (frame: Frame) => {
          if (frame.kind === "audio") out.push(frame);
        },
        completed: () => {
          out.end();
          end();
        },
        failed: (error) => end(refusalOf(error)),
      },
    );
    this.#runs.add(run);
    return run;
  }
}

/** What was spoken so far, for one reader. */
class Pieces implements AsyncIterable<Uint8Array> {
  readonly #pieces: Uint8Array[] = [];
  #over = false;
  #wake: () => void = () => {};
  refused: Refusal | undefined;

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice());
    this.#wake();
  }

  end(refused?: Refusal): void {
    this.#over = true;
    this.refused = refused;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) yield piece;
      else if (this.#over) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

interface EventOptions {
  readonly result: (data: Uint8Array, finish: string | null) => unknown;
  readonly requestId: string;
  /** The client has gone before the end. */
  readonly left: () => void;
}

async function* events(pieces: Pieces, { result, requestId, left }: EventOptions): AsyncGenerator<Uint8Array> {
  let id = 0;
  const event = (name: string, data: unknown) =>
    new TextEncoder().encode(`id:${++id}\nevent:${name}\n:HTTP_STATUS/200\ndata:${JSON.stringify(data)}\n\n`);
  try {
    for await (const piece of pieces) yield event("result", result(piece, null));
    const { refused } = pieces;
    if (refused) yield event("error", { code: refused.code, message: refused.words, request_id: requestId });
    else yield event("result", result(new Uint8Array(0), "stop"));
  } finally {
    left();
  }
}

function promptOf(text: string, id: string): TextFrame {
  const facts = {
    revision: 1,
    final: true,
    stableChars: text.length,
    startSample: 0,
    endSample: 0,
    sampleRateHz: 16_000,
  };
  return { kind: "text", role: "prompt", text, utterance: id, ...facts };
}
