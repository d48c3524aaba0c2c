import type { GatewayHost, GatewayKey } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import type { RealtimeOutlet } from "./realtime-outlet.ts";
import type { Refusal } from "./refusal.ts";
import type { GatewaySettings } from "./settings.ts";

/** What a session stands on. */
export interface RealtimePlace {
  readonly model: string;
  readonly key: GatewayKey;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  readonly outlet: RealtimeOutlet;
  /** Tells the client of a failure, which ends the socket. */
  fail(refused: Refusal): void;
}

/** An event of the client's, its own fields beside its type. */
export interface ClientEvent {
  readonly type: string;
  readonly fields: Payload;
}

/** A session of one kind: what it makes of a client's events. */
export interface RealtimeServed {
  /** `session.update`. */
  update(session: Payload): Promise<Refusal | undefined>;
  /** Any other event. May wait until the workflow has room. */
  take(event: ClientEvent): Promise<Refusal | undefined>;
  /** The client has gone. */
  leave(): void;
  gone(): Promise<void>;
}
