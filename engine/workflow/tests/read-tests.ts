import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { z } from "zod";
import { ERROR_TRAITS } from "#engine/errors";
import type { Finding } from "../finding.ts";
import type { FindingCode } from "../finding-codes.ts";
import { check } from "../yaml/check.ts";
import { didYouMean, suggest } from "../yaml/suggest.ts";
import type { Path, YamlFile } from "../yaml/yaml-file.ts";
import {
  type Expectation,
  expectSchema,
  type Fixture,
  fixtureSchema,
  type Mock,
  mockSchema,
  type Piece,
  testSchema,
} from "./format.ts";
import { testedPort, type WorkflowTest } from "./workflow-test.ts";

/** What stands under `tests`. Findings go into the list; a test with a fault is left out. */
export function readTests(written: unknown, yaml: YamlFile, dir: string, findings: Finding[]): WorkflowTest[] {
  if (!Array.isArray(written)) {
    findings.push(yaml.finding("VALUE_TYPE", ["tests"], "tests is a list, each with a name and what to expect"));
    return [];
  }
  const names = new Set<string>();
  return written.flatMap((value, index) => {
    const reader = new TestReader(yaml, dir, ["tests", index]);
    const test = reader.read(value);
    if (test && names.has(test.name)) reader.tell("VALUE_NOT_ALLOWED", ["name"], "an earlier test has the same name");
    if (test) names.add(test.name);
    findings.push(...reader.findings);
    return test && reader.sound ? [test] : [];
  });
}

class TestReader {
  readonly findings: Finding[] = [];

  constructor(
    readonly yaml: YamlFile,
    readonly dir: string,
    readonly path: Path,
  ) {}

  get sound(): boolean {
    return this.findings.every((finding) => finding.severity !== "error");
  }

  tell(code: FindingCode, inner: Path, message: string, write?: string): void {
    this.findings.push(this.yaml.finding(code, [...this.path, ...inner], message, { write }));
  }

  read(value: unknown): WorkflowTest | undefined {
    const words = this.#check(testSchema, value, [], "a test");
    if (!words) return undefined;
    const test: WorkflowTest = {
      name: words.name,
      line: this.yaml.place(this.yaml.range(this.path).offset).line,
      params: words.params,
      in: this.#each(words.in, ["in"], (fixture, at) => this.#fixture(fixture, at)),
      mock: this.#each(words.mock, ["mock"], (mock, at) => this.#mock(mock, at)),
      expect: this.#expectation(words.expect ?? {}),
      faults: this.findings.filter(({ severity }) => severity === "warning"),
      dir: this.dir,
      yaml: this.yaml,
      path: this.path,
    };
    return test;
  }

  #check<T>(schema: z.ZodType<T>, value: unknown, at: Path, what: string): T | undefined {
    const { yaml } = this;
    const checked = check(schema, value, { yaml, what, where: (inner) => [...this.path, ...at, ...inner] });
    this.findings.push(...checked.findings);
    return checked.value;
  }

  #each<T>(
    written: Readonly<Record<string, unknown>>,
    at: Path,
    read: (value: unknown, at: Path) => T | undefined,
  ): Record<string, T> {
    const entries = Object.entries(written).flatMap(([key, value]): [string, T][] => {
      const one = read(value, [...at, key]);
      return one === undefined ? [] : [[key, one]];
    });
    return Object.fromEntries(entries);
  }

  #fixture(value: unknown, at: Path): Fixture | undefined {
    const fixture = this.#check(fixtureSchema, value, at, "what comes in");
    if (fixture === undefined) return undefined;
    if (typeof fixture === "string") this.#recording(fixture, at);
    else if (Array.isArray(fixture)) this.#pieces(fixture, at);
    else if ("pace" in fixture) {
      const { audio, channels, text } = fixture;
      const given = [audio, channels, text].filter((each) => each !== undefined);
      if (given.length !== 1) this.tell("VALUE_INVALID", at, "wants one of audio, channels and text");
      if (typeof audio === "string") this.#recording(audio, [...at, "audio"]);
      else if (audio) this.#pieces(audio, [...at, "audio"]);
      for (const [index, one] of channels?.entries() ?? []) this.#pieces(one, [...at, "channels", index]);
    }
    return fixture;
  }

  #pieces(pieces: readonly Piece[], at: Path): void {
    for (const [index, piece] of pieces.entries()) {
      if ("file" in piece) this.#recording(piece.file, [...at, index, "file"]);
      else if ("of" in piece) this.#pieces(piece.of, [...at, index, "of"]);
    }
  }

  /** A warning: the workflow does without, only the test does not. */
  #recording(file: string, at: Path): void {
    if (existsSync(resolve(this.dir, file))) return;
    const message = `the recording ${file} is not there`;
    this.findings.push(this.yaml.finding("FIXTURE_ABSENT", [...this.path, ...at], message, { severity: "warning" }));
  }

  #mock(value: unknown, at: Path): Mock | undefined {
    const mock = this.#check(mockSchema, value, at, "a mock");
    if (!mock) return undefined;
    if (mock.gives !== undefined) this.#fixture(mock.gives, [...at, "gives"]);
    this.#code(mock.error, [...at, "error"]);
    for (const [index, result] of mock.results?.entries() ?? []) {
      if (typeof result === "string") continue;
      const place = [...at, "results", index];
      this.#code(result.error, [...place, "error"]);
      if (result.error !== undefined && result.hang) this.tell("VALUE_INVALID", place, "cannot both fail and hang");
      if (result.times !== undefined && result.error === undefined && !result.hang)
        this.tell("VALUE_INVALID", [...place, "times"], "times belongs to error or hang, and neither is there");
    }
    const untils = (mock.results ?? []).map((result) => (typeof result === "string" ? undefined : result.untilMs));
    if (untils.some((until) => until !== undefined) && untils.includes(undefined))
      this.tell("VALUE_INVALID", [...at, "results"], "either every result says untilMs, or none does");
    return mock;
  }

  #expectation(value: unknown): Expectation {
    const expected = this.#check(expectSchema, value, ["expect"], "expect");
    if (!expected) return expectSchema.parse({});
    if (typeof expected.ends === "object") this.#code(expected.ends.error, ["expect", "ends", "error"]);
    for (const [port, { pattern, wer, text, golden }] of Object.entries(expected.ports)) {
      const at = ["expect", "ports", port];
      if (!port.startsWith("outputs.") && !testedPort(port))
        this.tell(
          "VALUE_FORMAT",
          at,
          `${port} is no port: node, node.port, node[copy].port, inputs.NAME or outputs.NAME`,
        );
      this.#pattern(pattern, [...at, "pattern"]);
      if (wer !== undefined && text === undefined && golden === undefined)
        this.tell("KEY_MISSING", [...at, "wer"], "wer needs text or golden: what was said");
    }
    for (const [index, step] of expected.order.entries())
      if (typeof step !== "string") this.#pattern(step.pattern, ["expect", "order", index, "pattern"]);
    for (const [file, { pattern }] of Object.entries(expected.files))
      this.#pattern(pattern, ["expect", "files", file, "pattern"]);
    return expected;
  }

  #pattern(pattern: string | undefined, at: Path): void {
    try {
      if (pattern !== undefined) new RegExp(pattern, "u");
    } catch {
      this.tell("VALUE_FORMAT", at, "pattern is not a regular expression");
    }
  }

  #code(code: string | undefined, at: Path): void {
    if (code === undefined || Object.hasOwn(ERROR_TRAITS, code)) return;
    const suggestion = suggest(code, Object.keys(ERROR_TRAITS));
    this.tell("VALUE_NOT_ALLOWED", at, `${code} is no code of an error${didYouMean(suggestion)}`, suggestion);
  }
}
