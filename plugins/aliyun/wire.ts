import { z } from "zod";
import { EngineError } from "#engine/plugin";

/** The five services that share one socket protocol. */
export type Namespace =
  | "SpeechRecognizer"
  | "SpeechTranscriber"
  | "SpeechSynthesizer"
  | "SpeechLongSynthesizer"
  | "FlowingSpeechSynthesizer";

export const SUCCESS = 20_000_000;

/** The form that the service wants of message and task ids: 32 hex digits. @param uuid such as `ctx.newId()` gives. */
export const hexId = (uuid: string): string => uuid.replaceAll("-", "");

/** What a client says of itself; the service does not act on it. */
const CONTEXT = { sdk: { name: "parlando", version: "1", language: "typescript" } };

export interface Task {
  readonly namespace: Namespace;
  /** The project; each directive carries it. */
  readonly appkey: string;
  readonly taskId: string;
}

/** A directive, ready to be sent. @param payload left out of a stop. */
export const directive = (
  task: Task,
  name: string,
  messageId: string,
  payload?: Readonly<Record<string, unknown>>,
): string =>
  JSON.stringify({
    header: {
      message_id: messageId,
      task_id: task.taskId,
      namespace: task.namespace,
      name,
      appkey: task.appkey,
    },
    ...(payload === undefined ? {} : { payload }),
    context: CONTEXT,
  });

const eventSchema = z.looseObject({
  header: z.looseObject({
    name: z.string(),
    status: z.number().int().optional(),
    status_text: z.string().optional(),
    status_message: z.string().optional(),
    task_id: z.string().optional(),
  }),
  payload: z.record(z.string(), z.unknown()).nullish(),
});

/** An event as it came; the payload is read by whoever knows the name. */
export interface NlsEvent {
  readonly name: string;
  readonly status: number;
  /** Either spelling of it. */
  readonly statusText: string;
  readonly taskId: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Reads a text message of the service. A frame's type alone tells text from audio, and the name alone tells what an event is: a failure
 * comes under another namespace.
 * @throws EngineError VENDOR_PROTOCOL when it is no event.
 */
export function readEvent(text: string): NlsEvent {
  const parsed = eventSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw garbled(`a text message of ${text.length} characters is no event`);
  const { header, payload } = parsed.data;
  return {
    name: header.name,
    status: header.status ?? SUCCESS,
    statusText: header.status_text ?? header.status_message ?? "",
    taskId: header.task_id,
    payload: payload ?? {},
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws EngineError VENDOR_PROTOCOL when the payload is not of that form. */
export function readPayload<T>(event: NlsEvent, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(event.payload);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".");
  throw garbled(`${event.name} came with a payload that is not understood${where ? `, at ${where}` : ""}`);
}

const garbled = (message: string) => new EngineError("VENDOR_PROTOCOL", `Aliyun: ${message}`);
