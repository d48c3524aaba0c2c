import { parseArgs } from "node:util";
import type { Finding } from "#engine/workflow";
import { type Command, EXIT, wrongUsage } from "./command.ts";
import { countFindings, hasErrors, printFindings, printMends } from "./findings.ts";
import { planFile } from "./planning.ts";

export const lint: Command = {
  name: "lint",
  usage: "FILE... [--json]",
  listedPlugins: true,
  summary: "Check workflow files without running them",
  help: "Every finding of every file at once, each as `file:line:column CODE message`. Needs no engine installed.\nExit status 1 when there is an error; notes and warnings alone are 0.",
  async run(argv, console, world) {
    const { positionals: files, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    if (files.length === 0) return wrongUsage(this, console, "name at least one workflow file");
    const findings: Finding[] = [];
    for (const file of files) findings.push(...(await planFile(file, world, { purpose: "lint" })).findings);
    if (values.json) console.out(JSON.stringify(findings));
    else {
      printFindings(findings, console.out, console);
      printMends(findings, console);
      console.err(`${files.length} file${files.length === 1 ? "" : "s"}: ${countFindings(findings)}`);
    }
    return hasErrors(findings) ? EXIT.failed : EXIT.done;
  },
};
