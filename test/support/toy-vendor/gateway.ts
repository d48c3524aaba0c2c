import { z } from "zod";
import { type Client, decodeSamples, defineGateway, type Frame, type GatewayHost, samplesToMs } from "#engine/plugin";
import { clientMessage, type ServerMessage } from "./wire.ts";

/** The made-up service itself, with a workflow behind it. */
export const gateway = defineGateway({
  type: "toy",
  summary: "Answers clients of the made-up service.",
  config: z.strictObject({}),
  create: (_config, host) => ({
    mounts: [{ kind: "websocket", path: "/listen", serve: (client) => serve(client, host) }],
  }),
});

async function serve(client: Client, host: GatewayHost): Promise<void> {
  const { connection, signal } = client;
  const say = (message: ServerMessage) => connection.send(JSON.stringify(message));
  client.onVendorError((code) => say({ type: "error", code: Number(code) }));
  const first = clientMessage.parse(JSON.parse(String(await connection.receive())));
  const key = first.type === "start" ? await host.key(first.token) : undefined;
  if (!key || first.type !== "start" || client.fault("expiredToken")) return say({ type: "error", code: 401 });
  if (client.fault("rateLimit")) return say({ type: "error", code: 429 });
  const format = { sampleRateHz: first.rate, channels: 1 };
  const run = await host.start({ key, input: { kind: "audio", format }, signal, onOutput: sentences(say) });
  say({ type: "ready" });
  let startSample = 0;
  for await (const message of connection) {
    if (typeof message === "string") break;
    const pcm = decodeSamples(message, "s16le");
    await run.push({ kind: "audio", pcm, ...format, startSample });
    startSample += pcm.length;
  }
  run.end();
  const { error } = await run.done;
  say(error ? { type: "error", code: 500 } : { type: "done" });
}

/** Tells texts as the service puts them: sentences are numbered. */
function sentences(say: (message: ServerMessage) => void): (frame: Frame) => void {
  const numbers = new Map<string, number>();
  return (frame) => {
    if (frame.kind !== "text") return;
    const sentence = numbers.get(frame.utterance) ?? numbers.size + 1;
    numbers.set(frame.utterance, sentence);
    const ms = (sample: number) => samplesToMs(sample, frame.sampleRateHz);
    const { text, final } = frame;
    say({ type: "result", sentence, text, final, fromMs: ms(frame.startSample), toMs: ms(frame.endSample) });
  };
}
