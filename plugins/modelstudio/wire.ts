import { z } from "zod";
import { EngineError } from "#engine/plugin";

/** What a client says of a task. */
export type Action = "run-task" | "continue-task" | "finish-task";
/** Which sides of a task send more than once. */
export type Streaming = "none" | "in" | "out" | "duplex";

export type Payload = Readonly<Record<string, unknown>>;

/** A task's id in the form of the vendor's library: 32 hex digits. @param uuid such as `ctx.newId()` gives. */
export const hexId = (uuid: string): string => uuid.replaceAll("-", "");

/** A command, ready to be sent. */
export const command = (
  action: Action,
  { taskId, streaming }: { readonly taskId: string; readonly streaming: Streaming },
  payload: Payload,
): string => JSON.stringify({ header: { action, task_id: taskId, streaming }, payload });

const eventSchema = z.looseObject({
  header: z.looseObject({
    event: z.string(),
    task_id: z.string().nullish(),
    error_code: z.string().nullish(),
    error_message: z.string().nullish(),
  }),
  payload: z.record(z.string(), z.unknown()).nullish(),
});

/** An event as it came; the payload is read by whoever runs the task. */
export interface TaskEvent {
  readonly name: string;
  readonly taskId: string | undefined;
  readonly errorCode: string;
  /** The vendor's own words: not for messages and logs. */
  readonly errorWords: string;
  readonly payload: Payload;
}

/** @throws EngineError VENDOR_PROTOCOL when it is no event. */
export function readEvent(text: string): TaskEvent {
  const { header, payload } = readJson(eventSchema, text, "a message");
  return {
    name: header.event,
    taskId: header.task_id ?? undefined,
    errorCode: header.error_code ?? "",
    errorWords: header.error_message ?? "",
    payload: payload ?? {},
  };
}

/** @throws EngineError VENDOR_PROTOCOL when the payload is not of that form. */
export const readPayload = <T>(payload: Payload, schema: z.ZodType<T>, what: string): T => read(schema, payload, what);

/**
 * Reads a message or an answer.
 * @throws EngineError VENDOR_PROTOCOL, naming the field where it is not as it should be, never what stands there.
 */
export function readJson<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EngineError("VENDOR_PROTOCOL", `Model Studio: ${text.length} characters of ${what} are no JSON`);
  }
  return read(schema, value, what);
}

function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join(".");
  throw new EngineError("VENDOR_PROTOCOL", `Model Studio: ${what} is not understood${where ? `, at ${where}` : ""}`);
}

export const present = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/** The field of that name, where there is a value for it. */
export const given = (name: string, value: unknown): Payload => (value === undefined ? {} : { [name]: value });
