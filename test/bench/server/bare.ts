/**
 * The least that a server in Bun can do for the same clients: reads the header of each chunk, and acknowledges as often as ours says
 * something: `bare.ts CHUNKS_PER_ANSWER`. Prints its address.
 */
const every = Number(process.argv[2]);
const CHUNK_SAMPLES = 320;
let opened = 0;

const server = Bun.serve<{ chunks: number; run: string }>({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, own) {
    // not all are answered for chunks of the same moment
    const data = { chunks: opened % every, run: `run_${opened++}` };
    return own.upgrade(request, { data }) ? undefined : new Response(null, { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    message(socket, data) {
      if (typeof data === "string") return void socket.send(JSON.stringify({ type: "ready", run: socket.data.run }));
      const lower = (data[8]! | (data[9]! << 8) | (data[10]! << 16) | (data[11]! << 24)) >>> 0;
      const upper = (data[12]! | (data[13]! << 8) | (data[14]! << 16) | (data[15]! << 24)) >>> 0;
      const startSample = upper * 2 ** 32 + lower;
      socket.data.chunks += 1;
      if (socket.data.chunks % every !== 0) return;
      const { run } = socket.data;
      const mark = {
        output: "marks",
        node: "vad",
        mark: "end",
        utterance: "u1",
        atSample: startSample + CHUNK_SAMPLES,
      };
      const event = { run, type: "speech", version: 1, atMs: Date.now(), generation: 0, labels: {}, data: mark };
      socket.send(JSON.stringify({ type: "event", event }));
    },
  },
});

console.log(`listening on ${server.url.href}`);
