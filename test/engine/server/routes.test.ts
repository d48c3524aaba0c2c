import { expect, setDefaultTimeout, test } from "bun:test";
import { EngineError } from "#engine/errors";
import { FakeControl } from "#test/fake-control";
import { appOf, ask, KeptLog } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const talk = { live: { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } };

test("a run is started with what the request says, and its address is told", async () => {
  const control = new FakeControl();
  const body = { workflow: "greet@2", inputs: { talk }, params: { voice: "es" }, labels: { call: "7" }, keep: "text" };
  const { status, json, headers } = await ask(appOf(control), "POST", "/v1/runs", {
    body,
    headers: { "idempotency-key": "k-1", traceparent: "00-a-b-01" },
  });
  expect(status).toBe(201);
  expect(json).toMatchObject({ id: "r1", state: "running", labels: { call: "7" }, notes: [] });
  expect(headers.get("location")).toBe("/v1/runs/r1");
  expect(control.last("runs.start")).toEqual([body, { idempotencyKey: "k-1", traceparent: "00-a-b-01" }, "default"]);
});

test.each([
  [
    "GET",
    "/v1/runs?state=running&label=a:b&label=c:d:e&limit=5",
    "runs.list",
    [{ state: "running", labels: { a: "b", c: "d:e" }, limit: 5 }],
  ],
  ["DELETE", "/v1/runs?label=call:7", "runs.deleteByLabels", [{ call: "7" }]],
  ["GET", "/v1/usage?by=label:team&fromMs=5", "runs.usage", [{ by: { label: "team" }, fromMs: 5 }]],
  ["GET", "/v1/usage?by=key&run=r1", "runs.usage", [{ by: "key", run: "r1" }]],
] as const)("%s %s asks for what its query says", async (method, path, call, args) => {
  const control = new FakeControl();
  const { status } = await ask(appOf(control), method, path);
  expect(status).toBe(200);
  expect(control.last(call)).toEqual([...args]);
});

test("live fields of a node are changed, also of a node with a slash in its name", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  await ask(app, "POST", "/v1/runs", { body: { workflow: "w" } });
  const changed = await ask(app, "PATCH", "/v1/runs/r1/nodes/vad", { body: { aggressiveness: 2 } });
  expect(changed.status).toBe(204);
  expect(control.last("runs.update")).toEqual(["r1", "vad", { aggressiveness: 2 }]);
  const unknown = await ask(app, "PATCH", "/v1/runs/r1/nodes/in%2Fner", { body: {} });
  expect(unknown).toMatchObject({
    status: 404,
    json: { code: "NODE_NOT_FOUND", message: "the run has no node in/ner" },
  });
});

test.each([
  ["no workflow", {}, /^workflow: /],
  ["an unknown field", { workflow: "w", wrkflow: 1 }, /unknown: wrkflow/],
  [
    "a rate of no sense",
    { workflow: "w", inputs: { talk: { live: { ...talk.live, sampleRateHz: -1 } } } },
    /inputs\.talk/,
  ],
  ["a label that is too long", { workflow: "w", labels: { a: "x".repeat(256) } }, /labels\.a/],
  [
    "too many labels",
    { workflow: "w", labels: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`l${i}`, ""])) },
    /at most 32/,
  ],
  ["an address that is none", { workflow: "w", inputs: { talk: { url: "nowhere" } } }, /inputs\.talk/],
])("%s is refused, and the message says where", async (_what, body, message) => {
  const control = new FakeControl();
  const { status, json } = await ask(appOf(control), "POST", "/v1/runs", { body });
  expect(status).toBe(400);
  expect(json).toEqual({ code: "REQUEST_INVALID", message: expect.stringMatching(message) });
  expect(control.asked).toEqual([]);
});

test.each([
  ["GET", "/v1/runs/none", 404, "RUN_NOT_FOUND"],
  ["GET", "/v1/jobs/none", 404, "JOB_NOT_FOUND"],
  ["GET", "/v1/uploads/none", 404, "UPLOAD_NOT_FOUND"],
  ["GET", "/v1/webhooks/none", 404, "WEBHOOK_NOT_FOUND"],
  ["POST", "/v1/deliveries/none/redeliver", 404, "DELIVERY_NOT_FOUND"],
  ["GET", "/v1/workflows/none", 404, "WORKFLOW_NOT_FOUND"],
  ["GET", "/v1/nodes/none", 404, "NODE_NOT_FOUND"],
  ["GET", "/v1/nowhere", 404, "ROUTE_NOT_FOUND"],
  ["GET", "/elsewhere", 404, "ROUTE_NOT_FOUND"],
  ["PUT", "/v1/runs", 405, "METHOD_NOT_ALLOWED"],
  ["GET", "/v1/runs?limit=0", 400, "REQUEST_INVALID"],
  ["GET", "/v1/runs?limit=many", 400, "REQUEST_INVALID"],
  ["GET", "/v1/usage?by=moon", 400, "REQUEST_INVALID"],
  ["DELETE", "/v1/runs", 400, "REQUEST_INVALID"],
  ["GET", `/v1/runs/${"x".repeat(129)}`, 400, "REQUEST_INVALID"],
  ["GET", `/${"x".repeat(5000)}`, 413, "REQUEST_TOO_LARGE"],
  ["GET", "/v1/runs/%E0%A4%A", 404, "RUN_NOT_FOUND"],
  ["POST", "/v1/stream", 404, "ROUTE_NOT_FOUND"],
] as const)("%s %s is answered with %i and %s", async (method, path, status, code) => {
  const answer = await ask(appOf(new FakeControl()), method, path);
  expect(answer).toMatchObject({ status, json: { code, message: expect.any(String) } });
});

test.each([
  ["no JSON", "{", "application/json"],
  ["JSON of another type", "{}", "text/plain"],
  ["nothing at all", "", "application/json"],
  ["bytes that are no text", new Uint8Array([0xff, 0xfe]), "application/json"],
  ["JSON that is nested too deep", "[".repeat(40) + "]".repeat(40), "application/json"],
])("a body that is %s is refused", async (_what, body, type) => {
  const response = await appOf(new FakeControl()).request("/v1/runs", {
    method: "POST",
    body,
    headers: { "content-type": type },
  });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  expect(await response.json()).toMatchObject({ code: "REQUEST_INVALID" });
});

test("a body is not read beyond its limit", async () => {
  const control = new FakeControl();
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(64 * 1024));
    },
  });
  const response = await appOf(control).request("/v1/runs", {
    method: "POST",
    body: endless,
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: "REQUEST_TOO_LARGE" });
  expect(pulled * 64 * 1024).toBeLessThan(2 * control.config.limits.bodyBytes);
});

test("a workflow is stored from YAML as from JSON, and its findings come back", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  const text = "parlando: 1\nname: greet\n";
  const yaml = await app.request("/v1/workflows/greet", {
    method: "PUT",
    body: text,
    headers: { "content-type": "application/yaml" },
  });
  expect(yaml.status).toBe(200);
  expect(control.last("workflows.save")).toEqual(["greet", text]);
  const json = await ask(app, "PUT", "/v1/workflows/greet", { body: { text } });
  expect(json.status).toBe(200);
  const broken = await ask(app, "PUT", "/v1/workflows/greet", { body: { text: "broken" } });
  expect(broken).toMatchObject({
    status: 422,
    json: { code: "WORKFLOW_INVALID", findings: [{ line: 1, code: "KEY_UNKNOWN" }] },
  });
  expect((await ask(app, "PUT", "/v1/workflows/greet", {})).status).toBe(400);
  expect((await ask(app, "PUT", "/v1/workflows/..%2Fup", { body: { text } })).status).toBe(400);
});

test("what is of the moment says when to ask again", async () => {
  const control = new FakeControl();
  control.limitReached = true;
  const { status, json, headers } = await ask(appOf(control), "GET", "/v1/runs");
  expect({ status, json, after: headers.get("retry-after") }).toEqual({
    status: 429,
    json: { code: "QUOTA_EXCEEDED", message: expect.any(String), retryAfterMs: 1500 },
    after: "2",
  });
});

test("a fault of ours is told without a word of what happened, and logged without content", async () => {
  const control = new FakeControl();
  control.runs.list = async () => {
    throw new TypeError("the secret transcript");
  };
  const log = new KeptLog();
  const { status, json } = await ask(appOf(control, log), "GET", "/v1/runs");
  expect(status).toBe(500);
  expect(json).toEqual({ code: "INTERNAL", message: expect.not.stringContaining("secret") });
  const fault = log.lines.find(({ level }) => level === "warn");
  expect(fault?.facts).toMatchObject({
    error: "TypeError",
    at: expect.arrayContaining([expect.stringContaining("routes.test.ts")]),
  });
  expect(JSON.stringify(log.lines)).not.toContain("secret transcript");
});

test.each([
  { what: "no JSON", headers: { "content-type": "application/json" }, status: 400 },
  { what: "of another type", headers: { "content-type": "text/plain" }, status: 415 },
])("a body that is $what is a fault of who asks, and stands in no log", async ({ headers, status }) => {
  const log = new KeptLog();
  const answer = await appOf(new FakeControl(), log).request("/v1/runs", { method: "POST", headers, body: "{bad" });
  expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code: "REQUEST_INVALID" })]);
  expect(log.lines.filter(({ level }) => level !== "debug")).toEqual([]);
});

test("an error that the engine itself calls internal is a fault of ours, too", async () => {
  const control = new FakeControl();
  control.runs.list = async () => {
    throw new EngineError("INTERNAL", "the secret transcript");
  };
  expect((await ask(appOf(control), "GET", "/v1/runs")).json).toEqual({
    code: "INTERNAL",
    message: expect.not.stringContaining("secret"),
  });
});

test("a vendor that answers later needs no key, and is handed on as it came", async () => {
  const control = new FakeControl();
  control.callers.set("somebody", { project: "p", scopes: new Set() });
  const app = appOf(control);
  const answer = await app.request("/v1/callbacks/token-of-a-vendor/done?id=3", {
    method: "POST",
    body: "state=ready",
  });
  expect([answer.status, await answer.text()]).toEqual([202, "noted"]);
  expect(control.last("callbacks.receive")).toEqual(["POST", "id=3", "state=ready"]);
  expect((await ask(app, "POST", "/v1/callbacks/some-other-token")).status).toBe(404);
});

test("jobs and webhooks go to where they belong", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  const job = { workflow: "w", items: [{ url: "https://example.com/a.wav" }, { upload: "u1" }], concurrency: 2 };
  const started = await ask(app, "POST", "/v1/jobs", { body: job, headers: { "idempotency-key": "once" } });
  expect(started).toMatchObject({ status: 201, json: { id: "j1", items: 2 } });
  expect(control.last("jobs.start")).toEqual([job, { idempotencyKey: "once" }]);
  expect((await ask(app, "GET", "/v1/jobs/j1/items?limit=3")).json).toEqual({
    items: [{ index: 0, state: "done", attempts: 1, runId: "r1" }],
  });
  const webhook = { url: "https://example.com/hook", events: ["run.ended"] };
  const created = await ask(app, "POST", "/v1/webhooks", { body: webhook });
  expect(created).toMatchObject({ status: 201, json: { webhook, secret: "shown once" } });
  expect((await ask(app, "POST", "/v1/webhooks", { body: { ...webhook, events: [] } })).status).toBe(400);
});

test("metrics are read when they are asked for, and count requests by route", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  await ask(app, "GET", "/v1/runs/r9");
  await ask(app, "GET", "/v1/runs/r8");
  const { status, json } = await ask(app, "GET", "/metrics");
  expect(status).toBe(200);
  expect(json).toContain('parlando_http_requests_total{method="GET",route="/v1/runs/:id",status="404"} 2');
  expect(json).toContain("parlando_finals_total 11");
  expect(json).toContain('parlando_runs{state="running"} 3');
  for (const [name, value] of [
    ["parlando_node_delays_total", 2],
    ["parlando_node_delay_seconds_total", 0.3],
  ])
    expect(json).toContain(`${name}{type="acme.tts",delay="firstAudio"} ${value}`);
  expect(json).toContain('parlando_node_delay_ms{type="acme.tts",delay="firstAudio",quantile="p99"} 200');
  expect(json).toContain('parlando_node_calls_timed_total{type="acme.vad",hook="batch"} 3');
  expect(json).toContain('parlando_node_call_us{type="acme.vad",hook="batch",quantile="p99"} 4');
  expect(json).toContain('parlando_node_usage_total{type="acme.asr",unit="audioSeconds"} 12.5');
  expect(json).toContain('parlando_node_gated_samples_total{type="acme.asr"} 160000');
  control.callers.set("weak", { project: "p", scopes: new Set(["runs:read"]) });
  expect((await ask(app, "GET", "/metrics", { headers: { authorization: "Bearer weak" } })).status).toBe(403);
});

test("readyz follows the control", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  expect((await ask(app, "GET", "/readyz")).status).toBe(200);
  control.ready = false;
  expect((await ask(app, "GET", "/readyz")).status).toBe(503);
  expect((await ask(app, "GET", "/healthz")).status).toBe(200);
});

test.each([
  ["a body without its type", "POST", "/v1/runs", {}, 415, "content-type: application/json was wanted"],
  ["YAML without its type", "PUT", "/v1/workflows/w", {}, 415, "content-type: application/json or application/yaml"],
  [
    "a form where a file was wanted",
    "POST",
    "/v1/uploads",
    { "content-type": "multipart/form-data; boundary=x" },
    400,
    "--data-binary",
  ],
])("%s is refused with what was wanted", async (_what, method, path, headers, status, said) => {
  const control = new FakeControl();
  const response = await appOf(control).request(path, { method, headers, body: "{}" });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code: "REQUEST_INVALID", message: expect.stringContaining(said) });
  expect(control.asked).toEqual([]);
});

test.each([
  ["GET", "/v1/runs?lable=customer:7"],
  ["DELETE", "/v1/runs?label=customer:7&lable=call:1"],
  ["GET", "/v1/runs/r1/transcript?formt=srt"],
  ["GET", "/v1/runs/r1/events?from=3"],
  ["GET", "/v1/usage?label_=a:b"],
  ["GET", "/v1/jobs?status=done"],
  ["GET", "/v1/workflows?name=a"],
  ["GET", "/v1/deliveries?dead=true"],
  ["POST", "/v1/transcribe?workfow=meeting"],
  ["POST", "/v1/speak?forma=mp3"],
])("%s %s is refused: a misspelt filter or setting is not passed over", async (method, path) => {
  const control = new FakeControl();
  const body = method === "POST" ? { text: "a" } : undefined;
  const { status, json } = await ask(appOf(control), method, path, { ...(body && { body }) });
  expect([status, json]).toEqual([400, { code: "REQUEST_INVALID", message: expect.stringMatching(/unknown: \w+$/) }]);
  expect(control.asked).toEqual([]);
});

test("a label that is asked for twice is refused, and every name of one is only a name", async () => {
  const control = new FakeControl();
  const app = appOf(control);
  expect((await ask(app, "GET", "/v1/runs?label=call:1&label=call:2")).status).toBe(400);
  await ask(app, "GET", "/v1/runs?label=__proto__:1");
  expect(JSON.stringify(control.last("runs.list"))).toContain('"labels":{"__proto__":"1"}');
});

test("a label's name that does not hold is told with what was wanted", async () => {
  const { json } = await ask(appOf(new FakeControl()), "POST", "/v1/runs", {
    body: { workflow: "w", labels: { "": "x" } },
  });
  expect(json).toMatchObject({ code: "REQUEST_INVALID", message: expect.stringContaining("from 1 to 63 letters") });
});

test("a caller who hangs up in the middle of a body is no fault of the server", async () => {
  const log = new KeptLog();
  const gone = new AbortController();
  const body = new ReadableStream({
    pull() {
      gone.abort();
      throw gone.signal.reason;
    },
  });
  const request = new Request("http://localhost/v1/uploads", { method: "POST", body, signal: gone.signal });
  const response = await appOf(new FakeControl(), log).request(request);
  expect(response.status).toBe(400);
  expect(log.lines.filter(({ level }) => level === "warn")).toEqual([]);
});
