/** Lines of context around a change. */
const CONTEXT = 3;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** The difference of two texts as `diff -u` writes it; no lines where there is none. */
export function unifiedDiff(before: string, after: string, name: string): string[] {
  if (before === after) return [];
  const lines = compared(...linesOf(before, after));
  const changed = lines.flatMap(({ sign }, i) => (sign === " " ? [] : [i]));
  const result = [`--- ${name}`, `+++ ${name}`];
  for (let i = 0; i < changed.length; ) {
    let last = i;
    while (last + 1 < changed.length && changed[last + 1]! - changed[last]! <= 2 * CONTEXT) last++;
    const from = Math.max(0, changed[i]! - CONTEXT);
    const hunk = lines.slice(from, changed[last]! + CONTEXT + 1);
    result.push(`@@ -${span(lines, hunk, from, "-")} +${span(lines, hunk, from, "+")} @@`);
    result.push(...hunk.map(({ sign, text }) => sign + text));
    i = last + 1;
  }
  return result;
}

/** Where both end in a line break, there is no line after it. */
function linesOf(before: string, after: string): [string[], string[]] {
  const end = before.endsWith("\n") && after.endsWith("\n") ? -1 : undefined;
  return [before.split("\n").slice(0, end), after.split("\n").slice(0, end)];
}

/** `line,count` of a hunk on one of its sides. */
function span(lines: readonly Line[], hunk: readonly Line[], from: number, side: "-" | "+"): string {
  const onSide = ({ sign }: Line) => sign === " " || sign === side;
  return `${lines.slice(0, from).filter(onSide).length + 1},${hunk.filter(onSide).length}`;
}

/** By the longest common subsequence of what is left between the equal beginning and the equal end. */
function compared(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(start, before.length - end);
  const b = after.slice(start, after.length - end);
  const same = (text: string): Line => ({ sign: " ", text });
  return [...before.slice(0, start).map(same), ...changes(a, b), ...before.slice(before.length - end).map(same)];
}

function changes(a: readonly string[], b: readonly string[]): Line[] {
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length)
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i++]! });
      j++;
    } else if (j >= b.length || (i < a.length && common[i + 1]![j]! >= common[i]![j + 1]!))
      lines.push({ sign: "-", text: a[i++]! });
    else lines.push({ sign: "+", text: b[j++]! });
  return lines;
}
