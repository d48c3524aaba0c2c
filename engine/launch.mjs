#!/usr/bin/env node
// The door for a machine that has only Node and npm. This file stays in plain syntax, so that a Node that is too old
// still gets as far as the sentence below; everything else is loaded after the check.
const wantedMajor = 20;
const major = Number(process.versions.node.split(".")[0]);

if (major < wantedMajor) {
  process.stderr.write(
    `[set-up] failed: this is Node ${process.versions.node}, and Parlando's launcher wants Node 20 or newer.\n`,
  );
  process.stderr.write(
    "[set-up] what to do: install Node 20 or newer (nodejs.org, or your system's packages) and try again.\n",
  );
  process.exitCode = 1;
} else {
  import("./launch/main.mjs").then((launcher) => launcher.main(process.argv.slice(2)));
}
