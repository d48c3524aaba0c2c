import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { ERROR_TRAITS } from "#engine/errors";
import { FakeControl } from "#test/fake-control";
import { appOf } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

const PATHS = [
  "/v1/runs",
  "/v1/runs/r1",
  "/v1/runs/r1/events",
  "/v1/runs/r1/transcript",
  "/v1/runs/r1/nodes/vad",
  "/v1/runs/r1/artifacts/x",
  "/v1/runs/r1/cancel",
  "/v1/workflows/w",
  "/v1/lint",
  "/v1/plan",
  "/v1/jobs",
  "/v1/webhooks",
  "/v1/tokens",
  "/v1/usage",
  "/v1/transcribe",
  "/v1/speak",
  "/v1/callbacks/some-token",
];

const GOOD = JSON.stringify({
  workflow: "w",
  inputs: { talk: { live: { encoding: "s16le", sampleRateHz: 16_000, channels: 1 } } },
  params: { a: [1, { b: null }] },
  labels: { call: "7" },
});

/** Good traffic with a stretch of it replaced. */
const damaged = fc
  .tuple(fc.nat(GOOD.length), fc.nat(20), fc.string({ maxLength: 20 }))
  .map(([at, length, text]) => GOOD.slice(0, at) + text + GOOD.slice(at + length));

const request = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"),
  path: fc.oneof(fc.constantFrom(...PATHS), fc.webPath()),
  query: fc.oneof(
    fc.constant(""),
    fc.webQueryParameters().map((text) => `?${text}`),
    fc.constantFrom("?limit=x", "?label=", "?after=-1", "?by=label:"),
  ),
  type: fc.constantFrom(
    "application/json",
    "text/plain",
    "application/yaml",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "",
  ),
  body: fc.oneof(fc.constant(GOOD), damaged, fc.json(), fc.string(), fc.uint8Array({ maxLength: 200 })),
  header: fc.constantFrom(
    {},
    { "last-event-id": "🎉".codePointAt(0)!.toString() },
    { "last-event-id": "-1" },
    { range: "bytes=9-1" },
    { authorization: "Bearer" },
  ),
});

test("whatever is asked, the answer is a coded 4xx or what was asked for, and a run beside it notices nothing", async () => {
  const control = new FakeControl();
  control.onStart = (run) => run.id !== "r1" && run.id !== "r2" && run.end();
  const app = appOf(control);
  const start = () =>
    app.request("/v1/runs", { method: "POST", body: GOOD, headers: { "content-type": "application/json" } });
  await start();
  await start();
  const asked = control.run("r1");
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, query, type, body, header }) => {
      // what is asked of it may well have ended it
      control.made.set("r1", asked);
      asked.state = "running";
      const bodyless = method === "GET";
      const response = await app.request(path + query, {
        method,
        headers: { ...header, ...(type !== "" && !bodyless && { "content-type": type }) },
        ...(!bodyless && { body }),
      });
      expect(response.status).toBeLessThan(500);
      if (response.status < 400) return void response.body?.cancel();
      const problem = (await response.json()) as { code: keyof typeof ERROR_TRAITS; message: string };
      expect(ERROR_TRAITS).toHaveProperty(problem.code);
      expect(problem.message).not.toMatch(/\bat \S+:\d+|node_modules/);
    }),
    { numRuns: 500 },
  );
  const answer = await app.request("/v1/runs/r2");
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ id: "r2", state: "running" })]);
}, 60_000);
