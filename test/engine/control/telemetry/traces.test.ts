import { expect, setDefaultTimeout, test } from "bun:test";
import { caller, eventsOf, live, openTestControl, TestSocket } from "#test/control";
import { bytesOf, NUMBERS, spoken } from "#test/spoken-numbers";

setDefaultTimeout(60_000); // on a busy machine

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** Takes what is exported over OTLP, as a collector does. */
function collector() {
  const spans: SentSpan[] = [];
  const bodies: string[] = [];
  const services = new Set<unknown>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = await request.text();
      bodies.push(body);
      for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
        for (const { key, value } of resource.attributes) if (key === "service.name") services.add(value.stringValue);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  });
  return { spans, bodies, services, server, url: `http://127.0.0.1:${server.port}/v1/traces` };
}

const attribute = (span: SentSpan, key: string): unknown => {
  const value = span.attributes.find((each) => each.key === key)?.value;
  return value && Object.values(value)[0];
};

/** One run in which these numbers are said; what was exported when the control had closed. */
async function traced(numbers: readonly number[], traceparent?: string, ratio = 1) {
  const { server, url, ...taken } = collector();
  {
    await using opened = await openTestControl({ config: { traces: { url, ratio, service: "speech" } } });
    const { runs } = opened.control;
    const request = { workflow: { text: NUMBERS }, inputs: { talk: live }, labels: { team: "a" } };
    const run = await runs.start(caller, request, traceparent === undefined ? {} : { traceparent });
    const session = await runs.attach(caller, run.id, { sends: true }, new TestSocket());
    session.push("talk", bytesOf(spoken([...numbers])));
    session.end();
    await eventsOf(opened.control, run.id);
    await opened.control.close();
  }
  await server.stop(true);
  return taken;
}

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

test("a run is a span under the trace it came with, and each of its utterances one under that", async () => {
  const { spans, services } = await traced([3, 4], `00-${TRACE}-${PARENT}-01`);
  expect(services).toEqual(new Set(["speech"]));
  const run = spans.find(({ name }) => name === "run numbers")!;
  expect(run).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
  expect(attribute(run, "parlando.state")).toBe("done");
  expect(attribute(run, "parlando.label.team")).toBe("a");
  expect(run.events.map(({ name }) => name)).toContain("state running");
  const utterances = spans.filter(({ name }) => name === "asr transcript");
  expect(utterances).toHaveLength(2);
  for (const span of utterances) {
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: run.spanId });
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    expect(BigInt(span.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(run.endTimeUnixNano));
    expect(Number(attribute(span, "parlando.end_ms"))).toBeGreaterThan(Number(attribute(span, "parlando.start_ms")));
  }
});

test("a text is in none of them", async () => {
  const { bodies } = await traced([31_337]);
  expect(bodies.join("")).toContain("parlando.characters");
  expect(bodies.join("")).not.toContain("31337");
});

test.each([
  { name: "that is malformed", traceparent: "00-nonsense-01" },
  { name: "of zeros", traceparent: `00-${"0".repeat(32)}-${"0".repeat(16)}-01` },
])("a trace $name is not taken up, and the run has one of its own", async ({ traceparent }) => {
  const run = (await traced([1], traceparent)).spans.find(({ name }) => name === "run numbers")!;
  expect(run.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  expect(run.parentSpanId ?? "").toBe("");
});

test("of the runs without a trace of their own the configured part is sent, of the others what their sender decided", async () => {
  expect((await traced([1], undefined, 0)).spans).toEqual([]);
  expect((await traced([1], `00-${TRACE}-${PARENT}-00`)).spans).toEqual([]);
  expect((await traced([1], `00-${TRACE}-${PARENT}-01`, 0)).spans).not.toEqual([]);
});
