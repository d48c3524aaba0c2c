import type { Connection, Message } from "#engine/plugin";
import type { VendorService } from "#engine/testing";
import { typesWithTones } from "#test/service-workflows";
import { vendorService } from "#test/vendor-service";
import { gateway } from "../../../plugins/agentscope/gateway.ts";

export const KEY = { id: "example-key", secret: "example-key", facts: {} };
export const URL_ = "ws://chat.test/voice-chat";

/** Hears the made-up speech of the made-up vendor, answers each sentence from a table, and speaks the answer as a tone, 100 ms a letter. */
export const CHATS = `
parlando: 1
name: chats
inputs: { talk: { kind: audio } }
params: { voice: { type: string, default: none } }
nodes:
  asr: { use: toy.ears, from: inputs.talk }
  reply:
    use: core.script
    from: asr
    with: { as: translate, otherwise: upper, language: en }
  voice: { use: tone.tts, from: reply }
outputs: { heard: [asr.partial, asr.final], said: reply, speech: voice }
`;

export const FAILS = CHATS.replace("otherwise: upper,", "table: { one two: { error: NODE_FAILED } },");

export const { openService, withService } = vendorService({
  gateway,
  web: "chat.test:80",
  types: typesWithTones(),
  keys: [KEY],
});

export interface Told {
  readonly atMs: number;
  /** Of a text message. */
  readonly event?: string;
  readonly payload?: Record<string, unknown>;
  /** Of a binary message. */
  readonly bytes?: number;
}

/** A client of the voice chat. */
export class Talker {
  readonly told: Told[] = [];
  readonly #reading: Promise<void>;
  readonly #waiting: { readonly event: string; readonly resolve: () => void }[] = [];

  private constructor(
    readonly connection: Connection,
    private readonly service: VendorService,
  ) {
    this.#reading = this.#read();
  }

  static async dial(service: VendorService, key = KEY.id): Promise<Talker> {
    const headers = { Authorization: `Bearer ${key}` };
    return new Talker(await service.network.dial({ url: URL_, headers }), service);
  }

  say(directive: string, payload: object = {}): void {
    this.connection.send(JSON.stringify({ directive, payload }));
  }

  /** Resolves with the next event of that name. */
  next(event: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ event, resolve });
    return promise;
  }

  /** What the connection was closed with, after all that was told before. */
  async end(): Promise<{ readonly code: number | undefined; readonly reason: string | undefined }> {
    await this.#reading;
    const { code, reason } = await this.connection.closed;
    return { code, reason };
  }

  get events(): string[] {
    return this.told.flatMap(({ event }) => (event ? [event] : []));
  }

  get bytes(): number {
    return this.told.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  }

  payloads(wanted: string): Record<string, unknown>[] {
    return this.told.flatMap(({ event, payload }) => (event === wanted && payload ? [payload] : []));
  }

  async #read(): Promise<void> {
    for (
      let message = await this.connection.receive();
      message !== undefined;
      message = await this.connection.receive()
    )
      this.#take(message);
  }

  #take(message: Message): void {
    const atMs = this.service.clock.nowMs();
    if (typeof message !== "string") return void this.told.push({ atMs, bytes: message.length });
    const { event, payload } = JSON.parse(message) as { event: string; payload: Record<string, unknown> };
    this.told.push({ atMs, event, payload });
    const at = this.#waiting.findIndex((waiting) => waiting.event === event);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve();
  }
}
