import type { Frame, NodeContext, PeerSession, Session, Wire } from "#engine/plugin";
import { EngineError } from "#engine/plugin";
import { NlsTask, type TaskEvents, tell } from "../task.ts";
import type { Namespace, NlsEvent } from "../wire.ts";
import type { AudioWriter } from "./audio.ts";
import type { AsrSettings } from "./config.ts";
import { startPayload } from "./payload.ts";

/** What a session of recognition stands on. */
export interface SessionOptions {
  /** As they are when the session opens. */
  readonly settings: AsrSettings;
  readonly ctx: NodeContext;
  readonly wire: Wire;
  readonly writer: AudioWriter;
  /** Where the audio of the node's finals reaches to: nothing that comes later begins before it. */
  readonly order: { endSample: number };
}

interface Names {
  readonly namespace: Namespace;
  readonly start: string;
  readonly stop: string;
}

/** What both kinds of recognition have in common: start, audio, stop, completion. */
export abstract class RecognitionSession implements PeerSession, TaskEvents {
  readonly task: NlsTask;
  readonly #started: PromiseWithResolvers<void>;
  readonly #completed: PromiseWithResolvers<void>;
  #over = false;
  #stopSent = false;

  constructor(
    readonly session: Session,
    readonly options: SessionOptions,
    readonly names: Names,
  ) {
    const { wire, ctx, settings } = options;
    this.task = new NlsTask({ namespace: names.namespace, appkey: settings.appkey, ctx, wire });
    this.#started = wire.expect();
    this.#completed = wire.expect();
  }

  get taskId(): string | undefined {
    return this.#over ? undefined : this.task.id;
  }

  open(): Promise<void> {
    this.task.send(this.names.start, startPayload(this.options.settings));
    return this.#started.promise;
  }

  send(frame: Frame): void {
    const bytes = this.options.writer.write(frame);
    if (bytes && !this.#over) this.options.wire.send(bytes);
  }

  finish(): Promise<void> {
    if (!this.#over && !this.#stopSent) {
      this.#stopSent = true;
      this.task.send(this.names.stop);
    }
    return this.#completed.promise;
  }

  abstract event(event: NlsEvent): void;

  audio(bytes: Uint8Array): void {
    throw new EngineError("VENDOR_PROTOCOL", `Aliyun sent ${bytes.length} bytes of audio to a recogniser`);
  }

  forgives(_event: NlsEvent): boolean {
    return false;
  }

  protected started(): void {
    tell(this.options.ctx, "started", { taskId: this.task.id });
    this.#started.resolve();
  }

  /** All was said, whether the task was asked to stop or ended by itself. */
  protected completed(): void {
    this.#over = true;
    const { ctx, writer } = this.options;
    writer.close();
    tell(ctx, "completed", { taskId: this.task.id, byItself: !this.#stopSent });
    this.#completed.resolve();
    if (!this.#stopSent) this.session.over();
  }
}
