import type { Resource } from "../resource.ts";
import { credentialKey } from "./credential.ts";

/** A token and until when it is good. */
export interface Token {
  readonly value: string;
  /** Unix time in ms. */
  readonly expiresAtMs: number;
}

export interface TokenRequest {
  /** Unix time in ms by the run's clock: `ctx.epochMs()`. */
  readonly nowMs: number;
  /** A token that will be good for less than this is renewed. Default 600,000. */
  readonly renewBeforeMs?: number;
  /** Asks the vendor for a new one. */
  fetch(): Promise<Token>;
}

/** The token of one credential, shared by all that use it: asked for once however many want it, renewed before it ends. */
export class TokenCache {
  #token: Token | undefined;
  #coming: Promise<Token> | undefined;

  /**
   * A token that is good. Where another run is asking already, its answer is awaited; should that fail, this one asks for itself.
   * @throws what `fetch` throws.
   */
  async get(request: TokenRequest): Promise<string> {
    const { nowMs, renewBeforeMs = 600_000 } = request;
    const token = this.#token;
    if (token && token.expiresAtMs - nowMs > renewBeforeMs) return token.value;
    if (this.#coming)
      try {
        return (await this.#coming).value;
      } catch {
        // who asked may have been cancelled, which is no answer of the vendor's
      }
    this.#coming ??= this.#renew(request);
    return (await this.#coming).value;
  }

  /** The vendor refused this token: it is not given out again. */
  refuse(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  async #renew(request: TokenRequest): Promise<Token> {
    try {
      this.#token = await request.fetch();
      return this.#token;
    } finally {
      this.#coming = undefined;
    }
  }
}

/**
 * The token cache of a credential, for `ctx.resource(…)`.
 * @param parts what makes it one: vendor, endpoint, key id and key. Only a hash of them is kept.
 */
export const tokenCache = (...parts: readonly string[]): Resource<TokenCache> => ({
  key: `token ${credentialKey(parts)}`,
  open: async () => new TokenCache(),
  close: () => {},
});
