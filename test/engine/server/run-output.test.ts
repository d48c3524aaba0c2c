import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEvents } from "#engine/client";
import { wantedPart } from "#engine/server";
import { FakeControl } from "#test/fake-control";
import type { FakeRun } from "#test/fake-run";
import { type App, appOf, ask } from "#test/served";

setDefaultTimeout(60_000); // on a busy machine

async function running(): Promise<{ app: App; run: FakeRun; control: FakeControl }> {
  const control = new FakeControl();
  const app = appOf(control);
  await ask(app, "POST", "/v1/runs", { body: { workflow: "w" } });
  return { app, run: control.run("r1"), control };
}

async function eventsOf(response: Response): Promise<{ type: string; data: { id?: number } }[]> {
  const found: { type: string; data: { id?: number } }[] = [];
  for await (const { type, data } of readEvents(response.body!)) found.push({ type, data: JSON.parse(data) });
  return found;
}

test("events come stored ones first, then live ones, each with its id, and end with the run", async () => {
  const { app, run } = await running();
  run.final("one");
  const response = await app.request("/v1/runs/r1/events");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  run.final("two");
  run.end();
  const events = await eventsOf(response);
  expect(events.map(({ type, data }) => [type, data.id])).toEqual([
    ["text.final", 1],
    ["text.final", 2],
    ["run.ended", 3],
  ]);
});

test.each([
  ["Last-Event-ID", "/v1/runs/r1/events", { "last-event-id": "2" }],
  ["after", "/v1/runs/r1/events?after=2", {}],
  ["Last-Event-ID before after", "/v1/runs/r1/events?after=0", { "last-event-id": "2" }],
])("a reader goes on after the event it names by %s", async (_how, path, headers) => {
  const { app, run } = await running();
  run.final("one");
  run.final("two");
  run.final("three");
  run.end();
  const events = await eventsOf(await app.request(path, { headers: headers as Record<string, string> }));
  expect(events.map(({ data }) => data.id)).toEqual([3, 4]);
});

test("a reader that has seen the end of a run is told not to come again", async () => {
  const { app, run } = await running();
  run.final("one");
  run.end();
  const response = await app.request("/v1/runs/r1/events", { headers: { "last-event-id": "2" } });
  expect(response.status).toBe(204);
});

test("an id that no event has is refused", async () => {
  const { app } = await running();
  expect(await ask(app, "GET", "/v1/runs/r1/events", { headers: { "last-event-id": "x" } })).toMatchObject({
    status: 400,
    json: { code: "REQUEST_INVALID" },
  });
});

test("a reader that leaves is not followed any further", async () => {
  const { app, run } = await running();
  const signals: AbortSignal[] = [];
  const follow = run.follow.bind(run);
  run.follow = (after, signal) => {
    signals.push(signal);
    return follow(after, signal);
  };
  const response = await app.request("/v1/runs/r1/events");
  const reader = response.body!.getReader();
  await reader.read();
  const cancelled = reader.cancel();
  run.final("somebody left");
  await cancelled;
  expect(signals.map((signal) => signal.aborted)).toEqual([true]);
});

test("a transcript comes in the format that was asked for", async () => {
  const { app, control } = await running();
  const response = await app.request("/v1/runs/r1/transcript?format=vtt&role=translation");
  expect(response.headers.get("content-type")).toBe("text/vtt; charset=utf-8");
  expect(await response.text()).toBe("WEBVTT\n");
  expect(control.last("runs.transcript")).toEqual(["r1", { format: "vtt", role: "translation" }]);
  expect((await ask(app, "GET", "/v1/runs/r1/transcript?format=pdf")).status).toBe(400);
});

test("a file of a run is a download that cannot act as a page, whole or in part", async () => {
  const { app, control } = await running();
  const folder = mkdtempSync(join(tmpdir(), "parlando-output-"));
  try {
    const path = join(folder, "page.html");
    writeFileSync(path, "<script>alert(1)</script>");
    control.files.set("page.html", path);
    const whole = await app.request("/v1/runs/r1/artifacts/page.html");
    expect(await whole.text()).toBe("<script>alert(1)</script>");
    expect(whole.headers.get("content-disposition")).toBe('attachment; filename="page.html"');
    expect(whole.headers.get("content-security-policy")).toBe("sandbox");
    expect(whole.headers.get("x-content-type-options")).toBe("nosniff");
    const part = await app.request("/v1/runs/r1/artifacts/page.html", { headers: { range: "bytes=1-6" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      "script",
      "bytes 1-6/25",
    ]);
    const beyond = await app.request("/v1/runs/r1/artifacts/page.html", { headers: { range: "bytes=99-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */25"]);
    expect((await ask(app, "GET", "/v1/runs/r1/artifacts/other")).status).toBe(404);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["bytes=0-", { from: 0, to: 10 }],
  ["bytes=2-3", { from: 2, to: 4 }],
  ["bytes=8-99", { from: 8, to: 10 }],
  ["bytes=-3", { from: 7, to: 10 }],
  ["bytes=-99", { from: 0, to: 10 }],
  ["bytes=-0", "outside"],
  ["bytes=10-", "outside"],
  ["bytes=5-2", undefined],
  ["bytes=-", undefined],
  ["bytes=0-1,3-4", undefined],
  ["lines=1-2", undefined],
] as const)("of ten bytes, %s is %o", (range, part) => {
  expect(wantedPart(range, 10)).toEqual(part);
});
