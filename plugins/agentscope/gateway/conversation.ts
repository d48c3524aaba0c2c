import { asEngineError, type Client, type EngineError, type GatewayHost, type GatewayKey } from "#engine/plugin";
import { directive, type SessionStart, type VoiceChatEvent } from "../wire.ts";
import { askedFor } from "./asked.ts";
import type { GatewaySettings } from "./settings.ts";
import { VoiceSession } from "./voice-session.ts";

/** Codes with which a socket is closed; the events have none for an error. */
const MALFORMED = 1007;
const REFUSED = 1008;
const FAILED = 1011;
const BUSY = 1013;

/** One client on one socket: a session, and after its end perhaps another. */
export class Conversation {
  #session: VoiceSession | undefined;
  #lastId: string | undefined;
  #closed = false;
  readonly #leaving: Promise<void>[] = [];

  constructor(
    private readonly client: Client,
    private readonly key: GatewayKey,
    private readonly host: GatewayHost,
    private readonly settings: GatewaySettings,
  ) {
    client.onVendorError((code) => this.#close(FAILED, `error ${code}`));
  }

  /** Talks until the client has gone; then nothing of it is left. */
  async run(): Promise<void> {
    const scripted = this.client.fault("vendorError");
    if (scripted) this.#close(FAILED, `error ${scripted.code ?? ""}`);
    try {
      for await (const message of this.client.connection) {
        if (this.#closed) continue;
        if (typeof message === "string") await this.#directive(message);
        else if (this.#session) await this.#session.push(message);
        else if (this.#lastId === undefined) this.#close(MALFORMED, "audio came before SessionStart");
      }
    } finally {
      this.#leave();
      await Promise.all(this.#leaving);
    }
  }

  async #directive(message: string): Promise<void> {
    const read = directive.safeParse(jsonOf(message));
    if (!read.success) return this.#close(MALFORMED, "the message is no directive");
    if (read.data.directive === "SessionStart") return this.#start(read.data.payload);
    if (this.#session) return this.#session.stop();
    if (this.#lastId === undefined) return this.#close(MALFORMED, "SessionStop came before SessionStart");
    this.#tell({ event: "SessionStopped", payload: { session_id: this.#lastId } });
  }

  #start(payload: SessionStart): void {
    if (this.#session) return this.#close(REFUSED, "a session is under way");
    try {
      const asked = askedFor(payload);
      const id = asked.sessionId ?? this.host.newId();
      this.#lastId = id;
      this.#session = new VoiceSession({
        id,
        asked,
        key: this.key,
        host: this.host,
        settings: this.settings,
        tell: (event) => this.#tell(event),
        audio: (bytes) => this.client.connection.send(bytes),
        over: () => this.#leave(),
        failed: (error) => this.#failed(error),
      });
    } catch (error) {
      this.#close(REFUSED, asEngineError(error, "CONFIG_INVALID", "SessionStart").message.slice(0, 100));
    }
  }

  #failed(error: EngineError | undefined): void {
    const code = error?.code ?? "INTERNAL";
    const busy = code === "SERVER_BUSY" || code === "QUOTA_EXCEEDED" || code === "VENDOR_RATE_LIMITED";
    this.#close(busy ? BUSY : FAILED, code);
  }

  #tell(event: VoiceChatEvent): void {
    if (!this.#closed) this.client.connection.send(JSON.stringify(event));
  }

  #close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
    this.client.connection.close(code, reason);
  }

  #leave(): void {
    const session = this.#session;
    if (!session) return;
    this.#session = undefined;
    session.leave();
    this.#leaving.push(session.gone());
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
