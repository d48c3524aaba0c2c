import type { Columns } from "./columns.ts";

/** Who may do what, and what the server must remember about requests. */
export const accessTables = (c: Columns) => ({
  keys: c.table(
    "api_keys",
    {
      id: c.text().primaryKey(),
      project: c.text().notNull(),
      name: c.text().notNull(),
      /** SHA-256 of the secret part, hexadecimal: the secret has 256 random bits, so a slow hash would add nothing. */
      hash: c.text().notNull(),
      scopes: c.json<readonly string[]>().notNull(),
      createdAtMs: c.whole().notNull(),
      lastUsedAtMs: c.whole(),
      revokedAtMs: c.whole(),
      expiresAtMs: c.whole(),
    },
    (t) => [c.index("api_keys_by_project").on(t.project)],
  ),
  projects: c.table("projects", { id: c.text().primaryKey(), createdAtMs: c.whole().notNull() }),
  /** Facts of this installation, such as what tokens are signed with. */
  facts: c.table("facts", { name: c.text().primaryKey(), value: c.text().notNull() }),
  idempotency: c.table(
    "idempotency_keys",
    {
      project: c.text().notNull(),
      /** What was asked for: `run`, `job`. */
      kind: c.text().notNull(),
      key: c.text().notNull(),
      /** SHA-256 of the request. */
      requestHash: c.text().notNull(),
      resourceId: c.text().notNull(),
      createdAtMs: c.whole().notNull(),
    },
    (t) => [c.primaryKey({ columns: [t.project, t.kind, t.key] }), c.index("idempotency_by_age").on(t.createdAtMs)],
  ),
});
