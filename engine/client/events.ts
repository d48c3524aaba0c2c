import { EngineError } from "#engine/errors";
import type { Calls } from "./calls.ts";
import type { RunEvent } from "./types.ts";

export interface FollowOptions {
  /** Events after this id. Default 0: all. */
  readonly after?: number;
  /** Default true. */
  readonly partials?: boolean;
  readonly outputs?: readonly string[];
  readonly signal?: AbortSignal;
}

const MOST_FAILURES = 8;
const FIRST_WAIT_MS = 200;

/** The events of a run over HTTP, until it ends; goes on after the last one when the connection is lost. */
export async function* followEvents(calls: Calls, run: string, options: FollowOptions = {}): AsyncGenerator<RunEvent> {
  let after = options.after ?? 0;
  let failures = 0;
  for (;;) {
    try {
      const query = {
        partials: options.partials ?? true,
        ...(options.outputs && { outputs: options.outputs.join(",") }),
      };
      const response = await calls.send("GET", `/v1/runs/${encodeURIComponent(run)}/events`, {
        query,
        headers: { accept: "text/event-stream", "last-event-id": String(after) },
        ...(options.signal && { signal: options.signal }),
      });
      if (response.status === 204 || !response.body) return;
      for await (const { type, data } of readEvents(response.body)) {
        if (type === "missed") break; // durable events come again after the last one that did
        const event = JSON.parse(data) as RunEvent;
        failures = 0;
        if (event.id !== undefined) after = event.id;
        yield event;
        if (event.type === "run.ended") return;
      }
    } catch (error) {
      const fatal = options.signal?.aborted || (error instanceof EngineError && !error.traits.retryable);
      if (fatal || ++failures > MOST_FAILURES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** failures));
    }
  }
}

/** Server-sent events of a body, as far as this API writes them. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ readonly type: string; readonly data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const lines = block.split("\n");
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field("data");
        if (data !== undefined) yield { type: field("event") ?? "message", data };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
