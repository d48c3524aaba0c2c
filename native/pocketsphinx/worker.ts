/** The Worker in which a `Recogniser` decodes: each message is a request, each request gets one answer. */
import { RecogniserThread } from "./thread.ts";

declare const self: {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
};

const thread = new RecogniserThread();

self.onmessage = ({ data }) => {
  const answer = thread.answer(data);
  if (answer) self.postMessage(answer);
  if (answer?.kind === "opened") setTimeout(() => thread.prepare(), 0);
};
