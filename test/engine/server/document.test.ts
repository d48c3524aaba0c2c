import { expect, test } from "bun:test";
import { z } from "zod";
import { RUN_MESSAGES } from "#engine/control";
import { FakeControl } from "#test/fake-control";
import { appOf, ask } from "#test/served";

const parameter = z.object({ name: z.string(), in: z.string(), required: z.boolean().optional() });
const operation = z.object({
  summary: z.string().min(1),
  tags: z.array(z.string()).min(1),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
});
const document = z.object({
  openapi: z.literal("3.1.0"),
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

async function openapi() {
  const { status, json } = await ask(appOf(new FakeControl()), "GET", "/openapi.json");
  expect(status).toBe(200);
  return document.parse(json);
}

test("every route that answers is described, and nothing else", async () => {
  const { paths } = await openapi();
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const answering = appOf(new FakeControl())
    .routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/v1/") && !path.includes("*"))
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, "{$1}")}`)
    .filter((route) => !route.includes("/v1/callbacks/")); // vendors call those, each in its own way
  const sockets = ["get /v1/stream", "get /v1/runs/{id}/stream"];
  const operations = ["get /healthz", "get /readyz", "get /metrics"];
  expect([...new Set(described)].sort()).toEqual([...new Set([...answering, ...sockets, ...operations])].sort());
});

test("every reference leads to a schema, every tag is explained, every name in a path is a parameter", async () => {
  const parsed = await openapi();
  const text = JSON.stringify(parsed);
  const wanted = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
  expect(wanted.filter((name) => !(name in parsed.components.schemas))).toEqual([]);
  const tags = parsed.tags.map(({ name }) => name);
  for (const [path, methods] of Object.entries(parsed.paths))
    for (const { tags: used, parameters } of Object.values(methods)) {
      expect(tags).toContain(used[0]!);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      expect(parameters.filter(({ in: place }) => place === "path").map(({ name }) => name)).toEqual(inPath);
    }
});

test("every failure is described as a Problem, and every route below /v1 may refuse its caller", async () => {
  const { paths } = await openapi();
  for (const [path, methods] of Object.entries(paths))
    for (const { responses } of Object.values(methods)) {
      if (!path.startsWith("/v1/") || "101" in responses) continue;
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(["400", "401", "403", "429"]));
      for (const [status, response] of Object.entries(responses))
        if (Number(status) >= 400) expect(JSON.stringify(response)).toContain("#/components/schemas/Problem");
    }
});

test("messages of sockets and events of runs are described by type", async () => {
  const { components } = await openapi();
  for (const name of ["ClientMessage", "ServerMessage", "RunMessage"]) expect(components.schemas).toHaveProperty(name);
  const events = JSON.stringify(components.schemas.RunMessage);
  for (const type of Object.keys(RUN_MESSAGES)) expect(events).toContain(`"${type}"`);
});
