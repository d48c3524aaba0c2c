import type { Server, ServerWebSocket, WebSocketHandler } from "bun";
import type { Control } from "#engine/control";
import { EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import type { Counts } from "../http/counts.ts";
import { callerOf, checkDoor, type DoorRules } from "../http/guard.ts";
import { checkHead } from "../http/limits.ts";
import { problemOf, problemResponse } from "../http/problem.ts";
import { logFailure } from "../log.ts";
import { Connection } from "./connection.ts";
import { WIRE_FORMATS, type WireFormat } from "./wire-format.ts";

/** What Bun's socket carries along. */
export interface SocketData {
  readonly connection: Connection;
}

export interface SocketOptions {
  readonly control: Control;
  readonly rules: DoorRules;
  readonly clock: Clock;
  readonly counts: Counts;
  readonly log: Logger;
}

/** A reader may leave so many bytes waiting in its socket; what goes beyond is lost, and closes it with 4429. */
const BACKPRESSURE_BYTES = 8 * 2 ** 20;
const TOKEN_PREFIX = "parlando.token.";

/** The sockets of `/v1/stream` and `/v1/runs/{id}/stream`. */
export class Sockets {
  constructor(readonly options: SocketOptions) {}

  /** What a path asks for; undefined where it is no stream. `run` is absent where the first message starts one. */
  static target(path: string): { readonly run?: string } | undefined {
    if (path === "/v1/stream") return {};
    const match = /^\/v1\/runs\/([^/]{1,128})\/stream$/.exec(path);
    return match ? { run: decoded(match[1]!) } : undefined;
  }

  /** Takes a request over as a socket, or answers why not. */
  async upgrade(
    request: Request,
    server: Server<SocketData>,
    target: { readonly run?: string },
  ): Promise<Response | undefined> {
    const { control, clock, counts, log, rules } = this.options;
    try {
      checkHead(request);
      checkDoor(request, rules);
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
        throw new EngineError("UPGRADE_REQUIRED", "this address is a WebSocket");
      const offered = protocolsOf(request);
      const format = formatOf(offered);
      const token = offered.find((name) => name.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length);
      const caller = await callerOf(request, control, token);
      const { messageBytes, jsonDepth } = control.config.limits;
      const connection = new Connection({
        ...target,
        runs: control.runs,
        caller,
        format,
        limits: { messageBytes, jsonDepth },
        clock,
        counts,
        log,
      });
      const headers = offered.includes(format.protocol) ? { "sec-websocket-protocol": format.protocol } : {};
      if (!server.upgrade(request, { data: { connection }, headers }))
        throw new EngineError("REQUEST_INVALID", "the headers of a WebSocket are not complete");
      return undefined;
    } catch (error) {
      const { status, problem } = problemOf(error);
      if (problem.code === "INTERNAL") logFailure(log, error);
      counts.refused(problem.code);
      return problemResponse(status, problem);
    }
  }

  handler(): WebSocketHandler<SocketData> {
    const { control, counts } = this.options;
    return {
      maxPayloadLength: control.config.limits.messageBytes,
      backpressureLimit: BACKPRESSURE_BYTES,
      idleTimeout: 120,
      sendPings: true,
      perMessageDeflate: false,
      open(socket: ServerWebSocket<SocketData>) {
        counts.socketsOpened += 1;
        counts.socketsOpen += 1;
        socket.data.connection.opened(socket);
      },
      message: (socket, data) => socket.data.connection.received(data),
      drain: (socket) => socket.data.connection.drained(),
      close(socket) {
        counts.socketsOpen -= 1;
        socket.data.connection.closed();
      },
    };
  }
}

const protocolsOf = (request: Request): string[] =>
  (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

/** @throws EngineError REQUEST_INVALID where none that is offered is known. */
function formatOf(offered: readonly string[]): WireFormat {
  if (offered.length === 0) return WIRE_FORMATS[0]!;
  const format = offered.map((name) => WIRE_FORMATS.find(({ protocol }) => protocol === name)).find(Boolean);
  if (format) return format;
  const known = WIRE_FORMATS.map(({ protocol }) => protocol).join(", ");
  throw new EngineError("REQUEST_INVALID", `none of the subprotocols offered is known; known are ${known}`);
}

/** A path that is no proper encoding names no run. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
