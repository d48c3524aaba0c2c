import { z } from "zod";
import { EngineError, type ErrorCode, type Network, type Token } from "#engine/plugin";
import { signCall, timestampOf, tokenParameters } from "./token/signature.ts";

export interface TokenSettings {
  readonly accessKeyId?: string | undefined;
  readonly accessKeySecret?: string | undefined;
  readonly securityToken?: string | undefined;
  readonly tokenUrl: string;
  readonly regionId?: string | undefined;
}

export interface TokenWorld {
  readonly network: Network;
  /** Unique for every call. */
  readonly nonce: string;
  /** Unix time in ms: a call that is far off it is refused. */
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}

const answer = z.looseObject({
  Token: z.looseObject({ Id: z.string().min(1), ExpireTime: z.number() }).optional(),
  Code: z.string().optional(),
});

/**
 * Asks for a token: a signed GET.
 * @throws EngineError VENDOR_KEY_REFUSED, VENDOR_RATE_LIMITED, VENDOR_FAILED with the vendor's word in `details.vendorCode`,
 *   VENDOR_PROTOCOL for an answer that is none, VENDOR_UNREACHABLE.
 */
export async function createToken(settings: TokenSettings, world: TokenWorld): Promise<Token> {
  const { accessKeyId = "", accessKeySecret = "", securityToken, regionId, tokenUrl } = settings;
  const parameters = tokenParameters({
    accessKeyId,
    nonce: world.nonce,
    timestamp: timestampOf(world.nowMs),
    ...(regionId !== undefined && { regionId }),
    ...(securityToken !== undefined && { securityToken }),
  });
  const { query } = signCall("GET", parameters, accessKeySecret);
  const response = await world.network.fetch({
    url: `${tokenUrl}${tokenUrl.includes("?") ? "&" : "?"}${query}`,
    headers: { accept: "application/json" },
    ...(world.signal && { signal: world.signal }),
  });
  const read = answer.safeParse(await response.json().catch(() => undefined));
  const { Token: token, Code: vendorCode } = read.data ?? {};
  if (response.status === 200 && token) return { value: token.Id, expiresAtMs: token.ExpireTime * 1000 };
  throw new EngineError(
    refusalCode(response.status, vendorCode),
    `Aliyun gave no token: HTTP ${response.status}${vendorCode === undefined ? "" : `, ${vendorCode}`}${adviceOn(vendorCode)}`,
    { details: { status: response.status, ...(vendorCode !== undefined && { vendorCode }) } },
  );
}

/** What the workflow's writer can do about it. */
function adviceOn(word = ""): string {
  if (/^(SignatureDoesNotMatch|InvalidAccessKeyId)/.test(word)) return ": look at accessKeyId and accessKeySecret";
  if (/^InvalidSecurityToken/.test(word)) return ": look at securityToken";
  if (/^(Forbidden|NoPermission)/.test(word)) return ": the access key may make no tokens";
  return /^InvalidTimeStamp/.test(word) ? ": look at the clock of this machine" : "";
}

/** Words of the RPC gateway. A nonce that was used, or a clock that is a little off, may be right the next time. */
function refusalCode(status: number, word = ""): ErrorCode {
  if (/^(SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSecurityToken|Forbidden|NoPermission)/.test(word))
    return "VENDOR_KEY_REFUSED";
  if (/^Throttling/.test(word) || status === 429) return "VENDOR_RATE_LIMITED";
  if (/^InvalidTimeStamp/.test(word)) return "VENDOR_REFUSED";
  if (status === 200) return "VENDOR_PROTOCOL";
  return /^SignatureNonceUsed/.test(word) || status >= 500 ? "VENDOR_FAILED" : "VENDOR_REFUSED";
}
