import { expect, test } from "bun:test";
import { FINDING_CODES, type Finding, formatFinding, showFinding, sortFindings } from "#engine/workflow";

const finding = (more: Partial<Finding> = {}): Finding => ({
  file: "w.yaml",
  line: 2,
  column: 4,
  severity: "error",
  code: "KEY_UNKNOWN",
  message: "a node has no frm",
  ...more,
});

test("a finding is one line for programs", () => {
  expect(formatFinding(finding())).toBe("w.yaml:2:4 KEY_UNKNOWN a node has no frm");
});

test("for people it shows the source line with a caret, and what to write", () => {
  const shown = showFinding(finding({ fix: { offset: 5, length: 3, text: "from" } }), "a:\n\t🎤 frm: x\n", {
    color: false,
  });
  expect(shown.split("\n")).toEqual([
    "w.yaml:2:4 error KEY_UNKNOWN a node has no frm",
    "2 | \t🎤 frm: x",
    "    \t  ^",
    "    write: from",
  ]);
});

test("signs of a terminal in a source line are not sent to the terminal", () => {
  const shown = showFinding(finding({ line: 1 }), "a\u001b[2Jb", { color: false });
  expect(shown).not.toContain("\u001b");
});

test("findings are sorted by file, place and code, and equal ones are told once", () => {
  const unsorted = [
    finding({ file: "a.yaml" }),
    finding({ line: 10 }),
    finding({ column: 1, code: "VALUE_TYPE" }),
    finding({ column: 1 }),
    finding({ line: 10 }),
  ];
  expect(
    sortFindings(unsorted, "w.yaml").map((each) => `${each.file}:${each.line}:${each.column} ${each.code}`),
  ).toEqual(["w.yaml:2:1 KEY_UNKNOWN", "w.yaml:2:1 VALUE_TYPE", "w.yaml:10:4 KEY_UNKNOWN", "a.yaml:2:4 KEY_UNKNOWN"]);
});

test.each(Object.entries(FINDING_CODES))("%s says what it means and how to mend it", (code, { meaning, mend }) => {
  expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  expect(meaning).toMatch(/^[A-Z`].*\.$/);
  expect(mend).toMatch(/^[A-Z].*[.:]?.*$/);
});
