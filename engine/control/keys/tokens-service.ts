import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { EngineError } from "#engine/errors";
import { type Caller, SCOPES, type Scope, type TokenRequest, type Tokens } from "../api/access.ts";

const PREFIX = "parlando-token";
const DEFAULT_SECONDS = 300;
const MOST_SECONDS = 3600;
/** What a token can do at most. */
const TOKEN_SCOPES: readonly Scope[] = ["runs:read", "runs:write"];

const payload = z.strictObject({
  project: z.string(),
  keyId: z.string().optional(),
  scopes: z.array(z.enum(SCOPES)),
  only: z.union([z.strictObject({ run: z.string() }), z.strictObject({ workflow: z.string() })]),
  expiresAtMs: z.number(),
});

type Payload = z.output<typeof payload>;

/** Tokens that say themselves what they are for, signed with a secret of this installation: `PREFIX.PAYLOAD.SIGNATURE`. */
export class TokensService implements Tokens {
  /** @param exists whether the caller may see the run or workflow; throws where not. */
  constructor(
    private readonly secret: string,
    private readonly epochMs: () => number,
    private readonly exists: (caller: Caller, of: TokenRequest["for"]) => Promise<void>,
  ) {}

  async create(caller: Caller, { for: only, seconds = DEFAULT_SECONDS }: TokenRequest) {
    if (caller.only) throw new EngineError("SCOPE_MISSING", "a token makes no tokens");
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS)
      throw new EngineError("REQUEST_INVALID", `seconds: a whole number from 1 to ${MOST_SECONDS} was wanted`);
    await this.exists(caller, only);
    const scopes = TOKEN_SCOPES.filter((scope) => caller.scopes.has(scope) || caller.scopes.has("admin"));
    if (scopes.length === 0) throw new EngineError("SCOPE_MISSING", "the key has neither runs:read nor runs:write");
    const expiresAtMs = Math.round(this.epochMs() + seconds * 1000);
    const { project, keyId } = caller;
    const told: Payload = { project, scopes, only, expiresAtMs, ...(keyId !== undefined && { keyId }) };
    const body = Buffer.from(JSON.stringify(told)).toString("base64url");
    return { token: `${PREFIX}.${body}.${this.#sign(body).toString("base64url")}`, expiresAtMs };
  }

  /** @throws EngineError KEY_REFUSED for what this installation has not signed, or not for now. */
  async verify(token: string): Promise<{ readonly caller: Caller; readonly keyId?: string }> {
    const [prefix, body, signature, ...more] = token.split(".");
    if (prefix !== PREFIX || !body || !signature || more.length > 0) throw refused();
    const given = Buffer.from(signature, "base64url");
    const right = this.#sign(body);
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw refused();
    const { project, scopes, only, expiresAtMs, keyId } = payload.parse(
      JSON.parse(Buffer.from(body, "base64url").toString()),
    );
    if (expiresAtMs <= this.epochMs()) throw new EngineError("KEY_REFUSED", "the token has expired");
    const known = keyId === undefined ? {} : { keyId };
    return { caller: { project, scopes: new Set(scopes), only, ...known }, ...known };
  }

  #sign(body: string): Buffer {
    return createHmac("sha256", this.secret).update(`${PREFIX}.${body}`).digest();
  }
}

/** The same for every bearer that lets nobody in, whatever is wrong with it. */
export const refused = (): EngineError =>
  new EngineError("KEY_REFUSED", "a valid key is needed, as `authorization: Bearer KEY`; `parlando keys` makes them");
