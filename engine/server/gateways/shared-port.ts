import type { ServerWebSocket, WebSocketHandler } from "bun";
import type { OpenGateway } from "#engine/control";
import { EngineError } from "#engine/errors";
import { type ServedSocket, webSocketHandlers } from "#engine/runtime";
import type { SocketData } from "../stream/sockets.ts";
import { GatewayPaths } from "./gateway-paths.ts";

/** What a socket of the server's own port carries along: one of the API, or one of a gateway. */
export type AnySocket = SocketData | ServedSocket;

/**
 * The gateways that are reached by a path of the server's own port; undefined where there are none.
 * @param ownPaths of the server itself.
 * @throws EngineError CONFIG_INVALID for a prefix that the server needs for itself.
 */
export function sharedGateways(
  gateways: readonly OpenGateway[],
  ownPaths: readonly string[],
): GatewayPaths | undefined {
  const shared = gateways.filter(({ web, prefix }) => !web && prefix !== "");
  const taken = new Set(ownPaths.map(firstPart));
  for (const { name, prefix } of shared)
    if (taken.has(firstPart(prefix)))
      throw new EngineError("CONFIG_INVALID", `gateways.${name}.prefix: ${prefix} is taken by the server itself`);
  return shared.length === 0 ? undefined : new GatewayPaths(shared);
}

const firstPart = (path: string): string => path.split("/")[1] ?? "";

type Served = ServerWebSocket<ServedSocket>;
type Api = ServerWebSocket<SocketData>;

/** Handlers of both kinds of sockets as one. Limits are those of the API. */
export function bothSockets(api: WebSocketHandler<SocketData>): WebSocketHandler<AnySocket> {
  const gateway = webSocketHandlers;
  return {
    ...api,
    open: (socket) => void (isServed(socket) ? gateway.open(socket) : api.open?.(own(socket))),
    // for each chunk of audio of each socket: no closures
    message(socket, data) {
      if (isServed(socket)) gateway.message(socket, data);
      else api.message?.(own(socket), data);
    },
    drain: (socket) => void (isServed(socket) ? gateway.drain(socket) : api.drain?.(own(socket))),
    close(socket, code, reason) {
      if (isServed(socket)) gateway.close(socket, code, reason);
      else api.close?.(own(socket), code, reason);
    },
    ping: (socket, data) => void (isServed(socket) ? gateway.ping(socket) : api.ping?.(own(socket), data)),
    pong: (socket, data) => void (isServed(socket) ? gateway.pong(socket) : api.pong?.(own(socket), data)),
  };
}

const isServed = (socket: ServerWebSocket<AnySocket>): socket is Served => "upgrade" in socket.data;
const own = (socket: ServerWebSocket<AnySocket>): Api => socket as Api;
