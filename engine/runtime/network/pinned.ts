/** A request as it goes to one address, under the name that was asked for: a second look-up of that name could lead elsewhere. */
export interface Pinned {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the far end's certificate has to be for. */
  readonly tls: { readonly serverName: string };
}

/** @param addresses those that were checked; the first of version 4 is taken, or else the first. */
export function pinned(
  url: string,
  headers: Readonly<Record<string, string>> | undefined,
  addresses: readonly string[],
): Pinned {
  const address = addressOf(addresses);
  const { host, hostname } = new URL(url);
  const there = new URL(url);
  there.hostname = address.includes(":") ? `[${address}]` : address;
  return { url: there.href, headers: { ...headers, Host: host }, tls: { serverName: hostname } };
}

export const addressOf = (addresses: readonly string[]): string =>
  addresses.find((each) => !each.includes(":")) ?? addresses[0]!;
