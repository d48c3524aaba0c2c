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
 * Refuses what needs no look-up of names to be refused.
 * @throws EngineError HOST_FORBIDDEN, URL_FORBIDDEN as `allowedAddresses` does.
 */
export function requireAllowed(url: URL, { hosts, onlyListed }: UrlRules): void {
  const host = hostOf(url);
  if (url.username !== "" || url.password !== "")
    throw new EngineError("URL_FORBIDDEN", `a URL of ${host} holds a name or password`);
  const listed = isListedHost(host, hosts);
  if (onlyListed && !listed) throw new EngineError("HOST_FORBIDDEN", `${host} is not among the allowed hosts`);
  if (isIP(host) && !listed) requirePublic(host, [host]);
}

function requirePublic(host: string, addresses: readonly string[]): void {
  if (addresses.some((address) => !isPublicAddress(address)))
    throw new EngineError("URL_FORBIDDEN", `${host} leads into a network that is not public`);
}

/**
 * The addresses that a URL may be reached at.
 * @throws EngineError HOST_FORBIDDEN for a host that is not listed, URL_FORBIDDEN for one in a network that is not public or with a name and
 *   password in it. The message names the host and no more of the URL.
 */
export async function allowedAddresses(url: URL, rules: UrlRules): Promise<readonly string[]> {
  requireAllowed(url, rules);
  const host = hostOf(url);
  if (isIP(host)) return [host];
  const addresses = await addressesOf(host, rules.resolve ?? byDns);
  if (!isListedHost(host, rules.hosts)) requirePublic(host, addresses);
  return addresses;
}

/**
 * The addresses that alone may be connected to, so that a second look-up of the name leads nowhere else; undefined for a host that the
 * operator has named, and for what is an address already.
 * @throws EngineError as `allowedAddresses`.
 */
export async function pinnedAddresses(url: URL, rules: UrlRules): Promise<readonly string[] | undefined> {
  const addresses = await allowedAddresses(url, rules);
  const host = hostOf(url);
  return isIP(host) || isListedHost(host, rules.hosts) ? undefined : addresses;
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
