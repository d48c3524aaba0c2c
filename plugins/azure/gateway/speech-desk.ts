import {
  asEngineError,
  type Caller,
  type EngineError,
  type ErrorCode,
  type GatewayHost,
  type Incoming,
  type Outgoing,
  readSsml,
  SpokenCall,
} from "#engine/plugin";
import { hexId } from "../wire.ts";
import { keyOf } from "./key.ts";
import { withHead } from "./riff-head.ts";
import { outFormat } from "./spoken-format.ts";

/** What is answered at a time. */
const PIECE_BYTES = 3200;
/** The service cuts speech off after ten minutes; this is what fits into them. */
const MOST_CHARS = 20_000;
const MOST_AGENT_CHARS = 255;

/** Synthesis over HTTP: SSML in, and the audio of it while it is spoken. */
export class SpeechDesk {
  readonly #calls = new Set<SpokenCall>();

  constructor(private readonly host: GatewayHost) {}

  async speak(request: Incoming, caller: Caller): Promise<Outgoing> {
    const key = caller.fault("expiredToken") ? undefined : await keyOf(request, this.host);
    if (!key) return refused(401, "Unauthorized");
    if (caller.fault("rateLimit")) return refused(429, "Too Many Requests");
    if (caller.fault("vendorError")) return refused(502, "Bad Gateway");
    const { headers } = request;
    if (!/^application\/ssml\+xml\b/i.test(headers["content-type"] ?? ""))
      return refused(415, "Content-Type: application/ssml+xml is wanted");
    const agent = headers["user-agent"] ?? "";
    if (agent === "" || agent.length >= MOST_AGENT_CHARS)
      return refused(400, `User-Agent is wanted, of less than ${MOST_AGENT_CHARS} characters`);
    const name = headers["x-microsoft-outputformat"] ?? "";
    const wanted = outFormat(name);
    if (!wanted) return refused(400, "X-Microsoft-OutputFormat is missing, or no format that is made here");
    const read = readSsml(new TextDecoder().decode(request.body));
    if (!read) return refused(400, "the body is no SSML");
    if (read.text === "") return refused(400, "the SSML has no words");
    if (read.text.length > MOST_CHARS) return refused(400, "the text is too long");
    try {
      const params = { ...(read.voice !== undefined && { voice: read.voice }), sampleRateHz: wanted.sampleRateHz };
      const call = await SpokenCall.open(this.host, {
        key,
        id: hexId(this.host.newId()).toLowerCase(),
        text: read.text,
        params,
        labels: { service: "/cognitiveservices/v1" },
        format: { ...wanted, format: wanted.format === "wav" ? "pcm" : wanted.format, messageBytes: PIECE_BYTES },
      });
      return await this.#answer(call, name);
    } catch (error) {
      return failed(asEngineError(error, "INTERNAL", "synthesis"));
    }
  }

  async close(): Promise<void> {
    for (const call of this.#calls) call.leave();
    await Promise.all([...this.#calls].map((call) => call.gone()));
  }

  async #answer(call: SpokenCall, format: string): Promise<Outgoing> {
    this.#calls.add(call);
    void call.gone().then(() => this.#calls.delete(call));
    await call.begun;
    const failure = call.failure();
    if (failure) return failed(failure.error);
    const headers = { "content-type": typeOf(format), "x-requestid": hexId(this.host.newId()).toLowerCase() };
    return { status: 200, headers, body: withHead(format, spoken(call)) };
  }
}

/** What is broken off in the midst ends short of its end: the status is out by then. */
async function* spoken(call: SpokenCall): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const piece of call) yield piece;
    const failure = call.failure();
    if (failure) throw failure.error ?? new Error("the synthesis was broken off");
  } finally {
    call.leave(); // the client may have gone before the end
  }
}

function typeOf(format: string): string {
  if (format.startsWith("audio-")) return "audio/mpeg";
  if (format.startsWith("ogg-")) return "audio/ogg";
  if (format.startsWith("riff-")) return "audio/x-wav";
  return "audio/basic";
}

const refused = (status: number, body: string): Outgoing => ({
  status,
  headers: { "content-type": "text/plain" },
  body,
});

const STATUS: Partial<Record<ErrorCode, number>> = {
  CONFIG_INVALID: 400,
  VOICE_UNKNOWN: 400,
  LANGUAGE_UNSUPPORTED: 400,
  QUOTA_EXCEEDED: 429,
  VENDOR_RATE_LIMITED: 429,
  SERVER_BUSY: 503,
};

/** Our code alone: the message may speak of the server. */
const failed = (error: EngineError | undefined): Outgoing => {
  const code = error?.code ?? "INTERNAL";
  return refused(STATUS[code] ?? 502, code);
};
