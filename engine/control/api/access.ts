/** What a key or a token may do. `admin` is everything in its project and the keys themselves. */
export const SCOPES = [
  "runs:read",
  "runs:write",
  "workflows:read",
  "workflows:write",
  "jobs",
  "webhooks",
  "admin",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. Every service takes one first, answers for its project alone, and checks its scopes itself. */
export interface Caller {
  readonly project: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Of the key, or of the key that a token was made with; absent on a loopback server without keys. */
  readonly keyId?: string;
  /** A token's narrow view: one run, or runs of one workflow (`name` or `name@version`). */
  readonly only?: { readonly run: string } | { readonly workflow: string };
}

/** One page of a list. `next` goes into the following request as `cursor`; absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface PageRequest {
  /** From 1 to 200. Default 50. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** A key without what opens anything. */
export interface KeyView {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAtMs: number;
  readonly lastUsedAtMs?: number;
  readonly revokedAtMs?: number;
  readonly expiresAtMs?: number;
}

export interface NewKey {
  readonly project: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAtMs?: number;
}

export interface Keys {
  /** The caller that a bearer key or token belongs to. Constant-time. Throws KEY_REFUSED; which part was wrong is not told. */
  authenticate(bearer: string): Promise<Caller>;
  /** Who asks without a key: on a loopback server without any key, everything in the project `default`. Throws KEY_REFUSED otherwise. */
  anonymous(): Promise<Caller>;
  /** Makes a key. `secret` is shown this once; only its hash is kept. */
  create(key: NewKey): Promise<{ readonly key: KeyView; readonly secret: string }>;
  list(project?: string): Promise<readonly KeyView[]>;
  /** Throws KEY_NOT_FOUND. */
  revoke(id: string): Promise<void>;
}

/** Keys alone, without what spans runs: for making and revoking them from a command line. */
export interface KeyBook extends Pick<Keys, "create" | "list" | "revoke"> {
  /** Closes the store. */
  close(): Promise<void>;
}

export interface TokenRequest {
  /** A run of the caller's project, or a workflow whose runs the bearer may start and follow. */
  readonly for: { readonly run: string } | { readonly workflow: string };
  /** From 1 to 3600. Default 300. */
  readonly seconds?: number;
}

/** Short-lived tokens for browsers: signed, never stored, and never wider than the key that asked for them. */
export interface Tokens {
  create(caller: Caller, request: TokenRequest): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
}

/** What a project may use; absent figures are free. */
export interface Quotas {
  /** Runs at once. */
  readonly runs?: number;
  /** Seconds of audio in a calendar month (UTC). */
  readonly audioSeconds?: number;
  /** Requests a minute. */
  readonly requestsPerMinute?: number;
}
