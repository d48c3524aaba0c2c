import { EngineError } from "#engine/errors";
import type { Connection, HttpRequest, HttpResponse, Network } from "#engine/plugin";
import { StreamedResponse } from "#engine/runtime";
import { guardedFetch } from "../security/guarded-fetch.ts";
import type { UrlRules } from "../security/url-guard.ts";

/** What gateways call by themselves, at addresses that their clients name: nothing in a network that is not public, unless it is listed. */
export class GuardedNetwork implements Network {
  constructor(private readonly rules: UrlRules) {}

  async dial(): Promise<Connection> {
    throw new EngineError("EFFECT_FORBIDDEN", "a gateway makes HTTP calls only");
  }

  async fetch({ url, timeoutMs, ...request }: HttpRequest): Promise<HttpResponse> {
    const asked = { ...request, url, redirects: 0, ...(timeoutMs !== undefined && timeoutMs > 0 && { timeoutMs }) };
    const { status, headers, body } = await guardedFetch(asked, this.rules);
    return new StreamedResponse(status, headers, body, new URL(url).host);
  }

  release(): void {}
}
