import { expect, setDefaultTimeout, test } from "bun:test";
import { encodeWav } from "#engine/audio";
import { Parlando } from "#engine/client";
import { live } from "#test/control";
import { covers } from "#test/covers";
import { errorOf } from "#test/rejection";
import { LETTERS_HZ } from "#test/spoken-letters";
import { bytesOf, ECHOED, RATE_HZ, spoken } from "#test/spoken-numbers";
import { WholeServer } from "#test/whole-server";

setDefaultTimeout(60_000); // on a busy machine

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const REQUEST = { workflow: { text: ECHOED, name: "numbers" }, inputs: { talk: live } };

test("a program whose server goes down in the middle of a talk gets every final once, in order", async () => {
  covers("E5", "E6", "E7");
  await using whole = await WholeServer.open();
  const call = await new Parlando({ url: whole.url }).start(REQUEST);
  const finals: string[] = [];
  const some = Promise.withResolvers<void>();
  call.on("event", (event) => {
    if (event.type === "text.final" && event.data.role === "transcript") finals.push(event.data.text);
    if (finals.length === 3) some.resolve();
  });
  const audio = bytesOf(spoken(numbers(8)));
  const half = audio.length / 2;
  call.send("talk", audio.subarray(0, half));
  await some.promise;
  await whole.break();
  call.send("talk", audio.subarray(half));
  call.end();
  await whole.begin();
  await call.done;
  expect(finals).toEqual(numbers(8).map(String));
});

test("a socket that still sends when another call drains its run hears the run to its end", async () => {
  await using whole = await WholeServer.open();
  const client = new Parlando({ url: whole.url });
  const { id } = await client.runs.start(REQUEST);
  const socket = new WebSocket(`${whole.url.replace("http", "ws")}/v1/runs/${id}/stream`, ["parlando.v1.json"]);
  const audio = (values: number[]) => {
    const bytes = Buffer.from(bytesOf(spoken(values))).toString("base64");
    socket.send(JSON.stringify({ type: "audio", track: "talk", bytes }));
  };
  const finals: string[] = [];
  const codes: string[] = [];
  const some = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: "attach", after: 0, sends: true }));
    audio(numbers(8));
  };
  socket.onmessage = ({ data }) => {
    const { type, event, problem } = JSON.parse(data);
    if (type === "error") codes.push(problem.code);
    if (event?.type === "text.final" && event.data.role === "transcript") finals.push(event.data.text);
    if (event?.type === "run.ended") codes.push(event.data.state);
    if (event?.type === "text.final") some.resolve();
  };
  socket.onclose = ({ code }) => closed.resolve(code);
  await some.promise;
  await client.runs.drain(id);
  audio([9]); // it does not know, or was about to
  expect([await closed.promise, codes, finals]).toEqual([1000, ["done"], numbers(8).map(String)]);
});

test("a recording goes up, and its text comes down", async () => {
  await using whole = await WholeServer.open();
  const client = new Parlando({ url: whole.url });
  await client.workflows.save("numbers", ECHOED);
  const wav = new Uint8Array(encodeWav(spoken(numbers(3)), { sampleRateHz: RATE_HZ, channels: 1 }));
  const { run, finals } = await client.transcribe(wav, { workflow: "numbers" });
  expect(finals.filter(({ role }) => role === "transcript").map(({ text }) => text)).toEqual(["1", "2", "3"]);
  expect((await client.runs.get(run)).state).toBe("done");
  const events = await Array.fromAsync(client.runs.events(run, { partials: false }));
  expect(events.map(({ id }) => id)).toEqual(numbers(events.length));
  expect(await client.runs.transcript(run, "srt")).toContain("00:00:00,");
});

test("a text goes up, and its speech comes down", async () => {
  await using whole = await WholeServer.open();
  const wav = await (await new Parlando({ url: whole.url }).speak("hi")).arrayBuffer();
  const pcm = new Int16Array(wav.slice(44));
  expect(new DataView(wav).getUint32(24, true)).toBe(LETTERS_HZ);
  expect([pcm.length, pcm[0], pcm.at(-1)]).toEqual([(2 * LETTERS_HZ) / 1000, "h".charCodeAt(0), "i".charCodeAt(0)]);
});

test("a param of a query is read as its workflow declares it: a number from a text, and a text of digits as it is", async () => {
  await using whole = await WholeServer.open();
  const client = new Parlando({ url: whole.url });
  const declared = 'params: { title: { type: string, default: none, pattern: "[0-9]+|none" }, ';
  await client.workflows.save("numbers", ECHOED.replace("params: { ", declared));
  const wav = new Uint8Array(encodeWav(spoken(numbers(1)), { sampleRateHz: RATE_HZ, channels: 1 }));
  const params = { title: "2024", delayMs: 1 };
  const { finals } = await client.transcribe(wav, { workflow: "numbers", params });
  expect(finals.length).toBeGreaterThan(0);
  const wrong = client.transcribe(wav, { workflow: "numbers", params: { delayMs: "soon" } });
  expect((await errorOf(wrong)).code).toBe("WORKFLOW_INVALID");
});

test("with the first key the door is shut, and a token opens it for one run only", async () => {
  await using whole = await WholeServer.open();
  const { secret } = await whole.control.keys.create({ project: "default", name: "first", scopes: ["admin"] });
  const refused = await new Parlando({ url: whole.url }).runs.list().catch((error) => error.code);
  expect(refused).toBe("KEY_REFUSED");
  const client = new Parlando({ url: whole.url, key: secret });
  const run = await client.runs.start(REQUEST);
  const other = await client.runs.start(REQUEST);
  const { token } = await client.token({ run: run.id });
  const browser = new Parlando({ url: whole.url, token });
  const call = browser.join(run.id, { sends: true });
  await call.ready;
  expect((await browser.runs.get(run.id)).id).toBe(run.id);
  expect(await browser.runs.get(other.id).catch((error) => error.code)).toBe("RUN_NOT_FOUND");
  const strange = browser.join(other.id);
  expect(await strange.done.catch((error) => error.code)).toBe("RUN_NOT_FOUND");
  call.end();
  await call.done;
  await client.runs.cancel(other.id);
});

test("a Host that no address can have is refused like everything else", async () => {
  const heard = Promise.withResolvers<string>();
  let text = "";
  const request = Buffer.from("GET /v1/runs HTTP/1.1\r\nhost: 1\u00b27.0.0.1\r\nconnection: close\r\n\r\n", "latin1");
  await using whole = await WholeServer.open();
  await Bun.connect({
    hostname: "127.0.0.1",
    port: whole.port,
    socket: {
      open: (socket) => void socket.write(request),
      data: (_, data) => {
        text += data.toString();
      },
      close: () => heard.resolve(text),
    },
  });
  const [head = "", body = ""] = (await heard.promise).split("\r\n\r\n");
  expect(head).toStartWith("HTTP/1.1 400");
  expect(JSON.parse(body).code).toBe("REQUEST_INVALID");
});
