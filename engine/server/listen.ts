import type { Server } from "bun";
import type { Control } from "#engine/control";
import { EngineError } from "#engine/errors";
import type { Clock, Logger } from "#engine/plugin";
import { answerWeb, listenFailure } from "#engine/runtime";
import { createApp } from "./app.ts";
import type { Example } from "./calls/ports.ts";
import { type AnySocket, bothSockets, sharedGateways } from "./gateways/shared-port.ts";
import { Counts } from "./http/counts.ts";
import { doorRules } from "./http/guard.ts";
import { problemOf, problemResponse } from "./http/problem.ts";
import { logFailure } from "./log.ts";
import { Sockets } from "./stream/sockets.ts";

export interface ListenOptions {
  readonly control: Control;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly examples: readonly Example[];
  /** PEM texts; the listener speaks TLS with them. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface Listening {
  /** Of this machine, such as `http://127.0.0.1:7700`. */
  readonly url: string;
  readonly port: number;
  /**
   * Ends what can end and interrupts the rest, tells every socket, and stops. Resolves within the deadline and some seconds.
   * @param deadlineMs for what is under way.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Stops at once. The control stays open. */
  stop(): Promise<void>;
}

/** Opens the door of a control to the network. @throws EngineError CONFIG_INVALID where the address cannot be listened on. */
export function listen(options: ListenOptions): Listening {
  const { control, clock, log } = options;
  const { host, port } = control.config.listen;
  const counts = new Counts();
  const rules = doorRules(control.config);
  const app = createApp({ ...options, rules, counts });
  const sockets = new Sockets({ control, rules, clock, counts, log });
  const shared = sharedGateways(
    control.gateways,
    app.routes.map(({ path }) => path),
  );
  let server: Server<AnySocket>;
  try {
    server = Bun.serve<AnySocket>({
      hostname: host,
      port,
      // what a connection may stay silent, in seconds; answers that take their time ask for more
      idleTimeout: 60,
      maxRequestBodySize: control.config.limits.uploadBytes,
      development: false,
      // without it a server that is not for development shares its port in silence with any other that asks for it
      reusePort: false,
      ...(options.tls && { tls: options.tls }),
      fetch(request, own) {
        // a Host that cannot be part of an address makes one of the request that cannot be read
        if (!URL.canParse(request.url))
          return answerTo(new EngineError("REQUEST_INVALID", "the request has no address that can be read"));
        const { pathname } = new URL(request.url);
        if (shared?.takes(pathname)) {
          own.timeout(request, 0);
          return answerWeb(request, own, shared);
        }
        const target = Sockets.target(pathname);
        if (target) return sockets.upgrade(request, own, target);
        return app.fetch(request, { patient: (slow: Request) => own.timeout(slow, 0) });
      },
      error(broken) {
        logFailure(log, broken);
        return answerTo(broken);
      },
      websocket: bothSockets(sockets.handler()),
    });
  } catch (error) {
    throw listenFailure(`listen: ${host}:${port}`, error);
  }
  const stop = async () => {
    await server.stop(true);
  };
  return {
    url: `${options.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
    port: server.port ?? port,
    async drain(deadlineMs) {
      await control.drain(deadlineMs);
      await stop();
    },
    stop,
  };
}

function answerTo(error: unknown): Response {
  const { status, problem } = problemOf(error);
  return problemResponse(status, problem);
}
