import type { z } from "zod";
import type { FrameKind } from "../../frames/index.ts";
import type { Incoming, Outgoing } from "../link/door.ts";
import type { Connection } from "../link/network.ts";
import type { FaultKind } from "./faults.ts";
import type { GatewayHost, GatewayKey } from "./host.ts";

/** A vendor's protocol from the other side: answers the vendor's own clients and runs a workflow behind each of their streams. */
export interface GatewayDefinition {
  /** As `type:` of a gateway in `parlando.yaml`: `aliyun`. */
  readonly type: string;
  /** One sentence for lists, in the third person. */
  readonly summary: string;
  readonly config: z.ZodObject;
  readonly streams?: readonly GatewayStream[];
  readonly example?: GatewayExample;
  create(config: unknown, host: GatewayHost): Gateway;
}

/** A kind of stream that clients open, and what a workflow needs to serve it. */
export interface GatewayStream {
  /** As people call it: `recognition`. */
  readonly name: string;
  /** Kinds of input; one of them will do. */
  readonly inputs: readonly FrameKind[];
  /** What has to come out. */
  readonly output: FrameKind;
}

/** How the vendor's clients are pointed at a gateway of one's own. */
export interface GatewayExample {
  /** Made up, for a gateway that is not for others. */
  readonly key: GatewayKey;
  /** It has a mount of TCP, too. */
  readonly tcp?: true;
  /** What stands in `with:` of the vendor's own node types, by type. */
  nodes(at: GatewayPlace, key: GatewayKey): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** A command line that tries it, where one without a signature can. */
  command?(at: GatewayPlace, key: GatewayKey): string;
}

/** Where a gateway is reached: `host:port`, for the web with the path before its mounts, such as `127.0.0.1:7700/nls`. */
export interface GatewayPlace {
  readonly web?: string;
  readonly tcp?: string;
}

export interface GatewaySpec<Schema extends z.ZodObject> {
  readonly type: string;
  readonly summary: string;
  /** Settings of its own; what all gateways have (workflow, keys, faults) is the host's. */
  readonly config: Schema;
  /** What it can serve. Where left out, a workflow with any input will do. */
  readonly streams?: readonly GatewayStream[];
  readonly example?: GatewayExample;
  /** Opens nothing: callers come through the mounts. */
  create(config: z.output<Schema>, host: GatewayHost): Gateway;
}

/** Declares a gateway; the result is a plain value that `definePlugin` takes. */
export const defineGateway = <Schema extends z.ZodObject>(spec: GatewaySpec<Schema>): GatewayDefinition =>
  spec as unknown as GatewayDefinition;

export interface Gateway {
  readonly mounts: readonly Mount[];
  /** Called after the last client has gone. */
  close?(): void | Promise<void>;
}

/** Where callers come in. A path may hold `:name` for one segment, found in `client.params`. */
export type Mount = HttpMount | SocketMount | TcpMount;

export interface HttpMount {
  readonly kind: "http";
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  answer(request: Incoming, caller: Caller): Promise<Outgoing>;
}

export interface SocketMount {
  readonly kind: "websocket";
  readonly path: string;
  /**
   * Looks at the upgrade request. Return an answer to refuse it, as vendors do that check credentials there; nothing to go on.
   */
  admit?(request: Incoming, caller: Caller): Promise<Outgoing | undefined>;
  /** Talks with the client until either side ends; the connection is closed when it returns and destroyed when it throws. */
  serve(client: Client): Promise<void>;
}

export interface TcpMount {
  readonly kind: "tcp";
  /** The vendor's own, for the emulator and for docs. */
  readonly port: number;
  serve(client: Client): Promise<void>;
}

/** Who calls, as far as every kind of call has it. */
export interface Caller {
  /** Counts the calls of this mount from 1. */
  readonly number: number;
  /** Segments of the path by name, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Whether the fault script wants this of the gateway now: the gateway answers as the vendor would. Asked once for each occasion. */
  fault(kind: FaultKind): FaultAnswer | undefined;
}

/** A client on a connection of its own. */
export interface Client extends Caller {
  readonly connection: Connection;
  /** Of a WebSocket: the upgrade request. */
  readonly request?: Incoming;
  /** Aborts when the connection is over or the gateway closes. */
  readonly signal: AbortSignal;
  /** Told when the script says `vendorError` in the middle of things; the gateway sends that error as the vendor would. */
  onVendorError(listener: (code: number | string) => void): void;
}

export interface FaultAnswer {
  /** Of `vendorError`: the vendor's own code. */
  readonly code?: number | string;
}
