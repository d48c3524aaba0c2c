import { expect, test } from "bun:test";
import { join } from "node:path";
import { HUNG_EXIT_STATUS } from "#engine/runtime";

/** A hook that never returns can only be watched from outside, so each case is a process of its own. */
const hung = join(import.meta.dir, "fixtures", "hung.ts");

test.each(["onFrame", "onControl", "create", "close", "run", "each"])(
  "a %s that never returns ends the process with a status of its own, and is named",
  async (hook) => {
    const child = Bun.spawn([process.execPath, hung, hook], { stdout: "pipe", stderr: "pipe" });
    const [status, said] = await Promise.all([child.exited, new Response(child.stderr).text()]);
    expect(said).toContain("NODE_HUNG run-1 stuck (double.");
    expect(said).toContain(
      hook === "run" ? "probably, in run" : `in ${hook === "each" ? "run" : hook} has not returned`,
    );
    expect(status).toBe(HUNG_EXIT_STATUS);
  },
);
