import type { Connection } from "#engine/plugin";
import type { Service, ServiceOptions } from "#test/vendor-service";
import { AUTHORIZATION, hears, TASKS_URL, withService } from "../service.ts";

/** What the gateway tells of a task. */
export interface TaskEvent {
  readonly header: {
    readonly event: string;
    readonly task_id: string;
    readonly error_code?: string;
    readonly error_message?: string;
  };
  readonly payload: Record<string, unknown>;
}

/** The task that a command is about where it names no other. */
export const TASK = "1".repeat(32);
export const ASR = { task_group: "audio", task: "asr", function: "recognition", model: "paraformer-realtime-v2" };
export const TTS = { task_group: "audio", task: "tts", function: "SpeechSynthesizer", model: "cosyvoice-v2" };
export const PCM = { format: "pcm", sample_rate: 16000 };
/** A message of the client. */
export const command = (action: string, payload: unknown, taskId = TASK, streaming = "duplex") =>
  JSON.stringify({ header: { action, task_id: taskId, streaming }, payload });
/** Begins a recognition. */
export const listening = (more = {}) => command("run-task", { ...ASR, parameters: PCM, input: {}, ...more });
/** Begins a synthesis. */
export const speaking = (parameters: Readonly<Record<string, unknown>>) =>
  command("run-task", { ...TTS, parameters, input: {} });
/** Hands a synthesis more text. */
export const saying = (text: string) => command("continue-task", { input: { text } });
export const FINISH = command("finish-task", { input: {} });

export const dial = ({ network }: Pick<Service, "network">, url = TASKS_URL, authorization = AUTHORIZATION) =>
  network.dial({ url, headers: { authorization } });

/** Sends all of it at once, and hears what comes until the socket is closed or the last event is there; audio as its length. */
export async function told(
  connection: Connection,
  messages: readonly (string | Uint8Array)[],
  until = /task-finished|task-failed/,
) {
  for (const message of messages) connection.send(message);
  const heard: (TaskEvent | number)[] = [];
  for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
    heard.push(typeof message === "string" ? (JSON.parse(message) as TaskEvent) : message.length);
    if (typeof message === "string" && until.test(message)) break;
  }
  return heard;
}

export const eventsOf = (heard: readonly (TaskEvent | number)[]): TaskEvent[] =>
  heard.filter((one): one is TaskEvent => typeof one !== "number");
export const namesOf = (heard: readonly (TaskEvent | number)[]) =>
  heard.map((one) => (typeof one === "number" ? "audio" : one.header.event));

/** One client's conversation, each message when the one before was answered to by `started`. */
export const conversing = (
  options: Partial<Pick<ServiceOptions, "workflow" | "gatewayConfig" | "faults">>,
  use: (service: Service, connection: Connection) => Promise<void>,
) =>
  withService({ workflow: hears(["one two"]), ...options }, async (service) => {
    const connection = await dial(service);
    await use(service, connection);
    connection.close();
  });
