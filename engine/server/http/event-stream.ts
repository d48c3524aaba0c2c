import type { Followed } from "#engine/control";

const utf8 = new TextEncoder();

/** A comment this often keeps proxies from closing a stream on which nothing happens. */
const KEEP_ALIVE_MS = 15_000;

/**
 * What is followed as server-sent events. The next one is asked for when the reader has taken the one before, so that a slow reader
 * is bounded where events wait for it. Only durable events have an id; a browser sends the last one back when it reconnects.
 * @param closed called once when the reader has gone or the stream has ended.
 */
export function eventStream(events: AsyncIterable<Followed>, closed: () => void): Response {
  const iterator = events[Symbol.asyncIterator]();
  let beat: ReturnType<typeof setInterval> | undefined;
  const finish = () => {
    clearInterval(beat);
    closed();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(utf8.encode("retry: 1000\n\n"));
      beat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(utf8.encode(":\n\n"));
      }, KEEP_ALIVE_MS);
      beat.unref();
    },
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (!next.done) return controller.enqueue(utf8.encode(eventText(next.value)));
        finish();
        controller.close();
      } catch (error) {
        finish();
        controller.error(error);
      }
    },
    async cancel() {
      finish();
      await iterator.return?.();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // proxies of the nginx kind would hold events back
      "x-accel-buffering": "no",
    },
  });
}

/** One event in the stream's own form; JSON has no line breaks of its own. */
export function eventText(followed: Followed): string {
  if (followed.type === "missed") {
    const { events, lastId } = followed;
    return `event: missed\ndata: ${JSON.stringify({ events, lastId })}\n\n`;
  }
  const { event } = followed;
  const id = event.id === undefined ? "" : `id: ${event.id}\n`;
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
