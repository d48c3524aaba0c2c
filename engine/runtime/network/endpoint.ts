/** A URL as messages and events may name it: without its query, where keys and signatures stand. */
export function endpointOf(url: string): string {
  if (!URL.canParse(url)) return "an address that is no URL";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "ws:": 80, "https:": 443, "wss:": 443 };

/** Host and port to reach; undefined where the URL names no port and its scheme has no usual one. */
export function hostAndPort(url: string): { readonly host: string; readonly port: number } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const number = port === "" ? DEFAULT_PORTS[protocol] : Number(port);
  return number === undefined || hostname === ""
    ? undefined
    : { host: hostname.replace(/^\[|\]$/gu, ""), port: number };
}
