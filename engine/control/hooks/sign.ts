import { createHmac } from "node:crypto";

/**
 * The value of `parlando-signature`: `t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`, one `v1` for each secret.
 * @param atMs Unix time.
 */
export function signatureOf(body: string, secrets: readonly string[], atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const signed = secrets.map(
    (secret) => `v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`,
  );
  return [`t=${seconds}`, ...signed].join(",");
}
