import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { EngineError } from "#engine/errors";
import { isListedHost, isPublicAddress } from "./addresses.ts";

/** Looks up the addresses of a host. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface UrlRules {
  /** Hosts that the operator has named: they may be in a private network. */
  readonly hosts: readonly string[];
  /** No others may be reached; otherwise any public one. */
  readonly onlyListed: boolean;
  readonly resolve?: Resolve;
}

const byDns: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map((each) => each.address);

/** The host of a URL as names are compared: lower case, without the brackets of IPv6 or a trailing dot. */
const hostOf = (url: URL): string =>
  url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");

/**
 * The addresses that a URL may be reached at.
 * @throws EngineError HOST_FORBIDDEN for a host that is not listed, URL_FORBIDDEN for one in a network that is not public or with a name and
 *   password in it. The message names the host and no more of the URL.
 */
export async function allowedAddresses(
  url: URL,
  { hosts, onlyListed, resolve = byDns }: UrlRules,
): Promise<readonly string[]> {
  const host = hostOf(url);
  if (url.username !== "" || url.password !== "")
    throw new EngineError("URL_FORBIDDEN", `a URL of ${host} holds a name or password`);
  const listed = isListedHost(host, hosts);
  if (onlyListed && !listed) throw new EngineError("HOST_FORBIDDEN", `${host} is not among the allowed hosts`);
  const addresses = isIP(host) ? [host] : await addressesOf(host, resolve);
  if (!listed && addresses.some((address) => !isPublicAddress(address)))
    throw new EngineError("URL_FORBIDDEN", `${host} leads into a network that is not public`);
  return addresses;
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    const found = await resolve(host);
    if (found.length > 0) return found;
  } catch {
    // told below: an unknown host and a failing resolver look alike from here
  }
  throw new EngineError("URL_FORBIDDEN", `${host} has no address`);
}
