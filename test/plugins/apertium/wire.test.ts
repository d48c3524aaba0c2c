import { expect, test } from "bun:test";
import { cleanText, fromAnswer, isWhole, toRequest } from "../../../plugins/apertium/wire.ts";

test.each([
  { name: "a sentence that is open is closed apart from its last word", text: "no", request: "no .[]\n\0" },
  { name: "a sentence that is closed stays so", text: "no?", request: "no?[]\n\0" },
  { name: "a closing quotation mark belongs to the end", text: "(“no.”)", request: "(“no.”)[]\n\0" },
  {
    name: "characters of the stream format are escaped",
    text: "[a] ^$/\\@<>{}",
    request: "\\[a\\] \\^\\$\\/\\\\\\@\\<\\>\\{\\} .[]\n\0",
  },
  { name: "a tilde travels as a blank", text: "~5", request: "[~]5 .[]\n\0" },
])("$name", ({ text, request }) => {
  expect(toRequest(text)).toBe(request);
});

test.each([
  { name: "the closing stop goes", text: "no", answer: "No .[]\n", says: "No" },
  { name: "the text's own stop stays", text: "no.", answer: "No.[]\n", says: "No." },
  { name: "three dots stay", text: "the end...", answer: "El fin...[]\n", says: "El fin..." },
  { name: "escapes and blanks are undone", text: "[a] ~", answer: "\\[a\\] [~] .[]\n", says: "[A] ~" },
  { name: "double spaces collapse", text: "x", answer: " Puede  me .[]\n", says: "Puede me" },
  { name: "small letters get a capital", text: "x", answer: "élan vital .[]\n", says: "Élan vital" },
  { name: "a word with a capital inside stays", text: "x", answer: "iPhone nuevo .[]\n", says: "iPhone nuevo" },
  { name: "a number first needs no capital", text: "x", answer: "5 gatos .[]\n", says: "5 gatos" },
  { name: "an answer may be empty", text: "will", answer: " .[]\n", says: "" },
])("$name", ({ text, answer, says }) => {
  expect(fromAnswer(answer, text, "es")).toBe(says);
});

test.each([
  { name: "control characters and line ends become one blank", text: " a\0b\r\n\tc\u0007 ", clean: "a b c" },
  { name: "half a surrogate pair is replaced", text: "a\ud83d", clean: "a\ufffd" },
  { name: "blanks alone are nothing", text: " \n\u00a0\0 ", clean: "" },
])("$name", ({ text, clean }) => {
  expect(cleanText(text)).toBe(clean);
});

test.each([
  { answer: "Hola .[]\n", whole: true },
  { answer: "Hola?[]\n", whole: true },
  { answer: "", whole: false },
  { answer: "Hola ", whole: false },
])("an answer is whole when it ends as its request did: $answer", ({ answer, whole }) => {
  expect(isWhole(answer)).toBe(whole);
});
