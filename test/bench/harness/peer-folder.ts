import { createHash } from "node:crypto";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";

/** Where a peer is installed, or why it is not. */
export type PeerFolder = { readonly folder: string } | { readonly missing: string };

export interface PeerSpec {
  readonly name: string;
  /** Absolute; copied into the folder. A change of one makes another folder. */
  readonly manifests: readonly string[];
  /** Run in the folder, one after the other. */
  readonly install: readonly (readonly string[])[];
}

const INSTALL_MS = 600_000;

/** A folder outside the repository in which a peer is installed from its own manifests, the first time only. */
export async function peerFolder({ name, manifests, install }: PeerSpec): Promise<PeerFolder> {
  const hash = createHash("sha256");
  for (const manifest of manifests) hash.update(await Bun.file(manifest).bytes());
  const folder = join(cacheDir(), `${name}-${hash.digest("hex").slice(0, 12)}`);
  const done = Bun.file(join(folder, ".installed"));
  if (await done.exists()) return { folder };
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const manifest of manifests) await copyFile(manifest, join(folder, basename(manifest)));
  for (const command of install) {
    const complaint = await run(command, folder);
    if (complaint !== undefined) return { missing: `${name} cannot be installed: ${complaint}` };
  }
  await Bun.write(done, "");
  return { folder };
}

function cacheDir(): string {
  const { XDG_CACHE_HOME } = process.env;
  const base = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(base, "parlando", "bench");
}

/** What a command complains of when it fails. */
async function run(command: readonly string[], cwd: string): Promise<string | undefined> {
  const child = Bun.spawn([...command], {
    cwd,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: INSTALL_MS,
  });
  const [status, remarks] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (status === 0) return undefined;
  return remarks.trim().split("\n").at(-1)?.slice(0, 200) || `${basename(command[0]!)} ended with status ${status}`;
}
