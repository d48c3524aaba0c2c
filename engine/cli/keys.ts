import { parseArgs } from "node:util";
import type { KeyBook, KeyView, Scope } from "#engine/control";
import { type Command, type Console, EXIT, type World, wrongUsage } from "./command.ts";
import { readConfig } from "./server-config.ts";

const DAY_MS = 86_400_000;

export const keys: Command = {
  name: "keys",
  usage: "create --name NAME [--project P] [--scope S]... [--days N] | list [--project P] | revoke ID",
  summary: "Make, list and revoke the keys of the API",
  help: [
    "create  prints a new key on standard output; it is shown this once",
    "        --project P  what the key can see (default: default)",
    "        --scope S    runs:read, runs:write, workflows:read, workflows:write, jobs, webhooks or admin (default: admin)",
    "        --days N     until it expires (default: never)",
    "list    all keys, without what opens anything; --json for programs",
    "revoke  a key opens nothing any more, at once",
    "",
    "--config FILE   the configuration of the server (default parlando.yaml of this folder, if there is one)",
    "With the first key a server on a loopback address asks for keys, too.",
  ].join("\n"),
  async run(argv, console, world) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        name: { type: "string" },
        project: { type: "string" },
        scope: { type: "string", multiple: true, default: [] },
        days: { type: "string" },
        config: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const [action, id] = positionals;
    if (action === "create") {
      const { SCOPES } = await import("#engine/control");
      const wrong = values.scope.find((scope) => !SCOPES.some((known) => known === scope));
      if (wrong !== undefined) return wrongUsage(this, console, `--scope ${wrong}: it is one of ${SCOPES.join(", ")}`);
      if (!values.name) return wrongUsage(this, console, "create wants --name, to know the key by");
      const days = values.days === undefined ? undefined : Number(values.days);
      if (days !== undefined && !(days > 0 && days <= 36_500))
        return wrongUsage(this, console, `--days ${values.days}: a number above 0 was wanted`);
      const { name, project = "default" } = values;
      const scopes = values.scope.length === 0 ? (["admin"] as const) : SCOPES.filter((s) => values.scope.includes(s));
      return withKeys(values.config, console, world, (book) => create(book, { name, project, scopes, days }, console));
    }
    if (action === "list") return withKeys(values.config, console, world, (book) => list(book, values, console));
    if (action === "revoke" && id !== undefined)
      return withKeys(values.config, console, world, async (book) => {
        await book.revoke(id);
        console.err(`${id} opens nothing any more`);
      });
    return wrongUsage(this, console, "create, list or revoke ID was wanted");
  },
};

async function withKeys(
  file: string | undefined,
  console: Console,
  world: World,
  use: (book: KeyBook) => Promise<void>,
): Promise<number> {
  const found = await readConfig(file, console, world);
  if (!found) return EXIT.failed;
  const { openKeys } = await import("#engine/control");
  const book = await openKeys({ config: found.config, environment: world.environment, cwd: found.folder });
  try {
    await use(book);
    return EXIT.done;
  } finally {
    await book.close();
  }
}

async function create(
  book: KeyBook,
  wanted: {
    readonly name: string;
    readonly project: string;
    readonly scopes: readonly Scope[];
    readonly days: number | undefined;
  },
  console: Console,
): Promise<void> {
  const { name, project, scopes, days } = wanted;
  const expiresAtMs = days === undefined ? undefined : Date.now() + days * DAY_MS;
  const { key, secret } = await book.create({
    name,
    project,
    scopes,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  });
  console.err(`${key.id} of project ${key.project}: keep what follows, it is shown this once`);
  console.out(secret);
}

async function list(
  book: KeyBook,
  { project, json }: { readonly project?: string | undefined; readonly json: boolean },
  console: Console,
): Promise<void> {
  const found = await book.list(project);
  if (json) console.out(JSON.stringify(found));
  else for (const key of found) console.out(line(key));
  console.err(`${found.length} key${found.length === 1 ? "" : "s"}`);
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function line({ id, project, name, scopes, createdAtMs, lastUsedAtMs, revokedAtMs, expiresAtMs }: KeyView): string {
  const about = [
    `made ${day(createdAtMs)}`,
    ...(lastUsedAtMs === undefined ? [] : [`used ${day(lastUsedAtMs)}`]),
    ...(expiresAtMs === undefined ? [] : [`expires ${day(expiresAtMs)}`]),
    ...(revokedAtMs === undefined ? [] : [`REVOKED ${day(revokedAtMs)}`]),
  ];
  return `${id}  ${project}  ${name}  ${scopes.join(" ")}  ${about.join(", ")}`;
}
