import { describe, expect, test } from "bun:test";
import { ERROR_MEANINGS, ERROR_TRAITS } from "#engine/errors";
import { FINDING_CODES } from "#engine/workflow";
import { callCommand } from "#test/called-command";

describe("explain", () => {
  test("says what a finding means, shows it, and what mends it", async () => {
    const { status, text } = await callCommand(["explain", "yaml_unquoted"], "/");
    expect(status).toBe(0);
    expect(text).toContain(`In a workflow: ${FINDING_CODES.YAML_UNQUOTED.meaning}`);
    expect(text).toContain("preRollMs: ${params.ms}");
    expect(text).toContain(`To mend it: ${FINDING_CODES.YAML_UNQUOTED.mend}`);
  });

  test("says of an error what programs may conclude", async () => {
    const { text } = await callCommand(["explain", "VENDOR_KEY_REFUSED"], "/");
    expect(text).toContain("HTTP 502; the same fails again; the node cannot work again.");
  });

  test("explains a code that is both on both sides, and several codes", async () => {
    const { text } = await callCommand(["explain", "SECRET_MISSING", "INTERNAL"], "/");
    expect(text.match(/^(SECRET_MISSING|In a workflow|As an error|INTERNAL|Means)\b/gm)).toEqual([
      "SECRET_MISSING",
      "In a workflow",
      "As an error",
      "INTERNAL",
      "Means",
    ]);
  });

  test("lists all codes, each with what it means", async () => {
    const { text } = await callCommand(["explain"], "/");
    const lines = text.trimEnd().split("\n");
    expect(lines.filter((line) => !/^[A-Z_]+ +\S/.test(line))).toEqual([]);
    expect(new Set(lines.map((line) => line.split(" ")[0]))).toEqual(
      new Set([...Object.keys(FINDING_CODES), ...Object.keys(ERROR_TRAITS)]),
    );
  });

  test("names the code that was meant", async () => {
    const { status, text } = await callCommand(["explain", "YAML_UNQOUTED"], "/");
    expect({ status, text }).toEqual({ status: 2, text: expect.stringContaining("did you mean YAML_UNQUOTED?") });
  });

  test("has words for every error code", () => {
    expect(Object.keys(ERROR_TRAITS).filter((code) => !(code in ERROR_MEANINGS))).toEqual([]);
  });
});
