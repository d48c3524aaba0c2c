import { z } from "zod";
import type { Client, GatewayHost, GatewayKey } from "#engine/plugin";
import { RealtimeHearing } from "./realtime-hearing.ts";
import { RealtimeOutlet } from "./realtime-outlet.ts";
import type { RealtimePlace, RealtimeServed } from "./realtime-served.ts";
import { RealtimeSpeaking } from "./realtime-speaking.ts";
import { INVALID_KEY, type Refusal, refusal, scriptedRefusal, THROTTLED } from "./refusal.ts";
import type { GatewaySettings } from "./settings.ts";

const clientEvent = z.looseObject({
  type: z.string().max(100),
  event_id: z.string().max(100).optional(),
  session: z.record(z.string(), z.unknown()).nullish(),
});

/** How often the silence of a client is looked at. */
const LOOK_MS = 1000;

export interface RealtimeOptions {
  readonly key: GatewayKey | undefined;
  readonly model: string;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
}

/** One client on one socket of the real-time protocol, which is one session. */
export class RealtimeConversation {
  readonly #outlet: RealtimeOutlet;
  #served: RealtimeServed | undefined;
  #heardMs: number;
  #signs = 0;
  #callOff: () => void;

  constructor(
    readonly client: Client,
    readonly options: RealtimeOptions,
  ) {
    const { host } = options;
    this.#outlet = new RealtimeOutlet(client, host);
    this.#heardMs = host.clock.nowMs();
    this.#callOff = host.clock.after(LOOK_MS, () => this.#look());
    client.onVendorError((code) => this.#fail(scriptedRefusal(code)));
  }

  /** Talks until the client has gone; then nothing of it is left. */
  async run(): Promise<void> {
    try {
      this.#greet();
      for await (const message of this.client.connection) {
        if (this.#outlet.isOver) continue;
        this.#heardMs = this.options.host.clock.nowMs();
        await this.#take(message);
      }
    } finally {
      this.#callOff();
      this.#served?.leave();
      await this.#served?.gone();
    }
  }

  #greet(): void {
    if (!this.options.key) return this.#fail(INVALID_KEY);
    if (this.client.fault("rateLimit")) return this.#fail(THROTTLED);
    const scripted = this.client.fault("vendorError");
    if (scripted) return this.#fail(scriptedRefusal(scripted.code));
    const session = { id: this.#outlet.newId("sess"), object: "realtime.session", model: this.options.model };
    this.#outlet.event("session.created", { session });
  }

  async #take(message: string | Uint8Array): Promise<void> {
    const parsed = typeof message === "string" ? clientEvent.safeParse(jsonOf(message)) : undefined;
    if (!parsed?.success) return this.#fail(refusal("invalid_value", "the message is no event"));
    const { type, event_id, session, ...fields } = parsed.data;
    this.#served ??= this.#open();
    if (!this.#served) return this.#fail(refusal("ModelNotFound", "the model does not exist"));
    const refused =
      type === "session.update" ? await this.#served.update(session ?? {}) : await this.#served.take({ type, fields });
    if (refused) this.#outlet.refuse(refused, event_id);
  }

  /** An unknown model is refused with the first event only. */
  #open(): RealtimeServed | undefined {
    const { key, model, host, settings } = this.options;
    if (!key) return undefined;
    const fail = (refused: Refusal) => this.#fail(refused);
    const place: RealtimePlace = { key, model, host, settings, outlet: this.#outlet, fail };
    if (/tts/.test(model)) return new RealtimeSpeaking(place);
    return /asr/.test(model) ? new RealtimeHearing(place) : undefined;
  }

  #fail(refused: Refusal): void {
    this.#served?.leave();
    this.#outlet.fail(refused);
  }

  /** A client of which nothing is heard, not even a ping, is sent away. */
  #look(): void {
    if (this.#outlet.isOver) return;
    const { host, settings } = this.options;
    const nowMs = host.clock.nowMs();
    const { signs } = this.client.connection;
    if (signs !== this.#signs) this.#heardMs = nowMs;
    this.#signs = signs;
    if (settings.socketIdleMs > 0 && nowMs - this.#heardMs >= settings.socketIdleMs)
      return this.client.connection.close(1000);
    this.#callOff = host.clock.after(LOOK_MS, () => this.#look());
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
