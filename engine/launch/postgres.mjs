import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const setting = "postgresql-common/createcluster.conf";

/**
 * Lets Debian's PostgreSQL be installed without making and starting a database of the system: the tests make their own, in temporary folders.
 * The system's setting is afterwards what it was, or what the package brings.
 * @template T
 * @param {import("./machine.mjs").Machine} machine
 * @param {() => T} install
 * @returns {T}
 */
export function withoutCluster(machine, install) {
  const file = join(machine.root, "etc", setting);
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const ours = `create_main_cluster = false\n${before ?? ""}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, ours);
  try {
    return install();
  } finally {
    // what somebody else has written meanwhile stays
    if (existsSync(file) && readFileSync(file, "utf8") === ours) restore(machine, file, before);
  }
}

function restore(machine, file, before) {
  const brought = join(machine.root, "usr/share", setting);
  if (before !== undefined) writeFileSync(file, before);
  else if (existsSync(brought)) copyFileSync(brought, file);
  else rmSync(file);
}
