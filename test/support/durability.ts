import { Store, type StoreOptions } from "#engine/store";
import type { Orders, Told } from "./fixtures/live-process.ts";

export interface DurabilityOptions {
  readonly store: StoreOptions;
  readonly runs: number;
  readonly kills: number;
  /** Utterances of each run. */
  readonly numbers: number;
  /** Of real time. */
  readonly speed: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** How long a process lives at most before it is killed. */
  readonly lifeMs: number;
}

/** What the far end of one run knows. */
interface Client {
  id?: string;
  after: number;
  holds: number;
  ended?: string;
  readonly finals: string[];
  /** Events by id, of which none may come twice. */
  readonly heard: Set<number>;
}

export interface DurabilityReport {
  readonly kills: number;
  readonly finals: number;
  /** Sentences that say what was lost, doubled or taken back; empty when all is well. */
  readonly faults: readonly string[];
}

/**
 * Live runs in a process that is killed at random moments, with clients that hold only what they must: every final that was told is in the
 * store, each comes once, and no audio before a position that was told as kept is asked for again.
 */
export async function proveDurability(options: DurabilityOptions): Promise<DurabilityReport> {
  const clients = Array.from(
    { length: options.runs },
    (): Client => ({ after: 0, holds: 0, finals: [], heard: new Set() }),
  );
  const faults: string[] = [];
  let kills = 0;
  while (clients.some((client) => !client.ended)) {
    const last = kills >= options.kills;
    const status = await oneLife(options, clients, faults, last);
    if (status === "killed") kills++;
    else if (status !== 0) {
      faults.push(`a process ended by itself with ${status}`);
      break;
    }
  }
  for (const [run, client] of clients.entries()) check(run, client, options.numbers, faults);
  faults.push(...(await compareWithStore(options.store, clients)));
  return { kills, finals: clients.reduce((sum, client) => sum + client.finals.length, 0), faults };
}

async function oneLife(
  { store, numbers, speed, random, lifeMs }: DurabilityOptions,
  clients: readonly Client[],
  faults: string[],
  last: boolean,
): Promise<number | "killed"> {
  const open = clients.filter((client) => !client.ended);
  const orders: Orders = {
    folder: store.folder,
    ...(store.url !== undefined && { url: store.url }),
    numbers,
    speed,
    runs: open.map(({ id, after, holds }) => ({ ...(id !== undefined && { id }), after, holds })),
  };
  const child = Bun.spawn([process.execPath, new URL("./fixtures/live-process.ts", import.meta.url).pathname], {
    stdin: new Blob([JSON.stringify(orders)]),
    stdout: "pipe",
    stderr: "inherit",
  });
  let killed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    // it lives from the first word on: opening the store is not what is tested here
    if (!last)
      timer ??= setTimeout(() => {
        killed = true;
        child.kill("SIGKILL");
      }, random() * lifeMs);
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(JSON.parse(line), open, faults);
  }
  clearTimeout(timer);
  await child.exited;
  return killed ? "killed" : (child.exitCode ?? 1);
}

function hear(told: Told, clients: readonly Client[], faults: string[]): void {
  const client = clients[told.run]!;
  if ("id" in told) client.id = told.id;
  else if ("kept" in told) client.holds = Math.max(client.holds, told.kept);
  else if ("from" in told) {
    if (told.from < client.holds)
      faults.push(`${client.id}: asked for audio from ${told.from}, kept was ${client.holds}`);
  } else {
    if (client.heard.has(told.event)) faults.push(`${client.id}: event ${told.event} came twice`);
    client.heard.add(told.event);
    client.after = told.event;
    if (told.final !== undefined) client.finals.push(told.final);
    if (told.ended !== undefined) client.ended = told.ended;
  }
}

function check(run: number, client: Client, numbers: number, faults: string[]): void {
  const wanted = Array.from({ length: numbers }, (_, i) => String(i + 1)).join(" ");
  const echoes = client.finals.filter((text) => text.startsWith("e")).map((text) => text.slice(1));
  const words = client.finals.filter((text) => !text.startsWith("e"));
  if (words.join(" ") !== wanted) faults.push(`run ${run} (${client.id}): finals ${words.join(" ")}`);
  if (echoes.join(" ") !== wanted) faults.push(`run ${run} (${client.id}): finals made from them ${echoes.join(" ")}`);
  if (client.ended !== "done") faults.push(`run ${run} (${client.id}) ended as ${client.ended}`);
}

async function compareWithStore(options: StoreOptions, clients: readonly Client[]): Promise<string[]> {
  const store = await Store.open(options);
  try {
    const faults: string[] = [];
    for (const { id, finals } of clients) {
      if (id === undefined) continue;
      const stored = (await store.read((from) => from.journal.finals(id))).map((row) => row.text);
      if (stored.join(" ") !== finals.join(" "))
        faults.push(`${id}: told ${finals.join(" ")}, stored ${stored.join(" ")}`);
    }
    return faults;
  } finally {
    await store.close();
  }
}
