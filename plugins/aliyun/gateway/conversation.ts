import { z } from "zod";
import { asEngineError, type Client, type GatewayHost, type GatewayKey } from "#engine/plugin";
import type { Namespace } from "../wire.ts";
import { appkeysOf } from "./credentials.ts";
import { FlowingTask } from "./flowing.ts";
import { Outlet, type Refusal, refusal, refusalOf, scriptedRefusal } from "./outlet.ts";
import { RecognitionTask } from "./recognition.ts";
import type { GatewaySettings } from "./settings.ts";
import { SynthesisTask } from "./synthesis.ts";
import type { ServedTask, TaskPlace } from "./task.ts";
import { TranscriptionTask } from "./transcription.ts";

const directiveSchema = z.looseObject({
  header: z.looseObject({
    message_id: z.string().optional(),
    task_id: z.string().optional(),
    namespace: z.string().optional(),
    name: z.string().optional(),
    appkey: z.string().optional(),
  }),
  payload: z.record(z.string(), z.unknown()).nullish(),
});

const START: Readonly<Record<Namespace, { readonly name: string; readonly make: (place: TaskPlace) => ServedTask }>> = {
  SpeechRecognizer: { name: "StartRecognition", make: (place) => new RecognitionTask(place) },
  SpeechTranscriber: { name: "StartTranscription", make: (place) => new TranscriptionTask(place) },
  SpeechSynthesizer: { name: "StartSynthesis", make: (place) => new SynthesisTask(place) },
  SpeechLongSynthesizer: { name: "StartSynthesis", make: (place) => new SynthesisTask(place) },
  FlowingSpeechSynthesizer: { name: "StartSynthesis", make: (place) => new FlowingTask(place) },
};

const isNamespace = (name: string | undefined): name is Namespace => name !== undefined && name in START;

/** How often the silence of a client is looked at. */
const LOOK_MS = 1000;
/** A frame may have 1 MiB. */
const MOST_BYTES = 1024 * 1024;

/** One client on one socket: one task at a time, another after it. */
export class Conversation {
  readonly #outlet: Outlet;
  #task: ServedTask | undefined;
  #taskId = "";
  #signs = 0;
  #heardMs: number;
  #directiveMs: number;
  #callOff: () => void;

  constructor(
    readonly client: Client,
    readonly key: GatewayKey | undefined,
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {
    this.#outlet = new Outlet(client, host, settings);
    this.#heardMs = this.#directiveMs = host.clock.nowMs();
    this.#callOff = host.clock.after(LOOK_MS, () => this.#look());
    client.onVendorError((code) => this.#fail(scriptedRefusal(code)));
  }

  /** Talks until the client has gone; then nothing of it is left. */
  async run(): Promise<void> {
    try {
      for await (const message of this.client.connection) {
        if (this.#outlet.isOver) continue;
        this.#heardMs = this.host.clock.nowMs();
        if (typeof message !== "string") await this.#audio(message);
        else {
          this.#directiveMs = this.#heardMs;
          const refused = await this.#directive(message);
          if (refused) this.#fail(refused);
        }
      }
    } finally {
      this.#callOff();
      this.#task?.leave();
      await this.#task?.gone();
    }
  }

  async #audio(bytes: Uint8Array): Promise<void> {
    if (bytes.length > MOST_BYTES) return this.#fail(refusal(40000002, "Gateway:MESSAGE_INVALID:Too large message!"));
    const task = this.#task;
    if (!task || task.isOver) return; // late audio of a task that has ended, which the service lets pass
    try {
      await task.audio(bytes);
    } catch (error) {
      this.#fail(refusalOf(asEngineError(error, "AUDIO_NOT_RECOGNISED", "audio")));
    }
  }

  async #directive(text: string): Promise<Refusal | undefined> {
    const parsed = directiveSchema.safeParse(jsonOf(text));
    if (!parsed.success) return refusal(40000002, "Gateway:MESSAGE_INVALID:Can't parse message!");
    const { header, payload } = parsed.data;
    if (header.task_id?.length === 32) this.#taskId ||= header.task_id;
    const { namespace, name = "", appkey = "" } = header;
    if (!isNamespace(namespace)) return refusal(40010001, "Gateway:NAMESPACE_NOT_FOUND:Namespace not found!");
    if (header.message_id?.length !== 32 || header.task_id?.length !== 32)
      return refusal(40000002, "Gateway:MESSAGE_INVALID:Invalid message id or task id!");
    if (appkey === "") return refusal(40000003, "Gateway:PARAMETER_INVALID:The appkey is not set!");
    const start = START[namespace];
    if (name === start.name) return this.#start(namespace, header.task_id, appkey, payload ?? {});
    const task = this.#task;
    if (!task || task.isOver) return task ? undefined : wrongState("INIT");
    if (task.id !== header.task_id || task.namespace !== namespace) return wrongState("STARTED");
    return task.directive(name, payload ?? {});
  }

  /** Says whether the task may begin; whether it does, the task tells by itself. */
  #start(
    namespace: Namespace,
    taskId: string,
    appkey: string,
    payload: Readonly<Record<string, unknown>>,
  ): ReturnType<ServedTask["start"]> {
    if (this.#task && !this.#task.isOver) return wrongState("STARTED");
    this.#taskId = taskId;
    if (!this.key) return refusal(40000001, "Gateway:ACCESS_DENIED:The token is invalid!");
    const allowed = appkeysOf(this.key);
    if (allowed && !allowed.includes(appkey)) return refusal(40020105, "Meta:APPKEY_NOT_EXIST:Appkey not exist!");
    if (this.client.fault("expiredToken")) return refusal(40000001, "Gateway:ACCESS_DENIED:The token has expired!");
    if (this.client.fault("rateLimit")) return refusal(40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!");
    const scripted = this.client.fault("vendorError");
    if (scripted) return scriptedRefusal(scripted.code);
    const place: TaskPlace = {
      id: taskId,
      namespace,
      appkey,
      key: this.key,
      outlet: this.#outlet,
      host: this.host,
      settings: this.settings,
      fail: (refused) => this.#fail(refused),
    };
    this.#task = START[namespace].make(place);
    return this.#task.start(payload);
  }

  #fail(refused: Refusal): void {
    this.#task?.leave();
    this.#outlet.fail(refused.status, refused.word, this.#taskId);
  }

  /** A client that lets nothing be heard while it is its turn is sent away. Pings count, in flowing synthesis for a while only. */
  #look(): void {
    const { clock } = this.host;
    const nowMs = clock.nowMs();
    const { signs } = this.client.connection;
    if (signs !== this.#signs) {
      this.#signs = signs;
      this.#heardMs = nowMs;
    }
    const { idleMs, flowingIdleMs } = this.settings;
    const task = this.#task;
    if (task && !task.isOver && !task.waitsForClient) this.#heardMs = this.#directiveMs = nowMs;
    const flowing = task?.namespace === "FlowingSpeechSynthesizer" && !task.isOver;
    const quiet = idleMs > 0 && nowMs - this.#heardMs >= idleMs;
    const stalled = flowing && flowingIdleMs > 0 && nowMs - this.#directiveMs >= flowingIdleMs;
    if (quiet || stalled) {
      this.#fail(refusal(40000004, "Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time!"));
      return;
    }
    this.#callOff = clock.after(LOOK_MS, () => this.#look());
  }
}

const wrongState = (state: string): Refusal =>
  refusal(40000002, `Gateway:MESSAGE_INVALID:Can't process message in state'${state}'!`);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
