import { expect, test } from "bun:test";
import { spokenSentences } from "#engine/plugin";

test.each([
  { name: "sentences", text: "Hola. ¿Qué tal? ¡Bien!", pieces: ["Hola.", "¿Qué tal?", "¡Bien!"] },
  {
    name: "a title ends no sentence",
    text: "El Sr. Pérez vino. Y J. R. también.",
    pieces: ["El Sr. Pérez vino.", "Y J. R. también."],
  },
  { name: "a decimal point ends none", text: "Son 3.5 metros. Sí.", pieces: ["Son 3.5 metros.", "Sí."] },
  { name: "nothing", text: "", pieces: [] },
  { name: "blanks and control characters", text: " \0\n\u0001 ", pieces: [] },
  { name: "punctuation alone", text: "... ?! — «»", pieces: [] },
  {
    name: "punctuation stays with the sentence before it",
    text: "Primero! — ¿? Segundo.",
    pieces: ["Primero! — ¿?", "Segundo."],
  },
  { name: "a symbol alone is said", text: "€", pieces: ["€"] },
  { name: "control characters go", text: "uno\u0001 50P\0dos", pieces: ["uno 50P dos"] },
  { name: "markup stays as it is", text: "<b>a</b> & b", pieces: ["<b>a</b> & b"] },
])("$name", ({ text, pieces }) => {
  expect(spokenSentences(text, "es")).toEqual([...pieces]);
});

test.each(["piqd", undefined])("a language code that is no tag splits all the same: %p", (language) => {
  expect(spokenSentences("Three. Four.", language)).toEqual(["Three.", "Four."]);
});

test.each([
  { name: "commas", text: `${"la casa, es grande y ".repeat(60)}fin`, ends: /[,\s]$/ },
  { name: "blanks", text: `${"la casa es grande y ".repeat(60)}fin`, ends: /\s$/ },
  { name: "neither", text: "😀".repeat(1000), ends: /😀$/u },
])("a sentence without an end is cut at $name and loses nothing", ({ text }) => {
  const pieces = spokenSentences(text, "es");
  expect(pieces.length).toBeGreaterThan(3);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(300);
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  expect(pieces.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
});
