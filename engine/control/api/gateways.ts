import type { GatewayDefinition, GatewayDoors } from "#engine/plugin";

/** An address of a gateway's own. */
export interface OwnPort {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Paths of PEM files; absent: without TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A gateway that is open, and where its callers are to come in. */
export interface OpenGateway {
  /** Of the configuration. */
  readonly name: string;
  readonly definition: GatewayDefinition;
  readonly doors: GatewayDoors;
  /** Before the paths of its mounts; empty for none. */
  readonly prefix: string;
  /** HTTP and WebSockets; absent: on the server's own port, where there are any. */
  readonly web?: OwnPort;
  readonly tcp?: OwnPort;
  /** Kinds of streams that no workflow of its serves. */
  readonly unserved: readonly string[];
}
