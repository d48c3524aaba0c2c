import { z } from "zod";
import type { Client, GatewayHost, GatewayKey } from "#engine/plugin";
import { CosyVoiceTask } from "./cosyvoice-task.ts";
import { GummyTask } from "./gummy-task.ts";
import { Outlet } from "./outlet.ts";
import { INVALID_KEY, type Refusal, refusal, scriptedRefusal, THROTTLED } from "./refusal.ts";
import { SambertTask } from "./sambert-task.ts";
import { SentenceTask } from "./sentence-task.ts";
import type { GatewaySettings } from "./settings.ts";
import type { ServedTask, TaskPlace } from "./task.ts";
import type { Vocabularies } from "./vocabularies.ts";

const record = z.record(z.string(), z.unknown());

const commandSchema = z.looseObject({
  header: z.looseObject({
    action: z.string(),
    task_id: z.string().min(1).max(64),
    streaming: z.enum(["none", "in", "out", "duplex"]).default("duplex"),
  }),
  payload: z
    .looseObject({
      task: z.string().optional(),
      function: z.string().optional(),
      model: z.string().optional(),
      parameters: record.nullish(),
      input: record.nullish(),
    })
    .default({}),
});

type Command = z.output<typeof commandSchema>;

type MakeTask = (place: TaskPlace) => ServedTask;

/** By task and function, and by what the model's name begins with. */
const TASKS: readonly (readonly [called: string, models: readonly (readonly [prefix: string, make: MakeTask])[]])[] = [
  [
    "asr recognition",
    [
      ["paraformer", (place) => new SentenceTask(place)],
      ["fun-asr", (place) => new SentenceTask(place)],
      ["gummy", (place) => new GummyTask(place)],
    ],
  ],
  [
    "tts SpeechSynthesizer",
    [
      ["cosyvoice", (place) => new CosyVoiceTask(place)],
      ["sambert", (place) => new SambertTask(place)],
    ],
  ],
];

/** How often the silence of a client is looked at. */
const LOOK_MS = 1000;
const MOST_BYTES = 1024 * 1024;

/** What a conversation needs beside its client. */
export interface ConversationOptions {
  readonly key: GatewayKey | undefined;
  readonly host: GatewayHost;
  readonly settings: GatewaySettings;
  readonly vocabularies: Vocabularies;
}

/** One client on one socket of tasks: one task at a time, another after it. */
export class Conversation {
  readonly #outlet: Outlet;
  #task: ServedTask | undefined;
  /** Runs of tasks that were broken off. */
  readonly #leaving = new Set<Promise<void>>();
  #taskId = "";
  #heardMs: number;
  #callOff: () => void;

  constructor(
    readonly client: Client,
    readonly options: ConversationOptions,
  ) {
    const { clock } = options.host;
    this.#outlet = new Outlet(client);
    this.#heardMs = clock.nowMs();
    this.#callOff = clock.after(LOOK_MS, () => this.#look());
    client.onVendorError((code) => this.#fail(scriptedRefusal(code)));
  }

  /** Talks until the client has gone; then nothing of it is left. */
  async run(): Promise<void> {
    try {
      for await (const message of this.client.connection) {
        if (this.#outlet.isOver) continue;
        this.#heardMs = this.options.host.clock.nowMs();
        const refused = typeof message === "string" ? await this.#command(message) : await this.#audio(message);
        if (refused) this.#fail(refused);
      }
    } finally {
      this.#callOff();
      this.#leave();
      await Promise.all(this.#leaving);
    }
  }

  async #audio(bytes: Uint8Array): Promise<Refusal | undefined> {
    if (bytes.length > MOST_BYTES) return refusal("InvalidParameter", "the message is too large");
    const task = this.#task;
    if (!task) return refusal("InvalidParameter", "audio before run-task");
    await task.settled;
    return task.isOver ? undefined : task.audio(bytes); // late audio of a task that has ended is let pass
  }

  async #command(text: string): Promise<Refusal | undefined> {
    const parsed = commandSchema.safeParse(jsonOf(text));
    if (!parsed.success) return refusal("InvalidParameter", "the message is no command");
    const { header, payload } = parsed.data;
    const task = this.#task;
    if (header.action === "run-task") return this.#start(parsed.data);
    if (header.action !== "continue-task" && header.action !== "finish-task")
      return refusal("InvalidParameter", "the action is not known");
    if (!task || task.id !== header.task_id) return undefined; // of a task that is not under way
    await task.settled;
    if (task.isOver) return undefined;
    if (header.action === "finish-task") return task.finish();
    return payload.input ? task.proceed(payload.input) : refusal("InvalidParameter", "task can not be null");
  }

  /** Says whether the task may begin; whether it does, the task tells by itself. */
  async #start({ header, payload }: Command): Promise<Refusal | undefined> {
    this.#leave(); // the service breaks off a task that is under way
    this.#taskId = header.task_id;
    const { key, host, settings, vocabularies } = this.options;
    const { client } = this;
    if (!key) return INVALID_KEY;
    if (client.fault("rateLimit")) return THROTTLED;
    const scripted = client.fault("vendorError");
    if (scripted) return scriptedRefusal(scripted.code);
    if (!payload.input) return refusal("InvalidParameter", "task can not be null");
    const { model = "" } = payload;
    const models = TASKS.find(([called]) => called === `${payload.task} ${payload.function}`)?.[1];
    if (!models) return refusal("InvalidParameter", "task and function are not known");
    const make = models.find(([prefix]) => model.startsWith(prefix))?.[1];
    if (!make) return refusal("ModelNotFound", "the model does not exist");
    const fail = (refused: Refusal) => this.#fail(refused);
    const place = { id: header.task_id, model, key, outlet: this.#outlet, host, settings, vocabularies, fail };
    this.#task = make(place);
    return this.#task.start({ parameters: payload.parameters ?? {}, input: payload.input });
  }

  #fail(refused: Refusal): void {
    this.#leave();
    this.#outlet.fail(refused, this.#taskId);
  }

  #leave(): void {
    const task = this.#task;
    this.#task = undefined;
    if (!task) return;
    task.leave();
    const leaving = task.gone();
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
  }

  /** A client that says nothing while it is its turn is sent away. */
  #look(): void {
    if (this.#outlet.isOver) return;
    const { host, settings } = this.options;
    const nowMs = host.clock.nowMs();
    const task = this.#task;
    const working = task !== undefined && !task.isOver;
    if (working && !task.waitsForClient) this.#heardMs = nowMs;
    const quietMs = nowMs - this.#heardMs;
    if (working && settings.idleMs > 0 && quietMs >= settings.idleMs) {
      this.#fail(refusal("CLIENT_ERROR", `request timeout after ${Math.round(settings.idleMs / 1000)} seconds.`));
      return;
    }
    if (!working && settings.socketIdleMs > 0 && quietMs >= settings.socketIdleMs) {
      this.client.connection.close(1000);
      return;
    }
    this.#callOff = host.clock.after(LOOK_MS, () => this.#look());
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
