import { expect, test } from "bun:test";
import { canonicalTag, findMode, installCommand, parseStages } from "../../../plugins/apertium/modes.ts";

const pairs = (...names: string[]) =>
  names.map((name) => {
    const [source = "", target = ""] = name.split("-");
    return { name, source, target };
  });
const INSTALLED = pairs("eng-spa", "spa-eng", "spa-eng_US", "oci_aran-cat", "hbs_HR-slv", "cat-por_BR", "en-gl");

test.each([
  { source: "en", target: "es", mode: "eng-spa" },
  { source: "en-GB", target: "es-MX", mode: "eng-spa" },
  { source: "spa", target: "eng", mode: "spa-eng" },
  { source: "es", target: "en-US", mode: "spa-eng_US" },
  { source: "es", target: "en-GB", mode: "spa-eng" },
  { source: "hr", target: "sl", mode: "hbs_HR-slv" },
  { source: "sr-Latn", target: "sl", mode: undefined },
  { source: "hbs", target: "sl", mode: "hbs_HR-slv" },
  { source: "ca", target: "pt", mode: "cat-por_BR" },
  { source: "ca", target: "pt-BR", mode: "cat-por_BR" },
  { source: "ca", target: "pt-PT", mode: undefined },
  { source: "en", target: "gl", mode: "en-gl" },
  { source: "en", target: "fr", mode: undefined },
  { source: "es", target: "es", mode: undefined },
])("from $source to $target serves $mode", ({ source, target, mode }) => {
  expect(findMode(INSTALLED, canonicalTag(source)!, canonicalTag(target)!)?.name).toBe(mode!);
});

test.each([
  { tag: "eng", canonical: "en" },
  { tag: "en-us", canonical: "en-US" },
  { tag: "english", canonical: "english" },
  { tag: "e", canonical: undefined },
  { tag: "", canonical: undefined },
  { tag: "en_US", canonical: undefined },
])("the tag $tag is $canonical", ({ tag, canonical }) => {
  expect(canonicalTag(tag)).toBe(canonical!);
});

test.each([
  { source: "en", target: "ca", command: "apt-get install apertium-eng-cat" },
  { source: "ca", target: "en", command: "apt-get install apertium-eng-cat" },
  { source: "sr", target: "en", command: "apt-get install apertium-hbs-eng" },
  { source: "en", target: "zh", command: undefined },
])("the package for $source and $target: $command", ({ source, target, command }) => {
  expect(installCommand(source, target)).toBe(command!);
});

test("a mode's line becomes stages that flush, its holes filled, its paths led into the root they belong to", () => {
  const line = `lt-proc '/usr/share/a b.bin' | /usr/bin/apertium-tagger -g $2 "/usr/share/x.prob"|lt-proc $1 '/usr/share/g.bin'\n`;
  expect(parseStages(line, "/home/me/root", "m.mode")).toEqual([
    ["lt-proc", "-z", "/home/me/root/usr/share/a b.bin"],
    ["apertium-tagger", "-z", "-g", "/home/me/root/usr/share/x.prob"],
    ["lt-proc", "-z", "-n", "/home/me/root/usr/share/g.bin"],
  ]);
  expect(parseStages("lt-proc '/usr/share/a.bin'", "/", "m.mode")).toEqual([["lt-proc", "-z", "/usr/share/a.bin"]]);
});

test.each([{ text: "" }, { text: "a | | b" }, { text: "$(evil) x" }])(
  "what is no pipeline is refused: $text",
  ({ text }) => {
    expect(() => parseStages(text, "/", "m.mode")).toThrow("m.mode is no pipeline");
  },
);
