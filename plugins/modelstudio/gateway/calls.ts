import { z } from "zod";
import type { Caller, GatewayHost, GatewayKey, Incoming, Outgoing } from "#engine/plugin";
import { keyOf, sealKey } from "./credentials.ts";
import { answered, INVALID_KEY, type Refusal, refusal, refusedCall, scriptedRefusal, THROTTLED } from "./refusal.ts";

/** A call that was let in. */
export interface Call {
  readonly request: Incoming;
  readonly caller: Caller;
  readonly key: GatewayKey;
  readonly requestId: string;
}

/** What a call is answered by; a refusal is put as the vendor puts it. */
export type Answer = (call: Call) => Promise<Outgoing | Refusal>;

/** Where clients find what is kept for them: at the host that they called, where nothing else is said. No slash at its end. */
export const placeOf = ({ request }: Call, publicUrl: string | undefined): string =>
  (publicUrl ?? `http://${request.headers.host ?? "localhost"}`).replace(/\/+$/, "");

const isRefusal = (answer: Outgoing | Refusal): answer is Refusal => "code" in answer;

/** Lets callers in by their key, and answers faults of the script as the vendor would. */
export const door =
  (host: GatewayHost, answer: Answer) =>
  async (request: Incoming, caller: Caller): Promise<Outgoing> => {
    const requestId = host.newId();
    const key = caller.fault("expiredToken") ? undefined : await keyOf(request.headers.authorization, host);
    if (!key) return refusedCall(INVALID_KEY, requestId);
    if (caller.fault("rateLimit")) return refusedCall(THROTTLED, requestId);
    const scripted = caller.fault("vendorError");
    if (scripted) return refusedCall(scriptedRefusal(scripted.code), requestId);
    const given = await answer({ request, caller, key, requestId });
    return isRefusal(given) ? refusedCall(given, requestId) : given;
  };

/** The body as JSON of that form, or what the client is told of it. */
export function bodyOf<T>({ request }: Call, schema: z.ZodType<T>): { readonly body: T } | Refusal {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(request.body));
  } catch {
    return refusal("InvalidParameter", "the body is no JSON");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { body: parsed.data };
  return refusal("InvalidParameter", `${parsed.error.issues[0]?.path.join(".") || "the body"} is not valid`);
}

const LIFE_S = z.coerce.number().int().min(1).max(1800).catch(60);

/** Makes a key that ends by itself. */
export const temporaryKey =
  (host: GatewayHost): Answer =>
  async ({ request, key }) => {
    const lifeS = LIFE_S.parse(new URLSearchParams(request.query).get("expire_in_seconds") ?? undefined);
    const expiresAtS = Math.floor(host.epochMs() / 1000) + lifeS;
    return answered({ token: sealKey(key, expiresAtS * 1000), expires_at: expiresAtS });
  };
