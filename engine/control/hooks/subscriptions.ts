import type { DeliveryRow, Labels, Store, WebhookRow } from "#engine/store";
import type { WebhookEvent } from "../api/work.ts";
import { newId } from "../ids.ts";
import type { RunMessage } from "../messages.ts";

/** Something that others may want to be told. */
export interface Occurrence {
  readonly project: string;
  readonly event: WebhookEvent;
  readonly labels: Labels;
  readonly atMs: number;
  readonly runId?: string;
  readonly data: unknown;
}

/** Who wants to be told of what, at hand in memory: it is asked for every message of every run. */
export class Subscriptions {
  readonly #byProject = new Map<string, WebhookRow[]>();

  constructor(private readonly store: Store) {}

  /** Reads them anew; called when the store was opened and after every change. */
  async load(): Promise<void> {
    const rows = await this.store.read((from) => from.webhooks.list());
    this.#byProject.clear();
    for (const row of rows) {
      if (!row.enabled) continue;
      const list = this.#byProject.get(row.project);
      if (list) list.push(row);
      else this.#byProject.set(row.project, [row]);
    }
  }

  /** What a message of a run brings into the outbox. */
  ofMessage(message: RunMessage, project: string): DeliveryRow[] {
    const event = eventOf(message);
    if (!event || !this.#byProject.has(project)) return [];
    const { run: runId, labels, atMs, data } = message;
    return this.of({ project, event, labels, atMs, runId, data });
  }

  of({ project, event, labels, atMs, runId, data }: Occurrence): DeliveryRow[] {
    const wanting = this.#byProject.get(project)?.filter((row) => wants(row, event, labels)) ?? [];
    return wanting.map((webhook) => {
      const id = newId("delivery");
      const body = JSON.stringify({ id, event, atMs, ...(runId !== undefined && { run: runId }), labels, data });
      const whole = Math.round(atMs);
      return {
        id,
        project,
        webhookId: webhook.id,
        url: null,
        signature: null,
        runId: runId ?? null,
        event,
        body,
        state: "waiting",
        attempts: 0,
        createdAtMs: whole,
        nextAtMs: whole,
        last: null,
      };
    });
  }
}

function eventOf(message: RunMessage): WebhookEvent | undefined {
  if (message.type === "text.final") return "run.final";
  if (message.type === "run.ended") return "run.ended";
  const begins = message.type === "run.state" && message.data.state === "starting" && message.generation === 0;
  return begins ? "run.started" : undefined;
}

const wants = (row: WebhookRow, event: string, labels: Labels): boolean =>
  row.events.includes(event) && Object.entries(row.labels).every(([name, value]) => labels[name] === value);
