import type { Client, GatewayHost } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import type { Refusal } from "./refusal.ts";

/** Writes events of the real-time protocol to one client. */
export class RealtimeOutlet {
  #over = false;

  constructor(
    readonly client: Client,
    readonly host: GatewayHost,
  ) {}

  /** A failure was told: nothing more is sent. */
  get isOver(): boolean {
    return this.#over;
  }

  /** An id such as `item_…`. */
  newId(what: string): string {
    return `${what}_${this.host.newId().replaceAll("-", "")}`;
  }

  event(type: string, fields: Payload = {}): void {
    if (!this.#over) this.client.connection.send(JSON.stringify({ event_id: this.newId("event"), type, ...fields }));
  }

  /** What a client asked for is not done; the session goes on. @param about the id of its event. */
  refuse({ code, words }: Refusal, about?: string): void {
    const error = { type: "invalid_request_error", code, message: words, param: null, event_id: about ?? null };
    this.event("error", { error });
  }

  /** Tells of a failure and closes the connection; late messages are swallowed. */
  fail({ code, words }: Refusal): void {
    if (this.#over) return;
    const type = /^(Internal|Response|SERVER)/.test(code) ? "server_error" : "invalid_request_error";
    this.event("error", { error: { type, code, message: words, param: null, event_id: null } });
    this.#over = true;
    this.client.connection.close(1000);
  }
}
