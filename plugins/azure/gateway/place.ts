import type { GatewayHost, GatewayKey } from "#engine/plugin";
import type { SpeechMessage } from "../wire.ts";
import type { Outlet, Refusal } from "./outlet.ts";
import type { GatewaySettings } from "./settings.ts";

/** What a turn of a client stands on. */
export interface TurnPlace {
  readonly outlet: Outlet;
  readonly key: GatewayKey;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  /** The path of the address. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body of the last `speech.context`, or nothing. */
  readonly context: unknown;
  /** Closes the socket. */
  refuse(refusal: Refusal): void;
  /** The turn has ended in order. */
  over(): void;
}

/** One turn of a client, with a run of the workflow behind it. */
export interface ServedTurn {
  message(message: SpeechMessage): Promise<void> | void;
  /** The script wants an error of the vendor's. */
  vendorError(code: number | string): void;
  /** The client has gone, or a new turn has begun. */
  leave(): void;
  gone(): Promise<void>;
}
