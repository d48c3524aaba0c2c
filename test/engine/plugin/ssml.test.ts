import { expect, test } from "bun:test";
import { looksLikeSsml, readSsml, requireSsml } from "#engine/plugin";

test.each([
  { name: "is plain", document: "Good morning.", why: "does not begin with <speak>" },
  { name: "is another element", document: "<voice name='a'>Hi</voice>", why: "does not begin with <speak>" },
  { name: "is not closed", document: "<speak>Hi", why: "line 1, column 1: InvalidTag" },
  { name: "closes another element than it opened", document: "<speak><voice>Hi</speak></voice>", why: "InvalidTag" },
  { name: "is followed by another", document: "<speak>a</speak><speak>b</speak>", why: "InvalidXml" },
  { name: "is followed by an element of another name", document: "<speak>a</speak><audio src='x'/>", why: "goes on" },
  { name: "is followed by words", document: "<speak>a</speak> b", why: "InvalidXml" },
  {
    name: "declares a document type",
    document: '<?xml version="1.0"?><!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>',
    why: "document type",
  },
  { name: "names an entity that it does not declare", document: "<speak>&a;</speak>", why: "an & that begins" },
  { name: "has an & of its own", document: "<speak>salt & pepper</speak>", why: "an & that begins" },
])("what $name is no SSML", ({ document, why }) => {
  expect(() => requireSsml(document)).toThrow(why);
  expect(readSsml(document)).toBeUndefined();
});

test.each([
  { name: "the text alone", document: "<speak>Good <emphasis>morning</emphasis>.</speak>", text: "Good morning ." },
  { name: "the voice, too", document: `<speak><voice name='de-DE-X'>Hi</voice></speak>`, text: "Hi", voice: "de-DE-X" },
  {
    name: "characters that stand for others",
    document: "<speak>1 &lt; 2 &amp; &#x41;&#66;</speak>",
    text: "1 < 2 & AB",
  },
  { name: "nothing of what is no character", document: "<speak>a&#0;b&#xD800;c</speak>", text: "a b c" },
  {
    name: "what is marked as text",
    document: "<speak><![CDATA[1 < 2 & </speak>]]><!-- not & this --></speak>",
    text: "1 < 2 & </speak>",
  },
  { name: "nothing where nothing is said", document: `<speak version="1.0"/>`, text: "" },
])("of SSML is read: $name", ({ document, text, voice }) => {
  expect(() => requireSsml(document)).not.toThrow();
  expect(readSsml(document)).toEqual({ text, ...(voice !== undefined && { voice }) });
});

test.each([
  ["<speak>a</speak>", true],
  ["  <?xml version='1.0'?>\n<speak xml:lang='en'>a", true],
  ["<!DOCTYPE speak><speak>a</speak>", true],
  ["<speaker>a</speaker>", false],
  ["say <speak>", false],
])("%j looks like SSML: %p", (text, expected) => {
  expect(looksLikeSsml(text)).toBe(expected);
});
