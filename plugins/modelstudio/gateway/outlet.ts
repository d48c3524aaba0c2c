import type { Client } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import type { Refusal } from "./refusal.ts";

/** Writes events of tasks to one client. */
export class Outlet {
  #over = false;

  constructor(readonly client: Client) {}

  /** A failure was told: nothing more is sent. */
  get isOver(): boolean {
    return this.#over;
  }

  event(event: string, taskId: string, payload: Payload, attributes: Payload = {}): void {
    if (this.#over) return;
    this.client.connection.send(JSON.stringify({ header: { task_id: taskId, event, attributes }, payload }));
  }

  audio(bytes: Uint8Array): void {
    if (!this.#over) this.client.connection.send(bytes);
  }

  /** Tells of a failure and closes the connection; late messages are swallowed. */
  fail({ code, words }: Refusal, taskId: string): void {
    if (this.#over) return;
    const header = { task_id: taskId, event: "task-failed", error_code: code, error_message: words, attributes: {} };
    this.client.connection.send(JSON.stringify({ header, payload: {} }));
    this.#over = true;
    this.client.connection.close(1000);
  }
}
