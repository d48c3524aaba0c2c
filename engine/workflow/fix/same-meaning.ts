const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Whether two workflows say the same, but for the version that the second one states and keys that were renamed.
 * @param renamed what each key may have become, if not itself.
 */
export function sameButFor(
  before: unknown,
  after: unknown,
  renamed: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  if (!isMapping(before) || !isMapping(after)) return false;
  const { parlando, ...rest } = after;
  return same(before, Object.hasOwn(before, "parlando") || parlando !== 1 ? after : rest, renamed);
}

function same(a: unknown, b: unknown, renamed: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, i) => same(each, b[i], renamed))
    );
  if (!isMapping(a) || !isMapping(b)) return Object.is(a, b);
  const [was, is] = [Object.entries(a), Object.entries(b)];
  // keys keep their order, since only their names were written anew
  return (
    was.length === is.length &&
    was.every(([key, value], i) => {
      const [name, other] = is[i]!;
      return (key === name || (renamed.get(key)?.has(name) ?? false)) && same(value, other, renamed);
    })
  );
}
