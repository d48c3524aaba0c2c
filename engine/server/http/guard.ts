import type { Caller, Control } from "#engine/control";
import { EngineError } from "#engine/errors";

/** Which hosts and web pages a request may come by. */
export interface DoorRules {
  /** Listens where only this machine reaches it: then a request has to name this machine, too. */
  readonly loopback: boolean;
  /** Names this server is known by from outside, without port. */
  readonly hosts: readonly string[];
  /** Web origins beside the server's own, such as `https://app.example.com`. */
  readonly origins: readonly string[];
}

/** An address that only this machine reaches. `host` has no brackets and no port. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

export function doorRules(config: Control["config"]): DoorRules {
  const { listen, publicUrl, keys } = config;
  const outside = publicUrl === undefined ? undefined : new URL(publicUrl);
  return {
    loopback: isLoopback(listen.host),
    hosts: outside ? [bare(outside.hostname)] : [],
    origins: [...keys.origins.map(asBrowsersSend), ...(outside ? [outside.origin] : [])],
  };
}

/** In lower case and without the port that goes without saying; of schemes that are not the web's nothing is known. */
function asBrowsersSend(origin: string): string {
  const bare = origin.replace(/\/$/, "");
  return /^https?:/i.test(bare) && URL.canParse(bare) ? new URL(bare).origin : bare;
}

/**
 * Refuses what a web page of somebody else sends. A page that has its own name resolve to this machine is known by the host that it
 * asks for, any other by its origin; browsers let a page change neither.
 * @throws EngineError HOST_FORBIDDEN.
 */
export function checkDoor(request: Request, rules: DoorRules): void {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const name = hostName(host);
  if (rules.loopback && !isLoopback(name) && !rules.hosts.includes(name))
    throw new EngineError(
      "HOST_FORBIDDEN",
      "this server answers to the names of this machine and that of publicUrl only",
    );
  const origin = request.headers.get("origin");
  if (origin === null) {
    // images, scripts and forms of other pages carry no origin, but say that they come from elsewhere
    const site = request.headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin" && site !== "none" && new URL(request.url).pathname.startsWith("/v1/"))
      throw new EngineError("HOST_FORBIDDEN", "a page of another site asks; keys.origins lists those that may");
    return;
  }
  if (!isOwnOrigin(origin, host) && !rules.origins.includes(origin))
    throw new EngineError("HOST_FORBIDDEN", "a page of another origin asks; keys.origins lists those that may");
}

/** A proxy in front may speak TLS where this server does not: the host decides. */
function isOwnOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  return (protocol === "http:" || protocol === "https:") && own === host.toLowerCase();
}

const bare = (host: string) => host.replace(/^\[|\]$/g, "").toLowerCase();

function hostName(host: string): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? bare(new URL(url).hostname) : "";
}

/**
 * Who sends the request, by its bearer key or token.
 * @param token from a place where a header cannot be set, such as a subprotocol.
 * @throws EngineError KEY_REFUSED, QUOTA_EXCEEDED.
 */
export async function callerOf(request: Request, control: Control, token?: string): Promise<Caller> {
  const header = request.headers.get("authorization");
  const bearer = token ?? (header === null ? undefined : /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header)?.[1]);
  if (header !== null && bearer === undefined)
    throw new EngineError("KEY_REFUSED", "the authorization header is not `Bearer` and a key");
  const caller = bearer === undefined ? await control.keys.anonymous() : await control.keys.authenticate(bearer);
  control.admitRequest(caller);
  return caller;
}
