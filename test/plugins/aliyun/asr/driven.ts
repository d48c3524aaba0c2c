import type { served } from "../service.ts";

/** The directives that a node sent, as its trace tells. */
export const sentBy = ({ events }: Pick<Awaited<ReturnType<typeof served>>, "events">) =>
  events.flatMap((event) =>
    event.type === "wire" && event.direction === "out" && String(event.message).startsWith("{")
      ? [JSON.parse(String(event.message)) as { header: { name: string }; payload?: Record<string, unknown> }]
      : [],
  );

/** Settings: the whole stream as one transcription. */
export const continuous = { mode: "continuous" };
/** Settings: the whole stream as one sentence. */
export const whole = { mode: "sentence", sentences: "whole" };
