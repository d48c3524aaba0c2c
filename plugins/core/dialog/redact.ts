/** Kinds of things that a text should not say, each with what it looks like. */
const LOOKS = {
  email: /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu,
  url: /\bhttps?:\/\/[^\s<>"]+/giu,
  iban: /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![\p{L}\p{N}])/gu,
  card: /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/gu,
  phone: /(?<![\p{L}\p{N}]|\d[ ./()-]{1,2})(?:\+|00)?\(?\d(?:[ ./()-]{0,2}\d){6,14}(?![\p{L}\p{N}]|[ ./()-]{1,2}\d)/gu,
  number: /(?<![\p{L}\p{N}])\d(?:[ .,/-]?\d){3,}(?![\p{L}\p{N}])/gu,
} as const;

export type Redacted = keyof typeof LOOKS;

/** In the order in which they are looked for: what is more certain first. */
export const REDACTED = Object.keys(LOOKS) as [Redacted, ...Redacted[]];

/** Numbers that have the right length may still be none of their kind. */
const CERTAIN: Partial<Record<Redacted, (found: string) => boolean>> = { card: passesLuhn, iban: passesIban };

/** The text with everything of these kinds replaced by what `mark` gives for it. */
export function redact(text: string, kinds: readonly Redacted[], mark: (kind: Redacted) => string): string {
  let left = text;
  for (const kind of REDACTED)
    if (kinds.includes(kind))
      left = left.replace(LOOKS[kind], (found) => (CERTAIN[kind]?.(found) === false ? found : mark(kind)));
  return left;
}

/** The check digit of payment cards. @see ISO/IEC 7812-1, annex B */
function passesLuhn(found: string): boolean {
  const digits = Array.from(found.replace(/\D/g, ""), Number).reverse();
  const sum = digits.reduce(
    (all, digit, at) => all + (at % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit),
    0,
  );
  return sum % 10 === 0;
}

/** The check digits of account numbers. @see ISO 13616 */
function passesIban(found: string): boolean {
  const compact = found.replaceAll(" ", "");
  const digits = [...compact.slice(4), ...compact.slice(0, 4)].map((sign) => Number.parseInt(sign, 36)).join("");
  return Array.from(digits, Number).reduce((rest, digit) => (rest * 10 + digit) % 97, 0) === 1;
}
