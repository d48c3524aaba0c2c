import type { Client, GatewayHost } from "#engine/plugin";
import { encodeMessage, hexId } from "../wire.ts";

/** What the service closes a socket with. */
export interface Refusal {
  readonly close: 1002 | 1007 | 1011 | 4429;
  readonly reason: string;
}

/** Writes the messages of one turn to a client. */
export class Outlet {
  constructor(
    private readonly client: Client,
    private readonly host: GatewayHost,
    /** As the client wrote it: the vendor's native ones know no other. */
    readonly requestId: string,
  ) {}

  json(path: string, body: object): void {
    this.#send(path, JSON.stringify(body), "application/json; charset=utf-8");
  }

  /** Its body may not be left out. */
  turnStart(): void {
    this.json("turn.start", { context: { serviceTag: hexId(this.host.newId()).toLowerCase() } });
  }

  turnEnd(): void {
    this.json("turn.end", {});
  }

  audio(streamId: string, body: Uint8Array): void {
    const { requestId } = this;
    this.client.connection.send(
      encodeMessage({ path: "audio", requestId, timestamp: this.#now(), contentType: "audio/x-wav", streamId, body }),
    );
  }

  #send(path: string, body: string, contentType: string): void {
    const { requestId } = this;
    this.client.connection.send(encodeMessage({ path, requestId, timestamp: this.#now(), contentType, body }));
  }

  #now(): string {
    return new Date(this.host.epochMs()).toISOString();
  }
}
