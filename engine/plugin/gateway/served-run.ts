import { asEngineError, type EngineError } from "../../errors/index.ts";
import type { Frame } from "../../frames/index.ts";
import type { GatewayHost, GatewayKey, GatewayRun, GatewayStart } from "./host.ts";

/** What a client's stream is told of the run behind it. */
export interface RunListener {
  /** The workflow is ready. */
  ready(): void;
  output(frame: Frame): void;
  /** All that the workflow had to say was said. */
  completed(): void;
  failed(error: EngineError | undefined): void;
}

/** A run of the workflow for one stream of a client: from asking for it until nothing of it is left. */
export class ServedRun {
  #state: "starting" | "started" | "ending" | "over" = "starting";
  #run: GatewayRun | undefined;
  readonly #running: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();

  constructor(
    host: GatewayHost,
    request: Pick<GatewayStart, "input" | "params" | "labels"> & { readonly key: GatewayKey },
    readonly listener: RunListener,
  ) {
    const onOutput = (frame: Frame) => {
      if (this.#state !== "over") listener.output(frame);
    };
    this.#running = host.start({ ...request, onOutput }).then(
      (run) => this.#follow(run),
      (error) => this.#ended(false, asEngineError(error, "INTERNAL", "start")),
    );
  }

  /** Resolves when it takes frames, or never will. */
  get settled(): Promise<void> {
    return this.#ready.promise;
  }

  get isStarting(): boolean {
    return this.#state === "starting";
  }

  /** It takes frames. */
  get isStarted(): boolean {
    return this.#state === "started";
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Resolves when there is room for more. */
  push(frame: Frame): Promise<void> | undefined {
    return this.#run?.push(frame);
  }

  flush(): void {
    this.#run?.flush();
  }

  /** The client has sent all. @returns false where it could not, or had said so before. */
  end(): boolean {
    if (this.#state !== "started") return false;
    this.#state = "ending";
    this.#run?.end();
    return true;
  }

  /** Nobody wants it any more; the listener is told nothing. */
  leave(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#run?.cancel("the client has gone");
  }

  /** Resolves when nothing of it is left. */
  gone(): Promise<void> {
    return this.#running;
  }

  async #follow(run: GatewayRun): Promise<void> {
    if (this.#state === "over") run.cancel("the client has gone");
    else {
      this.#run = run;
      this.#state = "started";
      this.listener.ready();
    }
    this.#ready.resolve();
    const { state, error } = await run.done;
    this.#ended(state === "done", error);
  }

  #ended(done: boolean, error: EngineError | undefined): void {
    this.#ready.resolve();
    if (this.#state === "over") return;
    this.#state = "over";
    if (done) this.listener.completed();
    else this.listener.failed(error);
  }
}
