import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import type { Locate } from "../runs/planner.ts";
import { guardedFetch, webUrl } from "../security/guarded-fetch.ts";
import { requireAllowed, type UrlRules } from "../security/url-guard.ts";
import { type UploadsService, writeStream } from "./uploads-service.ts";

const FETCHED = /^input-[0-9a-f]{32}$/;

/** Removes what was fetched into the folder of a run that is over: nobody reads it any more. */
export function removeFetched(runDir: string): void {
  if (!existsSync(runDir)) return;
  for (const name of readdirSync(runDir)) if (FETCHED.test(name)) rmSync(join(runDir, name), { force: true });
}

/** Where inputs that are not live lie on this machine: uploads as they are, URLs fetched into the run's own folder, once. */
export const locator =
  (uploads: UploadsService, rules: UrlRules, mostBytes: number) =>
  (project: string): Locate => ({
    upload: async (id) => (await uploads.find(project, id)).path,
    require: (url) => requireAllowed(webUrl(url), rules),
    async fetch(url, runDir, signal) {
      const name = createHash("sha256").update(url).digest("hex").slice(0, 32);
      const path = join(runDir, `input-${name}`);
      if (existsSync(path)) return path; // fetched before the run was interrupted
      const answer = await guardedFetch({ url, ...(signal && { signal }) }, rules);
      if (answer.status !== 200) {
        for await (const _ignored of answer.body) break;
        throw new EngineError("INPUT_UNREACHABLE", `the URL of an input was answered with ${answer.status}`);
      }
      mkdirSync(runDir, { recursive: true });
      const partial = `${path}.part-${process.pid}-${Math.random().toString(36).slice(2)}`;
      try {
        await writeStream(partial, answer.body, mostBytes);
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
      return path;
    },
  });
