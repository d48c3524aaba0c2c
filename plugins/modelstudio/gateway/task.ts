import { type Frame, type GatewayHost, type GatewayKey, type GatewayStart, ServedRun } from "#engine/plugin";
import type { Payload } from "../wire.ts";
import type { Outlet } from "./outlet.ts";
import { type Refusal, refusal, refusalOf } from "./refusal.ts";
import type { GatewaySettings } from "./settings.ts";
import type { Vocabularies } from "./vocabularies.ts";

/** What a task stands on. */
export interface TaskPlace {
  readonly id: string;
  readonly model: string;
  readonly key: GatewayKey;
  readonly outlet: Outlet;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  readonly vocabularies: Vocabularies;
  /** Tells the client of a failure, which ends the socket. */
  fail(refused: Refusal): void;
}

/** `run-task` as it came. */
export interface TaskAsked {
  readonly parameters: Payload;
  readonly input: Payload;
}

/** One task of a client, with a run of the workflow behind it. */
export abstract class ServedTask {
  protected run: ServedRun | undefined;
  #over = false;

  constructor(readonly place: TaskPlace) {}

  get id(): string {
    return this.place.id;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** It is the client's turn to send. */
  get waitsForClient(): boolean {
    return this.run?.isStarted === true;
  }

  /** Resolves when it has started, or never will: the vendor's library for Java sends on without waiting for that. */
  get settled(): Promise<void> | undefined {
    return this.run?.settled;
  }

  /** Asks for a run; a refusal is known at once. */
  abstract start(asked: TaskAsked): Promise<Refusal | undefined>;

  /** `continue-task`. */
  proceed(_input: Payload): Refusal | undefined {
    return refusal("InvalidParameter", "continue-task is not expected here");
  }

  /** Audio of the client's. May wait until the workflow has room for it. */
  async audio(_bytes: Uint8Array): Promise<Refusal | undefined> {
    return refusal("InvalidParameter", "audio is not expected here");
  }

  /** `finish-task`. */
  async finish(): Promise<Refusal | undefined> {
    if (this.run?.end() === true || this.run?.isStarting === false) return undefined;
    return refusal("InvalidParameter", "finish-task before task-started");
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
  protected abstract onOutput(frame: Frame): void;
  /** The last results, and `task-finished`. */
  protected abstract completed(): void;

  protected begin(request: Pick<GatewayStart, "input" | "params">, ready: () => void = () => {}): void {
    const { host, key, id, model } = this.place;
    this.run = new ServedRun(
      host,
      { ...request, key, labels: { taskId: id, model } },
      {
        ready: () => {
          this.tell("task-started", {});
          ready();
        },
        output: (frame) => this.onOutput(frame),
        completed: () => {
          if (this.#over) return;
          this.completed();
          this.#over = true;
          this.release();
        },
        failed: (error) => {
          if (!this.#over) this.place.fail(refusalOf(error));
        },
      },
    );
  }

  protected tell(event: string, payload: Payload, attributes?: Payload): void {
    this.place.outlet.event(event, this.id, payload, attributes);
  }
}

/** A field of parameters; what is of another type counts as left out. */
export const numberIn = (payload: Payload, name: string): number | undefined => {
  const value = payload[name];
  return typeof value === "number" ? value : undefined;
};
export const wordIn = (payload: Payload, name: string): string | undefined => {
  const value = payload[name];
  return typeof value === "string" ? value : undefined;
};
export const listIn = (payload: Payload, name: string): readonly string[] => {
  const value = payload[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
};

/** Under the names of our nodes' settings, for a workflow that declares such params. */
export const renamed = (payload: Payload, names: Readonly<Record<string, string>>): Payload =>
  Object.fromEntries(
    Object.entries(names).flatMap(([from, to]) =>
      payload[from] === undefined || payload[from] === null ? [] : [[to, payload[from]]],
    ),
  );
