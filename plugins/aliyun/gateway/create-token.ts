import { equalSecrets, type GatewayHost, type GatewayKey, type Incoming, type Outgoing } from "#engine/plugin";
import { canonicalQuery, signCall, stringToSign } from "../token/signature.ts";
import { newToken } from "./credentials.ts";

/** How far a caller's clock may be off. */
const CLOCK_MS = 15 * 60_000;
/** Nonces that are remembered; older ones are refused by their time. */
const MOST_NONCES = 100_000;

const WANTED = [
  "AccessKeyId",
  "Action",
  "Signature",
  "SignatureMethod",
  "SignatureNonce",
  "Timestamp",
  "Version",
] as const;

type Parameters = Readonly<Record<string, string>>;

/** Answers `CreateToken`, by GET with a query and by POST with a query or a form. */
export class TokenDesk {
  /** With the time from which each may be forgotten. */
  readonly #nonces = new Map<string, number>();

  constructor(
    readonly host: GatewayHost,
    readonly tokenMs: number,
  ) {}

  async answer(request: Incoming): Promise<Outgoing> {
    const parameters = parametersOf(request);
    const missing = WANTED.find((name) => !parameters[name]);
    if (missing) return this.#refuse(400, `Missing${missing}`, `${missing} is mandatory for this action.`);
    if (parameters.Action !== "CreateToken" || parameters.Version !== "2019-02-28")
      return this.#refuse(404, "InvalidAction.NotFound", "Specified api is not found.");
    if (parameters.SignatureMethod !== "HMAC-SHA1")
      return this.#refuse(400, "UnsupportedSignatureMethod", "The signature method is not supported.");
    const key = await this.host.key(parameters.AccessKeyId ?? "");
    if (!key) return this.#refuse(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
    const method = request.method === "GET" ? "GET" : "POST";
    const { signature } = signCall(method, parameters, key.secret);
    // base64 has no blank: one is a plus that was sent without percent-encoding
    if (!equalSecrets((parameters.Signature ?? "").replaceAll(" ", "+"), signature)) {
      // the vendor's libraries look at what stands behind the colon, and know by it that it is the secret that is wrong
      const signed = stringToSign(method, canonicalQuery(parameters));
      const words = `Specified signature is not matched with our calculation. server string to sign is:${signed}`;
      return this.#refuse(400, "SignatureDoesNotMatch", words);
    }
    return this.#stale(key, parameters) ?? this.#issue(key);
  }

  #stale(key: GatewayKey, { Timestamp = "", SignatureNonce = "" }: Parameters): Outgoing | undefined {
    const nowMs = this.host.epochMs();
    const atMs = Date.parse(Timestamp);
    if (!(Math.abs(atMs - nowMs) <= CLOCK_MS))
      return this.#refuse(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
    const nonce = `${key.id} ${SignatureNonce}`;
    if (this.#nonces.has(nonce)) return this.#refuse(400, "SignatureNonceUsed", "Specified signature nonce was used.");
    this.#nonces.set(nonce, atMs + CLOCK_MS);
    for (const [old, untilMs] of this.#nonces) {
      if (untilMs > nowMs && this.#nonces.size <= MOST_NONCES) break;
      this.#nonces.delete(old);
    }
    return undefined;
  }

  #issue(key: GatewayKey): Outgoing {
    const expiresAtMs = Math.floor((this.host.epochMs() + this.tokenMs) / 1000) * 1000;
    return json(200, {
      NlsRequestId: this.host.newId().replaceAll("-", ""),
      RequestId: this.host.newId().toUpperCase(),
      ErrMsg: "",
      Token: { ExpireTime: expiresAtMs / 1000, Id: newToken(key, expiresAtMs), UserId: key.id },
    });
  }

  #refuse(status: number, code: string, message: string): Outgoing {
    const requestId = this.host.newId().toUpperCase();
    return json(status, {
      RequestId: requestId,
      HostId: "nls-meta.cn-shanghai.aliyuncs.com",
      Code: code,
      Message: message,
    });
  }
}

const json = (status: number, body: unknown): Outgoing => ({
  status,
  headers: { "content-type": "application/json;charset=utf-8" },
  body: JSON.stringify(body),
});

function parametersOf({ query, body, headers }: Incoming): Parameters {
  const form = /form-urlencoded/i.test(headers["content-type"] ?? "") ? new TextDecoder().decode(body) : "";
  return Object.fromEntries([...new URLSearchParams(query), ...new URLSearchParams(form)]);
}
