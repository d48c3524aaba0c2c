import { parseArgs } from "node:util";
import { type CodePage, describeCode, knownCodes, suggest } from "#engine/workflow";
import { type Command, EXIT, wrongUsage } from "./command.ts";

export const explain: Command = {
  name: "explain",
  usage: "[CODE]... [--json]",
  summary: "Say what a code means, with an example and what mends it",
  help: "Without a code it lists them all.",
  async run(argv, console) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    const codes = positionals.map((code) => code.toUpperCase());
    const unknown = codes.find((code) => !describeCode(code));
    if (unknown !== undefined) {
      const near = suggest(unknown, knownCodes());
      return wrongUsage(this, console, `no code ${unknown}${near ? `; did you mean ${near}?` : ""}`);
    }
    const pages = (codes.length === 0 ? knownCodes() : codes).flatMap((code) => describeCode(code) ?? []);
    if (values.json) console.out(JSON.stringify(pages));
    else if (codes.length === 0)
      for (const { code, finding, error } of pages)
        console.out(`${code.padEnd(26)} ${finding?.meaning ?? error?.meaning ?? ""}`);
    else for (const [i, page] of pages.entries()) for (const line of pageLines(page, i > 0)) console.out(line);
    return EXIT.done;
  },
};

function pageLines({ code, finding, error }: CodePage, spaced: boolean): string[] {
  const lines = [...(spaced ? [""] : []), code];
  if (finding) {
    lines.push("", `In a workflow: ${finding.meaning}`);
    if (finding.example !== undefined)
      lines.push(
        "",
        ...finding.example
          .trimEnd()
          .split("\n")
          .map((line) => `    ${line}`),
      );
    lines.push("", `To mend it: ${finding.mend}`);
  }
  if (error) {
    const { meaning, example, mend, httpStatus, retryable, usable } = error;
    lines.push("", `${finding ? "As an error" : "Means"}: ${meaning ?? "an error of a run or call."}`);
    if (example !== undefined) lines.push("", `    ${code} ${example}`);
    if (mend !== undefined) lines.push("", `To mend it: ${mend}`);
    lines.push(
      "",
      `For programs: HTTP ${httpStatus}; ${retryable ? "the same may succeed later" : "the same fails again"}${usable ? "" : "; the node cannot work again"}.`,
    );
  }
  return lines;
}
