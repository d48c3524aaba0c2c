import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { callCommand } from "#test/called-command";
import { folderWith } from "#test/planning";

setDefaultTimeout(60_000);

const WORKFLOW = `parlando: 1
inputs: { words: { kind: text } }
nodes:
  say: { use: core.script, from: inputs.words, with: { as: translate, otherwise: upper } }
  notes: { use: core.transcript, from: say, with: { path: "\${run.dir}/notes.txt" } }
tests:
  - name: words become capitals
    in: { words: { text: [one two] } }
    expect: { ports: { say: { text: ONE TWO } } }
  - name: words <stay> & "as they are"
    in: { words: { text: [one two] } }
    expect: { ports: { say: { text: one two } } }
  - name: words are kept
    in: { words: { text: [one] } }
    expect: { ports: { say: { golden: golden/say.txt } } }
`;
const PASSING = WORKFLOW.replace(/ {2}- name: words <stay>[\s\S]*$/, "");

const folder = () =>
  folderWith({
    "w.yaml": WORKFLOW,
    "passing.yaml": PASSING,
    "none.yaml": PASSING.replace(/tests:[\s\S]*$/, ""),
    "broken.yaml": "nodes: {}\n",
  });

describe("parlando test", () => {
  test("shows each test, and what differs where one fails", async () => {
    const { status, text } = await callCommand(["test", "w.yaml"], folder());
    expect(status).toBe(1);
    expect(text).toStartWith(`w.yaml
  ok   words become capitals
  FAIL words <stay> & "as they are" (line 10)
       say: the text differs
         - one two
         + ONE TWO
           [-one two-] {+ONE TWO+}
  FAIL words are kept (line 13)
       say: there is no golden/say.txt
         parlando test --update writes it
`);
    expect(text).toMatch(/^1 passed, 2 failed; 0\.0 s of audio in \d+\.\d s$/m);
  });

  test.each([
    { args: ["passing.yaml"], status: 0, words: "1 passed" },
    { args: ["none.yaml"], status: 0, words: "none.yaml: no tests" },
    { args: ["passing.yaml", "none.yaml"], status: 0, words: "1 passed" },
    { args: ["w.yaml", "--only", "capitals"], status: 0, words: "1 passed" },
    { args: ["w.yaml", "--only", "nobody"], status: 2, words: "--only nobody: no test has this in its name" },
    { args: ["broken.yaml", "passing.yaml"], status: 1, words: "1 passed, 1 faulty file" },
    { args: ["absent.yaml"], status: 1, words: "WORKFLOW_NOT_FOUND" },
    { args: [], status: 2, words: "name at least one workflow file" },
    { args: ["passing.yaml", "--jobs", "0"], status: 2, words: "--jobs 0: a whole number from 1 to 64 is wanted" },
    { args: ["passing.yaml", "--every"], status: 2, words: "--every" },
  ])("$args ends with $status", async ({ args, status, words }) => {
    const called = await callCommand(["test", ...args], folder());
    expect(called.text).toContain(words);
    expect(called.status).toBe(status);
  });

  test("writes golden files where it is told to, and nothing else", async () => {
    const cwd = folder();
    const { status, text } = await callCommand(["test", "w.yaml", "--update", "--only", "kept"], cwd);
    expect(status).toBe(0);
    expect(text).toContain("       wrote golden/say.txt\n");
    expect(readFileSync(join(cwd, "golden/say.txt"), "utf8")).toBe("ONE\n");
    expect(readFileSync(join(cwd, "w.yaml"), "utf8")).toBe(WORKFLOW);
    expect((await callCommand(["test", "w.yaml", "--only", "kept"], cwd)).status).toBe(0);
  });

  test("writes a JUnit report, faulty files included", async () => {
    const cwd = folder();
    await callCommand(["test", "w.yaml", "broken.yaml", "--junit", "out/report.xml"], cwd);
    const xml = readFileSync(join(cwd, "out/report.xml"), "utf8");
    expect(xml).toStartWith(
      '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="parlando" tests="4" failures="3" skipped="0">\n',
    );
    expect(xml).toContain('<testcase classname="w.yaml" name="words become capitals" line="7" time="');
    expect(xml).toContain('name="words &lt;stay&gt; &amp; &quot;as they are&quot;"');
    expect(xml).toContain('<failure message="say: the text differs">- one two&#10;+ ONE TWO&#10;');
    expect(xml).toContain('<testcase classname="broken.yaml" name="the workflow is sound">');
    // as many elements are closed as were opened, so that a reader of XML takes it
    const opened = xml.match(/<[a-z]+(?=[ >])(?![^>]*\/>)/g)?.length;
    expect(xml.match(/<\/[a-z]+>/g)?.length).toBe(opened);
  });

  test("gives programs a line of JSON for each test", async () => {
    const { text } = await callCommand(["test", "w.yaml", "--json", "--only", "words become"], folder());
    const [result] = text.split("\n").filter((line) => line.startsWith("{"));
    expect(JSON.parse(result ?? "")).toMatchObject({ file: "w.yaml", name: "words become capitals", status: "passed" });
  });

  test("leaves nothing behind but what it was told to write", async () => {
    const cwd = folder();
    await callCommand(["test", "w.yaml"], cwd);
    expect(["golden", "runs", "notes.txt"].filter((name) => existsSync(join(cwd, name)))).toEqual([]);
  });
});
