import { chmod, cp, mkdir, realpath, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A step of the proof that could not be done; the message says which. */
export class CleanRootError extends Error {}

/** Runs a program of this machine and returns what it printed. @throws CleanRootError when it fails */
export async function sh(command: string[], cwd?: string): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe", ...(cwd ? { cwd } : {}) });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0)
    throw new CleanRootError(`${command.slice(0, 3).join(" ")} failed:\n${err.slice(-2000)}`);
  return out;
}

/** Variables of this machine that say how the network is reached; all else stays outside. */
const networkVariables = [
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "npm_config_registry",
];

const certificateInside = "/etc/ssl/extra-ca.crt";

/** The environment inside: as after a log-in, plus what the network asks for. */
export function insideEnvironment(home: string): Record<string, string> {
  const env: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: home,
    TERM: "dumb",
    LANG: "C.UTF-8",
  };
  for (const name of networkVariables) {
    const value = process.env[name];
    if (value) env[name] = value;
  }
  if (process.env.NODE_EXTRA_CA_CERTS) env.NODE_EXTRA_CA_CERTS = certificateInside;
  return env;
}

/** Makes the smallest Debian 12, with this machine's Node and npm copied in and nothing else that Parlando needs. */
export async function makeBase(base: string): Promise<void> {
  const packages = "--include=ca-certificates"; // a minimal Debian has none, every network needs them
  await sh(["mmdebstrap", "--variant=minbase", packages, "bookworm", base]);
  await copyNode(base);
  await cp("/etc/resolv.conf", join(base, "etc/resolv.conf"), { dereference: true });
  if (process.env.NODE_EXTRA_CA_CERTS) await cp(process.env.NODE_EXTRA_CA_CERTS, join(base, certificateInside));
}

/** Node is one program; npm is a folder beside it. Both are found the way a shell finds them. */
async function copyNode(base: string): Promise<void> {
  const node = Bun.which("node");
  const npm = Bun.which("npm");
  if (!node || !npm) throw new CleanRootError("node and npm are to be on PATH: they are copied into the root");
  await cp(await realpath(node), join(base, "usr/bin/node"));
  await chmod(join(base, "usr/bin/node"), 0o755);
  const folder = dirname(dirname(await realpath(npm)));
  if (basename(folder) !== "npm") throw new CleanRootError(`${npm} does not lead into npm's own folder`);
  await mkdir(join(base, "usr/lib/node_modules"), { recursive: true });
  await cp(folder, join(base, "usr/lib/node_modules/npm"), { recursive: true, verbatimSymlinks: true });
  for (const name of ["npm", "npx"]) {
    await rm(join(base, "usr/bin", name), { force: true });
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(base, "usr/bin", name));
  }
}

/** A fresh copy of the base with a fresh clone of the checkout's last commit in `place`. */
export async function makeRoot(base: string, root: string, checkout: string, place: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await sh(["cp", "-a", base, root]);
  await sh(["git", "clone", "--quiet", "--no-hardlinks", checkout, join(root, place)]);
}

export interface Ran {
  readonly status: number;
  readonly seconds: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a command inside, in namespaces of its own for mounts and processes: whatever it mounts or leaves running goes
 * with it.
 * @param uid of the user inside; 0 is root
 */
export async function runInside(root: string, uid: number, folder: string, command: string): Promise<Ran> {
  const home = uid === 0 ? "/root" : "/home/someone";
  const user = uid === 0 ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
  const script = [
    "set -e",
    `mount --rbind /dev "${root}/dev"`,
    `mount -t proc proc "${root}/proc"`,
    `exec chroot "${root}" ${user.join(" ")} sh -c 'cd ${folder} && ${command}'`,
  ].join("\n");
  const startedMs = performance.now();
  const child = Bun.spawn(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script], {
    env: insideEnvironment(home),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { status: await child.exited, seconds: (performance.now() - startedMs) / 1000, out, err };
}
