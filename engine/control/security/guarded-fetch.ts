import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { EngineError } from "#engine/errors";
import { allowedAddresses, type UrlRules } from "./url-guard.ts";

export interface GuardedRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of the machine: from the beginning to the head of the last answer. Default 30,000. */
  readonly timeoutMs?: number;
  /** Followed redirects; default 5. 0: a redirect is an answer like others. */
  readonly redirects?: number;
  readonly signal?: AbortSignal;
}

export interface GuardedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read once; leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * An HTTP exchange that cannot be led into a closed network: addresses are checked, and it is the checked address that is connected to, after
 * every redirect anew.
 * @throws EngineError URL_FORBIDDEN, HOST_FORBIDDEN, CONFIG_INVALID for what is no http(s) URL, VENDOR_UNREACHABLE.
 */
export async function guardedFetch(request: GuardedRequest, rules: UrlRules): Promise<GuardedResponse> {
  const late = AbortSignal.timeout(request.timeoutMs ?? 30_000);
  const signal = request.signal ? AbortSignal.any([request.signal, late]) : late;
  let url = webUrl(request.url);
  for (let left = request.redirects ?? 5; ; left--) {
    const addresses = await allowedAddresses(url, rules);
    const answer = await exchange(url, addresses, request, signal);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined || request.redirects === 0) return answer;
    for await (const _ignored of answer.body) break;
    if (left === 0) throw new EngineError("VENDOR_UNREACHABLE", `${url.host} redirects without end`);
    url = webUrl(location, url);
  }
}

function webUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new EngineError("CONFIG_INVALID", "a URL that begins with http:// or https:// was wanted");
  return url;
}

function exchange(
  url: URL,
  addresses: readonly string[],
  { method = "GET", headers, body }: GuardedRequest,
  signal: AbortSignal,
): Promise<GuardedResponse> {
  const checked = addresses.map((address) => ({ address, family: isIP(address) }));
  const pinned = (_host: string, options: { all?: boolean }, found: (...answer: unknown[]) => void) =>
    options.all ? found(null, checked) : found(null, checked[0]!.address, checked[0]!.family);
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    const failed = (cause: unknown) =>
      reject(
        signal.aborted && signal.reason instanceof EngineError
          ? signal.reason
          : new EngineError("VENDOR_UNREACHABLE", `${url.host} did not answer`, { cause }),
      );
    const sent = request(
      url,
      { method, headers: { ...headers }, lookup: pinned as never, signal, agent: false },
      (answer) => {
        const told = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
        resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(told), body: answer });
      },
    );
    sent.on("error", failed);
    sent.end(body);
  });
}
