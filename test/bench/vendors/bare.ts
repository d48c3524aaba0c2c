import { encodeS16le } from "#engine/audio";
import { serve } from "../harness/serve.ts";
import { VENDORS } from "./by-name.ts";
import { type ClientQuestion, nowMs, type Recognised, sentenceFrames } from "./conversation.ts";
import { hex } from "./vendor.ts";

/** As much as goes into one message of the node that is measured. */
const CHUNK_MS = 100;
const chunks = (await sentenceFrames()).reduce<Uint8Array[]>((all, frame, index) => {
  const bytes = encodeS16le(frame.pcm);
  const last = all.at(-1);
  if (index % (CHUNK_MS / 20) === 0 || !last) all.push(bytes);
  else all[all.length - 1] = Buffer.concat([last, bytes]);
  return all;
}, []);

/** One recognition over a WebSocket and nothing else. */
function one({ vendor, url, speed }: ClientQuestion, times: Record<string, number[]>): Promise<string | undefined> {
  const { bare } = VENDORS[vendor];
  return new Promise((resolve) => {
    const task = hex();
    const socket = new WebSocket(`${url}${bare.path ?? ""}`, { headers: bare.headers } as never);
    const talk = async () => {
      const beganMs = performance.now();
      for (const [index, chunk] of chunks.entries()) {
        const waitMs = beganMs + ((index + 1) * CHUNK_MS) / speed - performance.now();
        if (waitMs > 0) await Bun.sleep(waitMs);
        socket.send(bare.audio(task, chunk));
      }
      socket.send(bare.end(task));
    };
    socket.onopen = () => {
      for (const message of bare.begin(task)) socket.send(message);
    };
    socket.onmessage = ({ data }) => {
      const at = nowMs();
      const meaning = bare.meaning(String(data));
      if (meaning === "started") return void talk();
      if (typeof meaning === "object") return resolve(meaning.failed);
      if (meaning === "result" || (meaning === "done" && bare.endsWithResult)) {
        times[task] ??= [];
        times[task].push(at);
      }
      if (meaning !== "done") return;
      socket.close();
      resolve(undefined);
    };
    socket.onerror = () => resolve("the socket failed");
  });
}

await serve<ClientQuestion>(async (question): Promise<Recognised> => {
  const times: Record<string, number[]> = {};
  const ends = await Promise.all(Array.from({ length: question.sessions }, () => one(question, times)));
  return { times, failures: [...new Set(ends.filter((end) => end !== undefined))] };
});
process.exit(0);
