type Edit<T> = { readonly kind: "same" | "missing" | "extra"; readonly item: T };

/** More of either side than this is told as a whole: the table grows with the product. */
const MOST_ITEMS = 2000;

/** How to come from what was wanted to what was found, with as few edits as there can be. */
function edits<T>(wanted: readonly T[], found: readonly T[]): Edit<T>[] {
  const rows = wanted.length + 1;
  const columns = found.length + 1;
  const common = new Uint16Array(rows * columns);
  for (let i = wanted.length - 1; i >= 0; i--)
    for (let j = found.length - 1; j >= 0; j--)
      common[i * columns + j] =
        wanted[i] === found[j]
          ? common[(i + 1) * columns + j + 1]! + 1
          : Math.max(common[(i + 1) * columns + j]!, common[i * columns + j + 1]!);
  const result: Edit<T>[] = [];
  let i = 0;
  let j = 0;
  while (i < wanted.length || j < found.length) {
    if (i < wanted.length && wanted[i] === found[j]) {
      result.push({ kind: "same", item: wanted[i]! });
      i++;
      j++;
    } else if (
      i < wanted.length &&
      (j === found.length || common[(i + 1) * columns + j]! >= common[i * columns + j + 1]!)
    )
      result.push({ kind: "missing", item: wanted[i++]! });
    else result.push({ kind: "extra", item: found[j++]! });
  }
  return result;
}

/** Two texts word by word: `one [-two-] {+too+} three`. */
export function wordDifference(wanted: string, found: string): string {
  const [a, b] = [wanted.split(/\s+/u).filter(Boolean), found.split(/\s+/u).filter(Boolean)];
  if (a.length > MOST_ITEMS || b.length > MOST_ITEMS) return `${a.length} words were wanted, ${b.length} came`;
  const runs: { kind: Edit<string>["kind"]; words: string[] }[] = [];
  for (const { kind, item } of edits(a, b)) {
    const last = runs.at(-1);
    if (last?.kind === kind) last.words.push(item);
    else runs.push({ kind, words: [item] });
  }
  const shown = { same: ["", ""], missing: ["[-", "-]"], extra: ["{+", "+}"] } as const;
  return runs.map(({ kind, words }) => `${shown[kind][0]}${words.join(" ")}${shown[kind][1]}`).join(" ");
}

/** Two lists line by line, with `-` before what is missing and `+` before what is too much. Of long stretches that are the same the ends stay. */
export function lineDifference(wanted: readonly string[], found: readonly string[]): string[] {
  if (wanted.length > MOST_ITEMS || found.length > MOST_ITEMS)
    return [`${wanted.length} lines were wanted, ${found.length} came`];
  const all = edits(wanted, found);
  const near = (index: number) => all.slice(Math.max(0, index - 2), index + 3).some(({ kind }) => kind !== "same");
  const lines: string[] = [];
  let left = 0;
  for (const [index, { kind, item }] of all.entries()) {
    if (kind === "same" && !near(index)) {
      left++;
      continue;
    }
    if (left > 0) lines.push(`  … ${left} more that are the same`);
    left = 0;
    lines.push(`${kind === "same" ? " " : kind === "missing" ? "-" : "+"} ${item}`);
  }
  if (left > 0) lines.push(`  … ${left} more that are the same`);
  return lines;
}
