import { type Frame, type GatewayHost, type GatewayKey, type GatewayStart, ServedRun } from "#engine/plugin";
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
  protected run: ServedRun | undefined;
  #over = false;

  constructor(readonly place: TaskPlace) {}

  get id(): string {
    return this.place.id;
  }

  get namespace(): Namespace {
    return this.place.namespace;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** It is the client's turn to send. */
  get waitsForClient(): boolean {
    return this.isStarted;
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
    if (this.#over) return;
    this.#over = true;
    this.run?.leave();
    this.release();
  }

  /** Resolves when its run has ended, so that nothing of a client is left when it has gone. */
  async gone(): Promise<void> {
    await this.run?.gone();
  }

  /** Frees what the task holds. */
  protected release(): void {}

  /** Starts the workflow; `started` is called when it is ready. */
  protected begin(request: Pick<GatewayStart, "input" | "params">, started: () => void): void {
    const { host, key, appkey, id, namespace } = this.place;
    const labels = { appkey, taskId: id, service: namespace };
    this.run = new ServedRun(
      host,
      { ...request, key, labels },
      {
        ready: started,
        output: (frame) => this.onOutput(frame),
        completed: () => {
          this.completed();
          this.#over = true;
          this.release();
        },
        failed: (error) => this.place.fail(refusalOf(error)),
      },
    );
  }

  /** The client has sent all: the workflow finishes, then `completed` is called. */
  protected stop(): Refusal | undefined {
    if (this.run?.end()) return undefined;
    return this.isStarting
      ? refusal(40000002, "Gateway:TASK_STATE_ERROR:starting")
      : refusal(40010005, "Gateway:TASK_STATE_ERROR:stopping");
  }

  protected get isStarting(): boolean {
    return this.run?.isStarting ?? true;
  }

  protected get isStarted(): boolean {
    return this.run?.isStarted ?? false;
  }

  protected abstract onOutput(frame: Frame): void;

  /** All that the workflow had to say was said. */
  protected abstract completed(): void;

  protected tell(name: string, payload?: Payload): void {
    this.place.outlet.event(this.namespace, name, this.id, payload);
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
