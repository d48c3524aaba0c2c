import type { Acknowledgement, CallbackRequest } from "#engine/plugin";
import type { Finding, Plan } from "#engine/workflow";
import type { Caller, Page, PageRequest } from "./access.ts";
import type { FileToSend, InputBinding, StartRun } from "./runs.ts";

export interface WorkflowView {
  readonly name: string;
  readonly version: number;
  readonly description?: string;
  readonly createdAtMs: number;
  readonly inputs: readonly { readonly name: string; readonly kind: string }[];
  readonly outputs: readonly string[];
}

export interface Workflows {
  /** Lints and stores a new version; the same text as the latest version is that version. Throws WORKFLOW_INVALID with `details.findings`. */
  save(caller: Caller, name: string, text: string): Promise<WorkflowView & { readonly findings: readonly Finding[] }>;
  list(caller: Caller, page: PageRequest): Promise<Page<WorkflowView>>;
  /** `name` or `name@version`. Throws WORKFLOW_NOT_FOUND. */
  get(caller: Caller, reference: string): Promise<WorkflowView & { readonly text: string }>;
  versions(caller: Caller, name: string): Promise<readonly WorkflowView[]>;
  /** All versions, or one (`name@version`). Runs that are going on are untouched. */
  delete(caller: Caller, reference: string): Promise<void>;
  /** The command line's findings, under what holds for workflows that came through the API. */
  lint(caller: Caller, text: string, name?: string): Promise<readonly Finding[]>;
  /** The proven plan, for showing; configs are left out. */
  plan(
    caller: Caller,
    text: string,
    name?: string,
  ): Promise<{ readonly findings: readonly Finding[]; readonly plan?: PlanView }>;
}

export type PlanView = Pick<Plan, "name" | "edges" | "outputs" | "limits"> & {
  readonly description?: string;
  readonly nodes: readonly {
    readonly id: string;
    readonly type: string;
    readonly label?: string;
    readonly inserted: boolean;
  }[];
};

export interface UploadView {
  readonly id: string;
  readonly bytes: number;
  readonly name?: string;
  readonly mediaType?: string;
  readonly createdAtMs: number;
}

export interface Uploads {
  /** Streams to disk. Throws UPLOAD_TOO_LARGE, FILE_UNWRITABLE. */
  create(
    caller: Caller,
    body: ReadableStream<Uint8Array>,
    about?: { readonly name?: string; readonly mediaType?: string },
  ): Promise<UploadView>;
  /** Throws UPLOAD_NOT_FOUND. */
  get(caller: Caller, id: string): Promise<UploadView>;
  file(caller: Caller, id: string): Promise<FileToSend>;
  delete(caller: Caller, id: string): Promise<void>;
}

export const JOB_STATES = ["queued", "running", "done", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface StartJob extends Omit<StartRun, "inputs" | "record"> {
  /** The input of the workflow that each item is bound to; may be left out where the workflow has only one. */
  readonly input?: string;
  /** From 1 to 10,000. */
  readonly items: readonly (Exclude<InputBinding, { live: unknown }> & {
    readonly labels?: Readonly<Record<string, string>>;
  })[];
  /** Runs at once. From 1 to 64; default 4. */
  readonly concurrency?: number;
  /** Of an item, the first one counted; only failures that may pass are tried again. Default 3. */
  readonly attempts?: number;
}

export interface JobView {
  readonly id: string;
  readonly state: JobState;
  readonly workflow: { readonly name: string; readonly version?: number };
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
  readonly items: number;
  readonly done: number;
  readonly failed: number;
}

export interface JobItemView {
  readonly index: number;
  readonly state: JobState;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly runId?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Jobs {
  start(caller: Caller, request: StartJob, options?: { readonly idempotencyKey?: string }): Promise<JobView>;
  list(caller: Caller, filter: PageRequest & { readonly state?: JobState }): Promise<Page<JobView>>;
  /** Throws JOB_NOT_FOUND. */
  get(caller: Caller, id: string): Promise<JobView>;
  items(caller: Caller, id: string, page: PageRequest): Promise<Page<JobItemView>>;
  cancel(caller: Caller, id: string): Promise<JobView>;
}

export const WEBHOOK_EVENTS = ["run.started", "run.ended", "run.final", "job.progress", "job.ended"] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export interface NewWebhook {
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** Only of runs and jobs that carry all of these. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface WebhookView extends NewWebhook {
  readonly id: string;
  readonly createdAtMs: number;
  readonly enabled: boolean;
}

export interface DeliveryView {
  readonly id: string;
  /** The subscription; absent where a node of `run` posts for itself. */
  readonly webhook?: string;
  readonly run?: string;
  /** A `WebhookEvent`, or what a node calls it: `text.final`, … */
  readonly event: string;
  readonly state: "waiting" | "delivered" | "dead";
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly nextAtMs?: number;
  /** HTTP status of the last attempt, or a code. */
  readonly last?: string;
}

/** Of a subscription, of a run, in a state; each may be left open. */
export interface DeliveryFilter extends PageRequest {
  readonly webhook?: string;
  readonly run?: string;
  readonly state?: DeliveryView["state"];
}

/**
 * Deliveries are signed: `parlando-signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`; two `v1` while a secret is being
 * rotated. `parlando-delivery` names the delivery, which may come more than once.
 */
export interface Webhooks {
  /** `secret` is shown this once. Throws URL_FORBIDDEN. */
  create(caller: Caller, webhook: NewWebhook): Promise<{ readonly webhook: WebhookView; readonly secret: string }>;
  list(caller: Caller): Promise<readonly WebhookView[]>;
  /** Throws WEBHOOK_NOT_FOUND, as all below. */
  get(caller: Caller, id: string): Promise<WebhookView>;
  delete(caller: Caller, id: string): Promise<void>;
  /** A new secret; the old one goes on signing too for a day. */
  rotate(caller: Caller, id: string): Promise<{ readonly secret: string }>;
  /** Throws WEBHOOK_NOT_FOUND when it is asked for those of one. */
  deliveries(caller: Caller, filter: DeliveryFilter): Promise<Page<DeliveryView>>;
  /** Sends a dead or delivered one again, now. */
  redeliver(caller: Caller, delivery: string): Promise<DeliveryView>;
}

export interface Callbacks {
  /**
   * Stores what came, then hands it to the node that waits for it, now or after a restart. Returns how the caller is to be answered. Throws
   * CALLBACK_NOT_FOUND.
   */
  receive(token: string, request: CallbackRequest): Promise<Acknowledgement>;
}
