import type { FileResult, TestResult } from "./run-tests.ts";

/** Results as JUnit XML, which build servers read: a suite for each file, a case for each test; findings of lint are a case that fails. */
export function junitReport(files: readonly FileResult[]): string {
  const suites = files.map(suite);
  const total = (name: keyof Counts) => suites.reduce((sum, { counts }) => sum + counts[name], 0);
  const sums = `tests="${total("tests")}" failures="${total("failures")}" skipped="${total("skipped")}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="parlando" ${sums}>\n${suites.map(({ xml }) => xml).join("")}</testsuites>\n`;
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
}

function suite({ file, findings, tests }: FileResult): { readonly xml: string; readonly counts: Counts } {
  const errors = findings.filter(({ severity }) => severity === "error");
  const lint = errors.length === 0 ? [] : [lintCase(file, errors)];
  const counts = {
    tests: tests.length + lint.length,
    failures: tests.filter(({ status }) => status === "failed").length + lint.length,
    skipped: tests.filter(({ status }) => status === "skipped").length,
  };
  const seconds = tests.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1000;
  const facts = `tests="${counts.tests}" failures="${counts.failures}" skipped="${counts.skipped}" time="${seconds.toFixed(3)}"`;
  const xml = `  <testsuite name="${escaped(file)}" ${facts}>\n${[...lint, ...tests.map(testCase)].join("")}  </testsuite>\n`;
  return { xml, counts };
}

function lintCase(file: string, errors: FileResult["findings"]): string {
  const lines = errors.map(({ line, column, code, message }) => `${line}:${column} ${code} ${message}`).join("\n");
  return `    <testcase classname="${escaped(file)}" name="the workflow is sound">\n      <failure message="${errors.length} findings">${escaped(lines)}</failure>\n    </testcase>\n`;
}

function testCase({ file, name, line, status, problems, reason, wallMs }: TestResult): string {
  const head = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" line="${line}" time="${(wallMs / 1000).toFixed(3)}"`;
  if (status === "passed") return `${head}/>\n`;
  if (status === "skipped") return `${head}>\n      <skipped message="${escaped(reason ?? "")}"/>\n    </testcase>\n`;
  const failures = problems.map(
    ({ what, lines }) => `      <failure message="${escaped(what)}">${escaped(lines.join("\n"))}</failure>\n`,
  );
  return `${head}>\n${failures.join("")}    </testcase>\n`;
}

/** What XML forbids even as an entity becomes a sign for it. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML 1.0 does not have
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
