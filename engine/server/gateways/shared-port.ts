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
  const either = (
    socket: ServerWebSocket<AnySocket>,
    served: (socket: Served) => unknown,
    own: (socket: Api) => unknown,
  ) => {
    if ("upgrade" in socket.data) served(socket as Served);
    else own(socket as Api);
  };
  const gateway = webSocketHandlers;
  return {
    ...api,
    open: (socket) => either(socket, gateway.open, (own) => api.open?.(own)),
    message: (socket, data) =>
      either(
        socket,
        (served) => gateway.message(served, data),
        (own) => api.message?.(own, data),
      ),
    drain: (socket) => either(socket, gateway.drain, (own) => api.drain?.(own)),
    close: (socket, code, reason) =>
      either(
        socket,
        (served) => gateway.close(served, code, reason),
        (own) => api.close?.(own, code, reason),
      ),
    ping: (socket, data) => either(socket, gateway.ping, (own) => api.ping?.(own, data)),
    pong: (socket, data) => either(socket, gateway.pong, (own) => api.pong?.(own, data)),
  };
}
