// Drives the vendor's own client library against a gateway and prints what it tells, one line of JSON each. Run by Node or Bun:
// vendor-client.cjs token ENDPOINT KEY_ID KEY_SECRET | recognise|transcribe|speak|speak-long URL TOKEN APPKEY
const { dirname, join } = require("node:path");
const nls = require("alibabacloud-nls");

const [what, address, ...credentials] = process.argv.slice(2);
const config = { url: address, token: credentials[0], appkey: credentials[1] };
const print = (event, detail) => console.log(JSON.stringify({ event, detail }));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const follow = (client, ...events) => {
  for (const event of events)
    client.on(event, (detail) => print(event, detail === undefined ? undefined : JSON.parse(detail)));
};

/** Two seconds in pieces of 1024 bytes, as in the vendor's example but faster: the last is shorter. */
async function sendAudio(client) {
  const pcm = Buffer.alloc(64_000);
  for (let at = 0; at < pcm.length; at += 1024) {
    client.sendAudio(pcm.subarray(at, at + 1024));
    await sleep(1);
  }
}

const recognise = async () => {
  const client = new nls.SpeechRecognition(config);
  follow(client, "started", "changed", "completed", "failed", "closed");
  await client.start(client.defaultStartParams(), true, 50);
  await sendAudio(client);
  await client.close({ late: "a payload that a stop need not have" });
  client.shutdown();
  client.shutdown();
};

const transcribe = async () => {
  const client = new nls.SpeechTranscription(config);
  follow(client, "started", "begin", "changed", "end", "completed", "failed", "closed");
  await client.start({ ...client.defaultStartParams(), enable_words: true }, true, 50);
  client.ctrl({ hello: 1 });
  await sendAudio(client);
  await client.close();
};

const speak = async (long) => {
  const client = new nls.SpeechSynthesizer(config, long);
  follow(client, "meta", "completed", "failed", "closed");
  const pieces = [];
  client.on("data", (piece) => pieces.push(piece));
  const params = { ...client.defaultStartParams("xiaoyun"), text: "Hello there.", enable_subtitle: true };
  await client.start(params, true, 50);
  const audio = Buffer.concat(pieces);
  print("audio", { bytes: audio.length, head: audio.subarray(0, 4).toString("latin1") });
};

const token = async () => {
  const getToken = require(join(dirname(require.resolve("alibabacloud-nls")), "lib/token.js"));
  print("token", await getToken({ akid: credentials[0], akkey: credentials[1], endpoint: address }));
};

const work = { token, recognise, transcribe, speak: () => speak(false), "speak-long": () => speak(true) };
// A start that fails never settles in this library; its end is then told by `failed`.
work[what]().then(
  () => sleep(50),
  (error) => print("error", String(error?.data?.Code ?? error?.message ?? error)),
);
