export interface Manner {
  readonly language: string;
  readonly voice: string;
  readonly style?: string | undefined;
  readonly styleDegree?: number | undefined;
  readonly role?: string | undefined;
  readonly rate?: string | undefined;
  readonly pitch?: string | undefined;
  readonly volume?: string | undefined;
  readonly effect?: string | undefined;
}

const NAMESPACES =
  'version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xmlns:mstts="http://www.w3.org/2001/mstts" xmlns:emo="http://www.w3.org/2009/10/emotionml"';

/** A text as a document, spoken in a manner. Nothing of the text or of the manner can leave its place. */
export function ssmlOf(text: string, manner: Manner): string {
  const { language, voice, style, styleDegree, role, rate, pitch, volume, effect } = manner;
  const prosody = element("prosody", { rate, pitch, volume }, escaped(text));
  const express = element("mstts:express-as", { style, styledegree: styleDegree, role }, prosody);
  const spoken = `<voice${attributes({ name: voice, effect })}>${express}</voice>`;
  return `<speak ${NAMESPACES}${attributes({ "xml:lang": language })}>${spoken}</speak>`;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** The element around what is in it; that alone where no attribute is given. */
const element = (name: string, of: Attributes, inner: string): string =>
  Object.values(of).some((value) => value !== undefined) ? `<${name}${attributes(of)}>${inner}</${name}>` : inner;

const attributes = (of: Attributes): string =>
  Object.entries(of)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join("");

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Characters that XML has no form for are left out. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
