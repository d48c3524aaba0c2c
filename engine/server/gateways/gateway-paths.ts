import type { OpenGateway } from "#engine/control";
import type { Door, Incoming, Outgoing, Upgrade } from "#engine/plugin";

/** Several gateways at one address: a caller belongs to the one whose prefix its path begins with. */
export class GatewayPaths implements Door {
  /** Longer prefixes first. */
  readonly #gateways: readonly OpenGateway[];

  constructor(gateways: readonly OpenGateway[]) {
    this.#gateways = [...gateways].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Whether a path is some gateway's. */
  takes(path: string): boolean {
    return this.#gateways.some((gateway) => restOf(gateway, path) !== undefined);
  }

  async request(incoming: Incoming): Promise<Outgoing> {
    const found = this.#find("http", incoming);
    return (await found?.door.request?.(found.incoming)) ?? { status: 404, body: "not found" };
  }

  async upgrade(incoming: Incoming): Promise<Upgrade | Outgoing> {
    const found = this.#find("websocket", incoming);
    return (await found?.door.upgrade?.(found.incoming)) ?? { status: 404, body: "not found" };
  }

  /** Who answers, and the request as it looks without the prefix: one that knows the path, else the nearest, which says that it does not. */
  #find(kind: "http" | "websocket", incoming: Incoming): { door: Door; incoming: Incoming } | undefined {
    const candidates = this.#gateways.flatMap((gateway) => {
      const path = restOf(gateway, incoming.path);
      const { web } = gateway.doors;
      return path === undefined || !web
        ? []
        : [
            {
              door: web,
              incoming: path === incoming.path ? incoming : { ...incoming, path, sentPath: incoming.path },
              knows: gateway.doors.knows(kind, path),
            },
          ];
    });
    return candidates.find(({ knows }) => knows) ?? candidates[0];
  }
}

/** The path behind the prefix; undefined where it does not begin with it. */
function restOf({ prefix }: OpenGateway, path: string): string | undefined {
  if (prefix === "") return path;
  if (path === prefix) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}
