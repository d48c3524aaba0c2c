import { parseArgs } from "node:util";
import type { Finding } from "#engine/workflow";
import { type Command, EXIT, wrongUsage } from "./command.ts";
import { countFindings, hasErrors, printFindings, printMends } from "./findings.ts";
import { fixFiles } from "./fix.ts";
import { planFile } from "./planning.ts";

export const lint: Command = {
  name: "lint",
  usage: "FILE... [--json] [--elsewhere] [--fix [--dry-run]]",
  listedPlugins: true,
  summary: "Check workflow files without running them",
  help: [
    "Every finding of every file at once, each as `file:line:column CODE message`. Needs no engine installed.",
    "--fix            mends what has one right answer: a misspelt key, an unquoted ${…}, a missing version of the format;",
    "                 the files named, in place, all of them or none; never what a file says, nor its comments",
    "--fix --dry-run  shows the difference and writes nothing",
    "--elsewhere      secrets and variables that are not set here are warnings: the workflow will run on another machine",
    "Exit status 1 when there is an error, after the mending; notes and warnings alone are 0.",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals: files, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        elsewhere: { type: "boolean", default: false },
        fix: { type: "boolean", default: false },
        "dry-run": { type: "boolean", default: false },
      },
    });
    if (files.length === 0) return wrongUsage(this, console, "name at least one workflow file");
    if (values["dry-run"] && !values.fix) return wrongUsage(this, console, "--dry-run belongs to --fix");
    const findings: Finding[] = values.fix ? await fixFiles(files, values["dry-run"], console, world) : [];
    const { elsewhere } = values;
    for (const file of files) findings.push(...(await planFile(file, world, { purpose: "lint", elsewhere })).findings);
    if (values.json) console.out(JSON.stringify(findings));
    else {
      printFindings(findings, console.out, console);
      printMends(findings, console);
      console.err(`${files.length} file${files.length === 1 ? "" : "s"}: ${countFindings(findings)}`);
    }
    return hasErrors(findings) ? EXIT.failed : EXIT.done;
  },
};
