import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { EngineError } from "#engine/errors";
import type { KeyRow, Store } from "#engine/store";
import { type Caller, type Keys, type KeyView, type NewKey, SCOPES, type Scope } from "../api/access.ts";
import type { ServerConfig } from "../config.ts";
import { newId } from "../ids.ts";
import { refused, type TokensService } from "./tokens-service.ts";

/** `parlando_ID_SECRET`. */
const KEY = /^parlando_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const SECRET_BYTES = 32;
/** The time of last use is stored this often at most. */
const USED_EVERY_MS = 60_000;

const DEFAULT_PROJECT = "default";

/** Keys, of which only hashes are kept, and who asks with them. */
export class KeysService implements Keys {
  constructor(
    private readonly store: Store,
    private readonly config: ServerConfig,
    private readonly tokens: TokensService,
    private readonly epochMs: () => number,
  ) {}

  async authenticate(bearer: string): Promise<Caller> {
    const parts = KEY.exec(bearer);
    if (!parts) {
      const { caller, keyId } = await this.tokens.verify(bearer);
      if (keyId !== undefined && !this.#usable(await this.store.read((from) => from.access.key(keyId))))
        throw refused();
      return caller;
    }
    const id = `key_${parts[1]}`;
    const row = await this.store.read((from) => from.access.key(id));
    // a key that is not there takes as long as one with another secret
    const right = timingSafeEqual(hashOf(parts[2]!), Buffer.from(row?.hash ?? NO_HASH, "hex"));
    if (!right || !row || !this.#usable(row)) throw refused();
    await this.#used(row);
    return { project: row.project, scopes: new Set(row.scopes as readonly Scope[]), keyId: row.id };
  }

  async anonymous(): Promise<Caller> {
    const { keys, listen } = this.config;
    const open = !keys.required && isLoopback(listen.host);
    if (!open || (await this.store.read((from) => from.access.countUsableKeys())) > 0) throw refused();
    return { project: DEFAULT_PROJECT, scopes: new Set(SCOPES) };
  }

  /** Who asks by a key that somebody else has checked; undefined for one that is not there, revoked or expired. */
  async callerOf(id: string): Promise<Caller | undefined> {
    const row = await this.store.read((from) => from.access.key(id));
    if (!row || !this.#usable(row)) return undefined;
    await this.#used(row);
    return { project: row.project, scopes: new Set(row.scopes as readonly Scope[]), keyId: row.id };
  }

  async create(key: NewKey): Promise<{ key: KeyView; secret: string }> {
    if (!NAME.test(key.project))
      throw new EngineError(
        "REQUEST_INVALID",
        "a project's name is made of up to 63 lower-case letters, digits and hyphens",
      );
    if (key.name.length > 100) throw new EngineError("REQUEST_INVALID", "name: at most 100 characters");
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const row: KeyRow = {
      id: newId("key"),
      project: key.project,
      name: key.name,
      hash: hashOf(secret).toString("hex"),
      scopes: SCOPES.filter((scope) => key.scopes.includes(scope)),
      createdAtMs: this.epochMs(),
      lastUsedAtMs: null,
      revokedAtMs: null,
      expiresAtMs: key.expiresAtMs ?? null,
    };
    await this.store.write((to) => to.access.insertKey(row));
    return { key: keyView(row), secret: `parlando_${row.id.slice("key_".length)}_${secret}` };
  }

  async list(project?: string): Promise<readonly KeyView[]> {
    return (await this.store.read((from) => from.access.keys(project))).map(keyView);
  }

  async revoke(id: string): Promise<void> {
    await this.store.write(async (to) => {
      const row = await to.access.key(id);
      if (!row) throw new EngineError("KEY_NOT_FOUND", "there is no such key");
      await to.access.updateKey(id, { revokedAtMs: row.revokedAtMs ?? this.epochMs() });
    });
  }

  #usable(row: KeyRow | undefined): boolean {
    return (
      row !== undefined && row.revokedAtMs === null && (row.expiresAtMs === null || row.expiresAtMs > this.epochMs())
    );
  }

  async #used(row: KeyRow): Promise<void> {
    const nowMs = this.epochMs();
    if (nowMs - (row.lastUsedAtMs ?? 0) < USED_EVERY_MS) return;
    // a store that takes nothing at the moment is no reason to refuse whoever only reads
    await this.store.write((to) => to.access.updateKey(row.id, { lastUsedAtMs: nowMs })).catch(() => {});
  }
}

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
const NO_HASH = "0".repeat(64);

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

const keyView = (row: KeyRow): KeyView => ({
  id: row.id,
  project: row.project,
  name: row.name,
  scopes: row.scopes as readonly Scope[],
  createdAtMs: row.createdAtMs,
  ...(row.lastUsedAtMs !== null && { lastUsedAtMs: row.lastUsedAtMs }),
  ...(row.revokedAtMs !== null && { revokedAtMs: row.revokedAtMs }),
  ...(row.expiresAtMs !== null && { expiresAtMs: row.expiresAtMs }),
});
