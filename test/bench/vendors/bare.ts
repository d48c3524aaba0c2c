import { encodeS16le } from "#engine/audio";
import { serve } from "../harness/serve.ts";
import { ACCESS, type ClientQuestion, nowMs, type Recognised, sentenceFrames } from "./conversation.ts";

/** As much as goes into one message of the node that is measured. */
const CHUNK_MS = 100;
const chunks = (await sentenceFrames()).reduce<Uint8Array[]>((all, frame, index) => {
  const bytes = encodeS16le(frame.pcm);
  const last = all.at(-1);
  if (index % (CHUNK_MS / 20) === 0 || !last) all.push(bytes);
  else all[all.length - 1] = Buffer.concat([last, bytes]);
  return all;
}, []);

const hex = (): string => crypto.randomUUID().replaceAll("-", "");

const directive = (task: string, name: string): string =>
  JSON.stringify({
    header: { message_id: hex(), task_id: task, namespace: "SpeechRecognizer", name, appkey: ACCESS.appkey },
    ...(name === "StartRecognition" && {
      payload: { format: "pcm", sample_rate: 16_000, enable_intermediate_result: true },
    }),
  });

/** One recognition over a WebSocket and nothing else. */
function one(url: string, speed: number, times: Record<string, number[]>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const task = hex();
    const socket = new WebSocket(url, { headers: { "X-NLS-Token": ACCESS.token } } as never);
    const talk = async () => {
      const beganMs = performance.now();
      for (const [index, chunk] of chunks.entries()) {
        const waitMs = beganMs + ((index + 1) * CHUNK_MS) / speed - performance.now();
        if (waitMs > 0) await Bun.sleep(waitMs);
        socket.send(chunk);
      }
      socket.send(directive(task, "StopRecognition"));
    };
    socket.onopen = () => socket.send(directive(task, "StartRecognition"));
    socket.onmessage = ({ data }) => {
      const at = nowMs();
      const { header } = JSON.parse(String(data)) as { header: { name: string; status: number } };
      if (header.name === "RecognitionStarted") return void talk();
      if (!/^Recognition(?:ResultChanged|Completed)$/.test(header.name))
        return resolve(`${header.name} ${header.status}`);
      times[task] ??= [];
      times[task].push(at);
      if (header.name !== "RecognitionCompleted") return;
      socket.close();
      resolve(undefined);
    };
    socket.onerror = () => resolve("the socket failed");
  });
}

await serve<ClientQuestion>(async ({ url, sessions, speed }): Promise<Recognised> => {
  const times: Record<string, number[]> = {};
  const ends = await Promise.all(Array.from({ length: sessions }, () => one(url, speed, times)));
  return { times, failures: [...new Set(ends.filter((end) => end !== undefined))] };
});
process.exit(0);
