import { expect, test } from "bun:test";
import { z } from "zod";
import { readYaml } from "#engine/workflow";

const schema = z.strictObject({
  port: z.number().int().min(1),
  mode: z.enum(["open", "closed"]).default("open"),
  folders: z.array(z.union([z.string(), z.strictObject({ path: z.string(), every: z.number() })])).default([]),
});
const found = (text: string) =>
  readYaml(text, schema, "p.yaml").findings.map((each) => `${each.line}:${each.column} ${each.code} ${each.message}`);

test("a sound file is read in the schema's types", () => {
  const { value, findings } = readYaml("port: 80\nfolders: [a, { path: b, every: 5 }]\n", schema, "p.yaml");
  expect(value).toEqual({ port: 80, mode: "open", folders: ["a", { path: "b", every: 5 }] });
  expect(findings).toEqual([]);
});

test("every issue is told at its own place, and there is no value", () => {
  const text = "prot: 80\nmode: opne\nfolders:\n  - 7\n  - { path: b, every: soon }\n";
  expect(found(text)).toEqual([
    "1:1 KEY_MISSING the file needs port: a number",
    "1:1 KEY_UNKNOWN the file has no prot; did you mean port?",
    '2:7 VALUE_NOT_ALLOWED mode should be one of open, closed, found "opne"; did you mean open?',
    "4:5 VALUE_TYPE item 1 of folders should be a string or a mapping, found 7",
    '5:23 VALUE_TYPE every should be a number, found "soon"',
  ]);
  expect(readYaml(text, schema, "p.yaml").value).toBeUndefined();
});

test.each([
  { name: "columns count characters", text: 'port: 1\nmode: open # 🎤\n"🎤": 1\nx: 1\n', places: ["3:1", "4:1"] },
  { name: "a byte-order mark has no column", text: "\uFEFFx: 1\nport: 1\n", places: ["1:1"] },
  {
    name: "a return before the line feed changes nothing",
    text: "port: 1\r\nx: 1\r\ny: 2\r\n",
    places: ["2:1", "3:1"],
  },
  { name: "a value on its key's line is found behind it", text: "port:    x\n", places: ["1:10"] },
  { name: "a missing value is found at its key", text: "mode:\nport: 1\n", places: ["1:1"] },
  { name: "an alias is found where it is written", text: "port: 1\nfolders: [&a [x], *a]\n", places: ["2:14", "2:19"] },
])("$name", ({ text, places }) => {
  expect(found(text).map((each) => each.split(" ")[0]!)).toEqual([...places]);
});

test("YAML 1.2: no is a word, and merging is none", () => {
  const { value } = readYaml("a: no\nb: 0o17\n", z.strictObject({ a: z.string(), b: z.number() }), "p.yaml");
  expect(value).toEqual({ a: "no", b: 15 });
  expect(readYaml("<<: { a: 1 }\n", z.strictObject({}), "p.yaml").findings.map((each) => each.code)).toEqual([
    "KEY_UNKNOWN",
  ]);
});

test("aliases that expand to too much are refused without expanding them", () => {
  const levels = [..."abcdefghij"].map(
    (name, index, names) => `${name}: &${name} [${Array(10).fill(index === 0 ? "x" : `*${names[index - 1]}`)}]`,
  );
  const { findings } = readYaml(`${levels.join("\n")}\n`, z.record(z.string(), z.unknown()), "p.yaml");
  expect(findings.map((each) => each.code)).toEqual(["YAML_ALIAS"]);
});

test.each(["[".repeat(50_000), `${"- ".repeat(5000)}x`, `${"{a: ".repeat(70)}1${"}".repeat(70)}`, "? ".repeat(5000)])(
  "nesting without end is a finding (case %#)",
  (text) => {
    const codes = readYaml(text, z.unknown(), "p.yaml").findings.map((each) => each.code as string);
    expect(codes.length).toBeGreaterThan(0);
    expect(["YAML_TOO_DEEP", "YAML_INVALID", "YAML_KEY"]).toContain(codes[0]!);
  },
);

test("an unquoted ${ gets one finding with the text to write", () => {
  const text = "port: 1\nfolders: [${a}/x, { path: b${c}, every: 1 }]\n";
  const { findings } = readYaml(text, schema, "p.yaml");
  expect(findings.map((each) => `${each.line}:${each.column} ${each.code}`)).toEqual([
    "2:11 YAML_UNQUOTED",
    "2:27 YAML_UNQUOTED",
  ]);
  const fixed = findings
    .toReversed()
    .reduce(
      (before, { fix }) => before.slice(0, fix!.offset) + fix!.text + before.slice(fix!.offset + fix!.length),
      text,
    );
  expect(fixed).toBe('port: 1\nfolders: ["${a}/x", { path: "b${c}", every: 1 }]\n');
  expect(readYaml(fixed, schema, "p.yaml").findings).toEqual([]);
});
