import { z } from "zod";
import { type GatewayHost, type Outgoing, SpokenCall, type SpokenOutOptions } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import { type Answer, bodyOf, type Call, placeOf } from "./calls.ts";
import { answered, type Refusal, refusal, refusalOf } from "./refusal.ts";
import { formatOf, spokenParams, spokenText } from "./speaking-task.ts";
import { asWav, SpokenFiles } from "./spoken-files.ts";
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
  /** The file that is made of it has a head, which what is streamed has not. */
  readonly headed?: boolean;
}

/** HTTP synthesis, with the audio in events, or all of it in one answer. */
export class SpeechDesk {
  readonly #calls = new Set<SpokenCall>();
  readonly files: SpokenFiles;

  constructor(
    readonly host: GatewayHost,
    private readonly publicUrl: string | undefined,
  ) {
    this.files = new SpokenFiles(host);
  }

  /** CosyVoice. */
  readonly speech: Answer = async (call) => {
    const read = bodyOf(call, body);
    if ("code" in read) return read;
    const { input } = read.body;
    const format = formatOf(input);
    if ("code" in format) return format;
    const text = spokenText(input.text, input.enable_ssml === true);
    if (typeof text !== "string") return text;
    return this.#answer({ call, text, params: spokenParams(input), format });
  };

  /** Qwen, which speaks samples of 24 kHz. */
  readonly generation: Answer = async (call) => {
    const read = bodyOf(call, body);
    if ("code" in read) return read;
    const { input, model } = read.body;
    if (!model.includes("tts")) return refusal("ModelNotFound", "the model does not exist");
    const format = { format: "pcm", sampleRateHz: 24_000, messageBytes: MESSAGE_BYTES } as const;
    return this.#answer({ call, text: input.text, params: { voice: input.voice }, format, headed: true });
  };

  async close(): Promise<void> {
    for (const call of this.#calls) call.leave();
    await Promise.all([...this.#calls].map((call) => call.gone()));
  }

  async #answer({ call, text, params, format, headed = false }: Asked): Promise<Outgoing | Refusal> {
    if (text.trim() === "") return refusal("InvalidParameter", "input.text has no words");
    const { requestId, request, key } = call;
    const spoken = await SpokenCall.open(this.host, {
      key,
      id: requestId,
      text,
      params,
      labels: { requestId },
      format,
    });
    this.#calls.add(spoken);
    void spoken.gone().then(() => this.#calls.delete(spoken));
    await spoken.begun;
    const refused = spoken.failure();
    if (refused) return refusalOf(refused.error);
    const characters = [...text].length;
    const base = placeOf(call, this.publicUrl);
    const result = (data: Uint8Array, whole?: Uint8Array) => {
      const file =
        whole && this.files.keep(headed ? asWav(whole, format.sampleRateHz) : whole, headed ? "wav" : format.format);
      const url = file ? `${base}/api/v1/audio/${file.id}` : "";
      return {
        request_id: requestId,
        output: {
          audio: {
            data: Buffer.from(data).toString("base64"),
            url,
            id: `audio_${requestId}`,
            expires_at: file?.expiresAtS ?? 0,
          },
          finish_reason: whole ? "stop" : null,
        },
        usage: { characters },
      };
    };
    if (request.headers["x-dashscope-sse"] === "enable")
      return {
        status: 200,
        headers: { "content-type": "text/event-stream;charset=UTF-8" },
        body: events(spoken, { result, requestId }),
      };
    const all: Uint8Array[] = [];
    for await (const piece of spoken) all.push(piece);
    const failure = spoken.failure();
    return failure ? refusalOf(failure.error) : answered(result(Buffer.concat(all), Buffer.concat(all)));
  }
}

interface EventOptions {
  /** @param whole all of it, in the last event. */
  readonly result: (data: Uint8Array, whole?: Uint8Array) => unknown;
  readonly requestId: string;
}

async function* events(spoken: SpokenCall, { result, requestId }: EventOptions): AsyncGenerator<Uint8Array> {
  let id = 0;
  const event = (name: string, data: unknown) =>
    new TextEncoder().encode(`id:${++id}\nevent:${name}\n:HTTP_STATUS/200\ndata:${JSON.stringify(data)}\n\n`);
  try {
    const all: Uint8Array[] = [];
    for await (const piece of spoken) {
      all.push(piece);
      yield event("result", result(piece));
    }
    const failure = spoken.failure();
    if (!failure) return yield event("result", result(new Uint8Array(0), Buffer.concat(all)));
    const { code, words } = refusalOf(failure.error);
    yield event("error", { code, message: words, request_id: requestId });
  } finally {
    spoken.leave(); // the client may have gone before the end
  }
}
