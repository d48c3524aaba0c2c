/**
 * A text as both databases take it: PostgreSQL refuses the character 0 and halves of surrogate pairs, so each becomes the replacement
 * character, in SQLite too.
 */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\uFFFD");

/** JSON with all texts in it storable; big integers become texts. */
export const storableJson = (value: unknown): string => JSON.stringify(value ?? null, clean);

function clean(_key: string, value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  if (keys.every((key) => storable(key) === key)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storable(key), inner]));
}
