import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { EngineError } from "#engine/errors";
import type { Clock } from "#engine/plugin";
import { allowedAddresses, type UrlRules } from "./url-guard.ts";

export interface GuardedRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of the machine: from the beginning to the head of the last answer, and for each silence in its body. Default 30,000. */
  readonly timeoutMs?: number;
  /** Followed redirects; default 5. 0: a redirect is an answer like others. */
  readonly redirects?: number;
  readonly signal?: AbortSignal;
  /** Calls after so many ms, unless the returned function has called it off. Default: the machine's timer. */
  readonly after?: Clock["after"];
}

export interface GuardedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Read once; leaving the loop early closes the connection. Throws VENDOR_UNREACHABLE where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * An HTTP exchange that cannot be led into a closed network: addresses are checked, and it is the checked address that is connected to, after
 * every redirect anew.
 * @throws EngineError URL_FORBIDDEN, HOST_FORBIDDEN, CONFIG_INVALID for what is no http(s) URL, VENDOR_UNREACHABLE.
 */
export async function guardedFetch(request: GuardedRequest, rules: UrlRules): Promise<GuardedResponse> {
  const { timeoutMs = 30_000, after = afterMs } = request;
  const late = new AbortController();
  const callOff = after(timeoutMs, () => late.abort());
  const signal = request.signal ? AbortSignal.any([request.signal, late.signal]) : late.signal;
  try {
    return await followed(request, rules, signal, (call) => after(timeoutMs, call));
  } finally {
    callOff();
  }
}

/** Calls after a while, unless it is called off. */
type Patience = (call: () => void) => () => void;

function afterMs(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}

async function followed(
  request: GuardedRequest,
  rules: UrlRules,
  signal: AbortSignal,
  patience: Patience,
): Promise<GuardedResponse> {
  let url = webUrl(request.url);
  for (let left = request.redirects ?? 5; ; left--) {
    const addresses = await allowedAddresses(url, rules);
    const answer = await exchange(url, addresses, request, { signal, patience });
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined || request.redirects === 0) return answer;
    for await (const _ignored of answer.body) break;
    if (left === 0) throw new EngineError("VENDOR_UNREACHABLE", `${url.host} redirects without end`);
    url = webUrl(location, url);
  }
}

/** @throws EngineError CONFIG_INVALID for what is no http(s) URL. */
export function webUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new EngineError("CONFIG_INVALID", "a URL that begins with http:// or https:// was wanted");
  return url;
}

function exchange(
  url: URL,
  addresses: readonly string[],
  { method = "GET", headers, body }: GuardedRequest,
  { signal, patience }: { readonly signal: AbortSignal; readonly patience: Patience },
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
        resolve({
          status: answer.statusCode ?? 0,
          headers: Object.fromEntries(told),
          body: bodyOf(answer, url, patience),
        });
      },
    );
    sent.on("error", failed);
    sent.end(body);
  });
}

/** An answer may take as long as it likes, as long as it goes on. */
async function* bodyOf(answer: http.IncomingMessage, url: URL, patience: Patience): AsyncGenerator<Uint8Array> {
  const wait = () => patience(() => answer.destroy(new Error("nothing came for a while")));
  let callOff = wait();
  try {
    for await (const bytes of answer) {
      callOff();
      yield bytes;
      callOff = wait();
    }
  } catch (cause) {
    throw new EngineError("VENDOR_UNREACHABLE", `${url.host} broke off its answer`, { cause });
  } finally {
    callOff();
    answer.destroy();
  }
}
