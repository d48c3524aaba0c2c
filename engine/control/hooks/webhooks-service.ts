import { randomBytes } from "node:crypto";
import { EngineError } from "#engine/errors";
import type { DeliveryRow, Store, WebhookRow } from "#engine/store";
import { pageOf, placeOf, requireScope, requireWhole } from "../access.ts";
import type { Caller, Page } from "../api/access.ts";
import {
  type DeliveryFilter,
  type DeliveryView,
  type NewWebhook,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  type Webhooks,
  type WebhookView,
} from "../api/work.ts";
import { newId } from "../ids.ts";
import { requireLabels } from "../runs/check-request.ts";
import { allowedAddresses, type UrlRules } from "../security/url-guard.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** So long an old secret signs beside the new one. */
const ROTATION_MS = 24 * 3_600_000;

/** Subscriptions and deliveries as callers see them. */
export class WebhooksService implements Webhooks {
  constructor(
    private readonly store: Store,
    private readonly subscriptions: Subscriptions,
    private readonly dispatcher: Dispatcher,
    private readonly rules: UrlRules,
    private readonly epochMs: () => number,
  ) {}

  async create(caller: Caller, webhook: NewWebhook) {
    this.#require(caller);
    await this.#requireSound(webhook);
    const secret = newSecret();
    const row: WebhookRow = {
      id: newId("webhook"),
      project: caller.project,
      url: webhook.url,
      events: WEBHOOK_EVENTS.filter((event) => webhook.events.includes(event)),
      labels: webhook.labels ?? {},
      secret,
      oldSecret: null,
      oldSecretUntilMs: null,
      enabled: true,
      createdAtMs: this.epochMs(),
    };
    await this.store.write((to) => to.webhooks.insert(row));
    await this.subscriptions.load();
    return { webhook: webhookView(row), secret };
  }

  async list(caller: Caller): Promise<readonly WebhookView[]> {
    this.#require(caller);
    return (await this.store.read((from) => from.webhooks.list(caller.project))).map(webhookView);
  }

  async get(caller: Caller, id: string): Promise<WebhookView> {
    return webhookView(await this.#find(caller, id));
  }

  async delete(caller: Caller, id: string): Promise<void> {
    await this.#find(caller, id);
    await this.store.write((to) => to.webhooks.delete(id));
    await this.subscriptions.load();
  }

  async rotate(caller: Caller, id: string): Promise<{ secret: string }> {
    const row = await this.#find(caller, id);
    const secret = newSecret();
    const oldSecretUntilMs = Math.round(this.epochMs() + ROTATION_MS);
    await this.store.write((to) => to.webhooks.update(id, { secret, oldSecret: row.secret, oldSecretUntilMs }));
    return { secret };
  }

  async deliveries(caller: Caller, filter: DeliveryFilter): Promise<Page<DeliveryView>> {
    const { webhook: webhookId, run: runId, state } = filter;
    this.#require(caller);
    if (webhookId !== undefined) await this.#find(caller, webhookId);
    const { limit, after } = placeOf(filter);
    const rows = await this.store.read((from) =>
      from.webhooks.deliveries({
        project: caller.project,
        limit: limit + 1,
        ...(webhookId !== undefined && { webhookId }),
        ...(runId !== undefined && { runId }),
        ...(state !== undefined && { state }),
        ...(after && { after }),
      }),
    );
    return pageOf(rows, limit, (row) => ({ atMs: row.createdAtMs, id: row.id }), deliveryView);
  }

  async redeliver(caller: Caller, delivery: string): Promise<DeliveryView> {
    this.#require(caller);
    const row = await this.store.read((from) => from.webhooks.delivery(delivery));
    if (row?.project !== caller.project) throw new EngineError("DELIVERY_NOT_FOUND", "there is no such delivery");
    const change = { state: "waiting", attempts: 0, nextAtMs: this.epochMs() };
    await this.store.write((to) => to.webhooks.updateDelivery(delivery, change));
    this.dispatcher.wake();
    return deliveryView({ ...row, ...change });
  }

  #require(caller: Caller): void {
    requireScope(caller, "webhooks");
    requireWhole(caller);
  }

  async #find(caller: Caller, id: string): Promise<WebhookRow> {
    this.#require(caller);
    const row = await this.store.read((from) => from.webhooks.get(id));
    if (row?.project !== caller.project) throw new EngineError("WEBHOOK_NOT_FOUND", "there is no such webhook");
    return row;
  }

  async #requireSound({ url, events, labels }: NewWebhook): Promise<void> {
    if (events.length === 0 || events.some((event) => !WEBHOOK_EVENTS.includes(event)))
      throw new EngineError("REQUEST_INVALID", `events: some of ${WEBHOOK_EVENTS.join(", ")} were wanted`);
    requireLabels(labels ?? {});
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !["http:", "https:"].includes(parsed.protocol) || url.length > 2000)
      throw new EngineError("REQUEST_INVALID", "url: one that begins with https:// or http:// was wanted");
    await allowedAddresses(parsed, this.rules);
  }
}

const newSecret = (): string => `whsec_${randomBytes(32).toString("base64url")}`;

const webhookView = ({ id, url, events, labels, createdAtMs, enabled }: WebhookRow): WebhookView => ({
  id,
  url,
  events: events as readonly WebhookEvent[],
  labels,
  createdAtMs,
  enabled,
});

const deliveryView = (row: DeliveryRow): DeliveryView => ({
  id: row.id,
  ...(row.webhookId !== "" && { webhook: row.webhookId }),
  ...(row.runId !== null && { run: row.runId }),
  event: row.event,
  state: row.state as DeliveryView["state"],
  attempts: row.attempts,
  createdAtMs: row.createdAtMs,
  ...(row.state === "waiting" && { nextAtMs: row.nextAtMs }),
  ...(row.last !== null && { last: row.last }),
});
