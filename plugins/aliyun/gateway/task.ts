import {
  asEngineError,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  type GatewayRun,
  type GatewayStart,
} from "#engine/plugin";
import type { Namespace } from "../wire.ts";
import { type Outlet, type Refusal, refusal, refusalOf } from "./outlet.ts";
import type { GatewaySettings } from "./settings.ts";

/** What a task stands on. */
export interface TaskPlace {
  readonly id: string;
  readonly namespace: Namespace;
  readonly appkey: string;
  readonly key: GatewayKey;
  readonly outlet: Outlet;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  /** Tells the client of a failure, which ends the socket. */
  fail(refused: Refusal): void;
}

export type Payload = Readonly<Record<string, unknown>>;

/** One task of a client, with a run of the workflow behind it. */
export abstract class ServedTask {
  #state: "starting" | "started" | "stopping" | "over" = "starting";
  protected run: GatewayRun | undefined;
  #running: Promise<void> | undefined;

  constructor(readonly place: TaskPlace) {}

  get id(): string {
    return this.place.id;
  }

  get namespace(): Namespace {
    return this.place.namespace;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** It is the client's turn to send. */
  get waitsForClient(): boolean {
    return this.#state === "started";
  }

  /** The start directive. A run is started meanwhile; what comes back is a refusal that is known at once. */
  abstract start(payload: Payload): Refusal | undefined | Promise<Refusal | undefined>;

  /** Any other directive of this namespace. */
  abstract directive(name: string, payload: Payload): Refusal | undefined;

  /** Audio of the client's. May wait until the workflow has room for it. */
  async audio(_bytes: Uint8Array): Promise<void> {
    this.place.fail(refusal(40000002, "Gateway:MESSAGE_INVALID:Audio is not expected here!"));
  }

  /** The client has gone, or the task has failed. */
  leave(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.run?.cancel("the client has gone");
    this.release();
  }

  /** Resolves when its run has ended, so that nothing of a client is left when it has gone. */
  async gone(): Promise<void> {
    await this.#running;
  }

  /** Frees what the task holds. */
  protected release(): void {}

  /** Starts the workflow; `started` is called when it is ready. */
  protected begin(request: Pick<GatewayStart, "input" | "params">, started: (run: GatewayRun) => void): void {
    const { host, key, appkey, id, namespace } = this.place;
    this.#running = host
      .start({
        ...request,
        key,
        labels: { appkey, taskId: id, service: namespace },
        onOutput: (frame) => {
          if (this.#state !== "over") this.onOutput(frame);
        },
      })
      .then(
        async (run) => {
          if (this.#state === "over") run.cancel("the client has gone");
          else {
            this.run = run;
            this.#state = "started";
            started(run);
          }
          const { state, error } = await run.done;
          this.#ended(state === "done", error);
        },
        (error) => this.#ended(false, asEngineError(error, "INTERNAL", "start")),
      );
  }

  /** The client has sent all: the workflow finishes, then `completed` is called. */
  protected stop(): Refusal | undefined {
    if (this.#state !== "started")
      return refusal(this.#state === "stopping" ? 40010005 : 40000002, `Gateway:TASK_STATE_ERROR:${this.#state}`);
    this.#state = "stopping";
    this.run?.end();
    return undefined;
  }

  protected get isStarting(): boolean {
    return this.#state === "starting";
  }

  protected get isStarted(): boolean {
    return this.#state === "started";
  }

  protected abstract onOutput(frame: Frame): void;

  /** All that the workflow had to say was said. */
  protected abstract completed(): void;

  protected tell(name: string, payload?: Payload): void {
    this.place.outlet.event(this.namespace, name, this.id, payload);
  }

  #ended(done: boolean, error: Parameters<typeof refusalOf>[0]): void {
    if (this.#state === "over") return;
    if (!done) return this.place.fail(refusalOf(error));
    this.completed();
    this.#state = "over";
    this.release();
  }
}

/** A field of a payload; what is of another type counts as left out. */
export const flag = (payload: Payload, name: string): boolean => payload[name] === true;
export const numberIn = (payload: Payload, name: string): number | undefined => {
  const value = payload[name];
  return typeof value === "number" ? value : undefined;
};
export const wordIn = (payload: Payload, name: string): string | undefined => {
  const value = payload[name];
  return typeof value === "string" ? value : undefined;
};
