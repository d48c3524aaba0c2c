import { type Caller, EngineError, type GatewayHost, type Incoming, type Outgoing, SpokenCall } from "#engine/plugin";
import type { GatewaySettings } from "./settings.ts";
import {
  checkSpeech,
  type SpeechInterface,
  SpeechRefusal,
  type SpeechRequest,
  speechRefusalOf,
} from "./speech-request.ts";
import { spokenFormat } from "./voice.ts";

const HTTP: SpeechInterface = {
  action: "TextToStreamAudio",
  method: "POST",
  place: "tts.cloud.tencent.com/stream",
  hasText: true,
};

/** Synthesis in the answer to a request: `POST /stream`. */
export class SpeechDesk {
  readonly #calls = new Set<SpokenCall>();

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {}

  close(): void {
    for (const call of this.#calls) call.leave();
  }

  async answer(request: Incoming, caller: Caller): Promise<Outgoing> {
    try {
      const parameters = bodyParameters(request.body);
      const call = { request, caller, parameters, signature: (request.headers.authorization ?? "").trim() };
      const asked = await checkSpeech(HTTP, call, this.host, this.settings.clockToleranceS);
      return await this.#speak(asked);
    } catch (error) {
      const { named, message } = speechRefusalOf(error);
      const Response = { Error: { Code: named, Message: message }, RequestId: this.host.newId() };
      return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify({ Response }) };
    }
  }

  /** The answer begins with the first audio; a failure before it is an answer, too. */
  async #speak(asked: SpeechRequest): Promise<Outgoing> {
    const { key, sessionId, text, language, params } = asked;
    const call = await SpokenCall.open(this.host, {
      key,
      id: sessionId,
      text,
      params,
      labels: { sessionId },
      format: spokenFormat(asked),
      ...(language !== undefined && { language }),
    });
    this.#calls.add(call);
    void call.gone().then(() => this.#calls.delete(call));
    await call.begun;
    throwFailure(call);
    return { status: 200, headers: { "content-type": "application/octet-stream" }, body: spoken(call) };
  }
}

/** What goes wrong on the way breaks the answer off. */
async function* spoken(call: SpokenCall): AsyncGenerator<Uint8Array, void> {
  try {
    yield* call;
    throwFailure(call);
  } finally {
    call.leave();
  }
}

function throwFailure(call: SpokenCall): void {
  const failure = call.failure();
  if (failure) throw failure.error ?? new EngineError("RUN_CANCELLED", "the voice was cut off");
}

/** Parameters of a body as they are signed: numbers as they were written, since `1.0` is signed as `1.0`. */
function bodyParameters(body: Uint8Array): Record<string, string> {
  let value: unknown;
  try {
    const asWritten = (_name: string, item: unknown, context?: { readonly source?: string }) =>
      typeof item === "number" ? (context?.source ?? `${item}`) : item;
    value = JSON.parse(new TextDecoder().decode(body), asWritten);
  } catch {
    throw new SpeechRefusal(10_001, "the body is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SpeechRefusal(10_001, "the body is no object");
  const asSigned = (item: unknown) => (item === true ? "True" : item === false ? "False" : String(item)); // as Python writes them
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asSigned(item)]));
}
