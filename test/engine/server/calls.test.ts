import { expect, setDefaultTimeout, test } from "bun:test";
import { encodeWav, sniffContainer } from "#engine/audio";
import { openDecoder } from "#engine/plugin";
import { FakeControl } from "#test/fake-control";
import { appOf, ask } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const wav = new Uint8Array(encodeWav(new Int16Array(160), { sampleRateHz: 16_000, channels: 1 }));

function hearing(): FakeControl {
  const control = new FakeControl();
  control.onStart = (run) => {
    run.final("good morning");
    run.final("buenos días", { role: "translation", language: "es" });
    run.final("and good night");
    run.end();
  };
  return control;
}

function form(): FormData {
  const data = new FormData();
  data.set("file", new File([wav], "talk.wav", { type: "audio/wav" }));
  return data;
}

test.each([
  ["the file itself", { body: wav, headers: { "content-type": "audio/wav" } }],
  ["a form", { body: form() }],
])("%s is transcribed, and not kept after the answer", async (_how, init) => {
  const control = hearing();
  const response = await appOf(control).request("/v1/transcribe?param=final:fast&param=words:3", {
    method: "POST",
    ...init,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("parlando-run")).toBe("r1");
  expect(await response.json()).toMatchObject({
    run: "r1",
    text: "good morning and good night",
    finals: [{ role: "transcript", startMs: 0, endMs: 1000 }, { role: "translation", language: "es" }, {}],
  });
  expect(control.last("uploads.create")?.[0]).toBe(wav.length);
  expect(control.last("runs.start")?.[0]).toEqual({
    workflow: { text: "parlando: 1 # transcribe", name: "transcribe" },
    inputs: { talk: { upload: "u1" } },
    params: { final: "fast", words: "3" },
  });
  expect(control.uploaded.size).toBe(0);
});

test("an address is transcribed by a stored workflow", async () => {
  const control = hearing();
  control.stored.set("meeting", "parlando: 1");
  const url = "https://example.com/talk.wav";
  const { status } = await ask(appOf(control), "POST", "/v1/transcribe?workflow=meeting", { body: { url } });
  expect(status).toBe(200);
  expect(control.last("runs.start")?.[0]).toEqual({ workflow: "meeting", inputs: { talk: { url } }, params: {} });
});

test("subtitles come as a file", async () => {
  const response = await appOf(hearing()).request("/v1/transcribe?format=vtt", { method: "POST", body: wav });
  expect([response.headers.get("content-type"), await response.text()]).toEqual([
    "text/vtt; charset=utf-8",
    "WEBVTT\n",
  ]);
});

test.each([
  ["an unknown workflow", "?workflow=none", { body: wav }, 404, "WORKFLOW_NOT_FOUND"],
  ["an unknown format", "?format=pdf", { body: wav }, 400, "REQUEST_INVALID"],
  ["an input that is not there", "?input=nose", { body: wav }, 422, "INPUT_UNKNOWN"],
  ["a param that is none", "?param=fast", { body: wav }, 400, "REQUEST_INVALID"],
  ["a param twice", "?param=words:3&param=words:4", { body: wav }, 400, "REQUEST_INVALID"],
  [
    "JSON without an address",
    "",
    { body: "{}", headers: { "content-type": "application/json" } },
    400,
    "REQUEST_INVALID",
  ],
  ["no JSON", "", { body: "{", headers: { "content-type": "application/json" } }, 400, "REQUEST_INVALID"],
  ["a form without a file", "", { body: new FormData() }, 400, "REQUEST_INVALID"],
] as const)("transcribing %s is refused, and nothing stays behind", async (_what, query, init, status, code) => {
  const control = hearing();
  const response = await appOf(control).request(`/v1/transcribe${query}`, { method: "POST", ...init });
  expect([response.status, await response.json()]).toEqual([status, { code, message: expect.any(String) }]);
  expect(control.uploaded.size).toBe(0);
  expect(control.made.size).toBe(0);
});

test("what a run failed with is the answer", async () => {
  const control = new FakeControl();
  control.onStart = (run) => run.end("failed", { code: "AUDIO_NOT_RECOGNISED", message: "no WAV" });
  const response = await appOf(control).request("/v1/transcribe", { method: "POST", body: wav });
  expect([response.status, await response.json()]).toEqual([422, { code: "AUDIO_NOT_RECOGNISED", message: "no WAV" }]);
  expect(control.uploaded.size).toBe(0);
});

test("a caller that leaves cancels its run", async () => {
  const control = new FakeControl();
  const gone = new AbortController();
  control.onStart = () => gone.abort();
  const response = await appOf(control).request("/v1/transcribe", { method: "POST", body: wav, signal: gone.signal });
  expect(await response.json()).toMatchObject({ code: "RUN_CANCELLED" });
  expect(control.last("runs.cancel")?.[0]).toBe("r1");
});

test("finals that a slow reader missed are read again", async () => {
  const control = hearing();
  let first = true;
  const follow = control.runs.follow.bind(control.runs);
  control.runs.follow = async (caller, id, request) => {
    if (!first) return follow(caller, id, request);
    first = false;
    return (async function* () {
      yield { type: "event" as const, event: control.run(id).events[0]! };
      yield { type: "missed" as const, events: 2, lastId: 1 };
    })();
  };
  const response = await appOf(control).request("/v1/transcribe", { method: "POST", body: wav });
  expect(await response.json()).toMatchObject({ text: "good morning and good night" });
});

function speaking(): FakeControl {
  const control = new FakeControl();
  control.onSession = (what, session) => {
    if (what !== "end") return;
    for (const value of [1, 2])
      session.listener.send({
        type: "audio",
        track: "speech",
        startSample: 0,
        sampleRateHz: 22_050,
        channels: 1,
        encoding: "s16le",
        generation: 1,
        bytes: new Uint8Array([value, 0, value, 0]),
      });
    session.run.end();
  };
  return control;
}

test("a text becomes a WAV of all its audio", async () => {
  const control = speaking();
  const response = await appOf(control).request("/v1/speak?param=voice:es", {
    method: "POST",
    body: JSON.stringify({ text: "hola", language: "es" }),
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("audio/wav");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const view = new DataView(bytes.buffer);
  expect([view.getUint32(24, true), view.getUint32(40, true)]).toEqual([22_050, 8]);
  expect([...new Int16Array(bytes.slice(44).buffer)]).toEqual([1, 1, 2, 2]);
  expect(control.run("r1").texts).toEqual(["hola"]);
  expect(control.last("runs.start")?.[0]).toMatchObject({
    inputs: { words: { live: { kind: "text" } } },
    params: { voice: "es" },
  });
});

test.each([
  { format: "mp3", container: "mp3", type: "audio/mpeg" },
  { format: "opus", container: "opus", type: "audio/ogg;codecs=opus" },
  { format: "ogg", container: "vorbis", type: "audio/ogg;codecs=vorbis" },
] as const)("a text becomes an $format", async ({ format, container, type }) => {
  const { body, headers } = { body: JSON.stringify({ text: "hola" }), headers: { "content-type": "application/json" } };
  const response = await appOf(speaking()).request(`/v1/speak?format=${format}`, { method: "POST", body, headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, type]);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(sniffContainer(bytes)).toBe(container);
  const decoder = await openDecoder(container);
  const pieces = [await decoder.push(bytes), await decoder.end()];
  const heard = pieces.reduce((sum, piece) => sum + piece.length, 0);
  decoder.close();
  expect(heard).toBeGreaterThanOrEqual(4); // what came, and what the codec puts around it
});

test("raw audio says its rate", async () => {
  const { status, headers } = await ask(appOf(speaking()), "POST", "/v1/speak?format=mulaw", {
    body: { text: "hola" },
  });
  expect([status, headers.get("content-type")]).toEqual([200, "audio/PCMU;rate=22050;channels=1"]);
});

test.each([
  ["a format that nobody makes", "?format=flac", { text: "hola" }, 400, "REQUEST_INVALID"],
  ["no text", "", { text: "" }, 400, "REQUEST_INVALID"],
  ["an output without audio", "?output=text", { text: "hola" }, 422, "OUTPUT_UNKNOWN"],
] as const)("speaking with %s is refused", async (_what, query, body, status, code) => {
  const answer = await ask(appOf(speaking()), "POST", `/v1/speak${query}`, { body });
  expect(answer).toMatchObject({ status, json: { code } });
});

test("a run that says nothing is told as such, not as an empty file", async () => {
  const control = new FakeControl();
  control.onSession = (what, session) => {
    if (what === "end") session.run.end();
  };
  expect(await ask(appOf(control), "POST", "/v1/speak", { body: { text: "hola" } })).toMatchObject({
    status: 422,
    json: { code: "AUDIO_EMPTY" },
  });
});
