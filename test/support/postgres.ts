import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";

/** A PostgreSQL of the test's own: a temporary folder, a free port on loopback, durability as it is in use. */
export interface TestPostgres {
  /** Of a new, empty database. */
  newDatabase(): Promise<string>;
  /** Ends the process and removes the folder. */
  stop(): Promise<void>;
  readonly pid: number;
}

/** Why there can be none here; undefined where there can. */
export function postgresMissing(): string | undefined {
  if (binaries() === undefined) return "PostgreSQL is not installed (Debian: postgresql-15)";
  if (process.getuid?.() === 0 && !Bun.which("setpriv"))
    return "PostgreSQL does not run as root, and there is no setpriv";
  return undefined;
}

function binaries(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
}

/** initdb refuses root: as root it runs as the user `postgres` that the Debian package made. */
const asUser = (command: string[]): string[] =>
  process.getuid?.() === 0
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", ...command]
    : command;

export async function startPostgres(): Promise<TestPostgres> {
  const folder = binaries();
  if (folder === undefined) throw new Error(postgresMissing());
  const home = mkdtempSync(join(tmpdir(), "parlando-postgres-"));
  chmodSync(home, 0o777);
  const data = join(home, "data");
  await done(
    asUser([
      join(folder, "initdb"),
      "-D",
      data,
      "-U",
      "test",
      "-A",
      "trust",
      "--no-instructions",
      "--no-sync",
      "-E",
      "UTF8",
    ]),
    home,
  );
  const port = freePort();
  const server = Bun.spawn(
    asUser([join(folder, "postgres"), "-D", data, "-p", `${port}`, "-c", "listen_addresses=127.0.0.1", "-k", home]),
    { cwd: home, stdout: "ignore", stderr: "ignore", env: { LC_ALL: "C.UTF-8", PATH: "/usr/bin:/bin" } },
  );
  const admin = postgres({ host: "127.0.0.1", port, user: "test", database: "postgres", max: 1, onnotice: () => {} });
  await answering(admin, server);
  let databases = 0;
  return {
    pid: server.pid,
    async newDatabase() {
      const name = `test_${++databases}`;
      await admin.unsafe(`create database ${name}`);
      return `postgres://test@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      await admin.end({ timeout: 1 });
      server.kill("SIGQUIT"); // at once: nothing of it is wanted any more
      await server.exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** setpriv replaces itself by what it starts, so the process that was started is the server's own. */
async function answering(admin: postgres.Sql, server: Bun.Subprocess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await admin`select 1`;
      return;
    } catch (error) {
      if (server.exitCode !== null || attempt > 200) throw error;
      await Bun.sleep(50);
    }
  }
}

async function done(command: string[], cwd: string): Promise<void> {
  const child = Bun.spawn(command, {
    cwd,
    stdout: "ignore",
    stderr: "pipe",
    env: { LC_ALL: "C.UTF-8", PATH: "/usr/bin:/bin" },
  });
  const complaint = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command[0]} failed: ${complaint}`);
}

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
