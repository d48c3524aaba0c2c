import { createHmac } from "node:crypto";

/** A message to be posted, once it is stored: `body` as it is, with the headers that webhooks carry. */
export interface OutgoingPost {
  /** Unique; the receiver knows by it what came twice. */
  readonly id: string;
  readonly url: string;
  /** What `parlando-event` says. */
  readonly event: string;
  /** JSON. */
  readonly body: string;
  /** The value of `parlando-signature`, made where the secret is known: no secret is stored. */
  readonly signature?: string;
}

/** Posts for a node what is handed to it, again and again after failures and across a restart of the process. */
export interface Outbox {
  /** Resolves when it is stored; from then on it is the outbox's. */
  put(post: OutgoingPost): Promise<void>;
}

/** The headers of a post, of a node's and of a subscription's alike. */
export function postHeaders({ id, event, body, signature }: Omit<OutgoingPost, "url">): Record<string, string> {
  return {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "user-agent": "parlando",
    "parlando-event": event,
    "parlando-delivery": id,
    ...(signature !== undefined && { "parlando-signature": signature }),
  };
}

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
