import { below, pick, type Random } from "../random.ts";

/** What does not belong into JSON fields that want something else. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e308,
  "",
  " ",
  "0",
  "-1",
  "null",
  "x".repeat(300),
  "ü🎤\u0000\u2028",
  "\ud800",
  "../../etc/passwd",
  "${env:HOME}",
  "${secret:none}",
  "__proto__",
  "http://127.0.0.1:1/",
  "http://169.254.169.254/latest",
  "file:///etc/passwd",
  [],
  {},
  [[]],
  [null],
  { "": "" },
  { constructor: { prototype: 1 } },
  Array.from({ length: 200 }, (_, i) => i),
];

const KEYS = ["__proto__", "constructor", "type", "id", "", "toString", "workflow", "x".repeat(200), "länge", "a.b"];

/** A copy of a JSON value that differs in one to three places. */
export function damageValue(value: unknown, random: Random): unknown {
  let damaged = value;
  for (let times = 1 + below(3, random); times > 0; times--) damaged = damageOnce(damaged, random);
  return damaged;
}

function damageOnce(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0 && random() < 0.8) return damageList(value, random);
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array) && random() < 0.9)
    return damageObject(value, random);
  if (typeof value === "string" && random() < 0.5) return damageText(value, random);
  if (typeof value === "number" && random() < 0.5) return value * pick([-1, 0, 0.5, 1e6, 1e300], random);
  return random() < 0.05 ? deep(10 + below(100, random)) : pick(ODD, random);
}

function damageList(list: readonly unknown[], random: Random): unknown[] {
  const copy = [...list];
  const at = below(copy.length, random);
  const way = random();
  if (way < 0.2) copy.splice(at, 1);
  else if (way < 0.4) copy.push(...copy);
  else copy[at] = damageOnce(copy[at], random);
  return copy;
}

function damageObject(object: object, random: Random): Record<string, unknown> {
  const entries = Object.entries(object);
  const at = below(entries.length, random);
  const way = random();
  if (way < 0.2) entries.splice(at, 1);
  else if (way < 0.35) entries.push([pick(KEYS, random), pick(ODD, random)]);
  else if (way < 0.45 && entries[at]) entries[at] = [pick(KEYS, random), entries[at][1]];
  else if (entries[at]) entries[at] = [entries[at][0], damageOnce(entries[at][1], random)];
  // by entries, so that __proto__ is a field like any other
  return Object.fromEntries(entries);
}

/** Lists in lists. */
export function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value };
  return value;
}

const SIGNS = ["{", "}", "[", "]", ":", ",", '"', "\\", "\u0000", "\uFEFF", "é", "🎤", "\n", "\t", "-", "1e999", "NaN"];

/** A text with a stretch of it removed, doubled or replaced. */
export function damageText(text: string, random: Random): string {
  const at = below(text.length + 1, random);
  const length = below(12, random);
  switch (below(4, random)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + pick(SIGNS, random) + text.slice(at + below(2, random));
    default:
      return text.slice(0, at);
  }
}

/** Bytes with some of them flipped, cut, doubled or replaced. */
export function damageBytes(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const at = below(bytes.length + 1, random);
  switch (below(5, random)) {
    case 0:
      return Uint8Array.from(bytes.subarray(0, at));
    case 1:
      return joined([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 20), at), bytes.subarray(at)]);
    case 2:
      return joined([bytes.subarray(0, at), noise(below(40, random), random), bytes.subarray(at)]);
    default: {
      const copy = Uint8Array.from(bytes);
      for (let times = 1 + below(4, random); times > 0 && copy.length > 0; times--) {
        const place = below(random() < 0.5 ? Math.min(32, copy.length) : copy.length, random);
        copy[place] = random() < 0.5 ? below(256, random) : copy[place]! ^ (1 << below(8, random));
      }
      return copy;
    }
  }
}

export const noise = (length: number, random: Random): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, () => below(256, random));

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
