import { expect, test } from "bun:test";
import { z } from "zod";
import { RUN_MESSAGES, WEBHOOK_EVENTS } from "#engine/control";
import { NodeTypes } from "#engine/plugin";
import core from "#plugins/core";
import webrtc from "#plugins/webrtc";
import { FakeControl } from "#test/fake-control";
import { brief, planText } from "#test/planning";
import { appOf, ask } from "#test/served";

const parameter = z.object({ name: z.string(), in: z.string(), required: z.boolean().optional() });
const operation = z.object({
  operationId: z.string(),
  summary: z.string().min(1),
  security: z.array(z.unknown()).optional(),
  tags: z.array(z.string()).min(1),
  parameters: z.array(parameter).default([]),
  requestBody: z
    .object({ content: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })) })
    .optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
});
const document = z.object({
  openapi: z.literal("3.1.0"),
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  webhooks: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    securitySchemes: z.record(z.string(), z.unknown()),
  }),
});

const exampleOf = ({ requestBody }: Pick<z.infer<typeof operation>, "requestBody">): unknown =>
  requestBody?.content["application/json"]?.example;

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

test("every operation has a name of its own, for clients that are made from the document", async () => {
  const { paths } = await openapi();
  const names = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(names.filter((name) => !/^[a-z][A-Za-z]+$/.test(name))).toEqual([]);
  expect(names).toHaveLength(new Set(names).size);
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
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(["400", "401", "403", "413", "429", "default"]));
      for (const [status, response] of Object.entries(responses))
        if ((Number(status) >= 400 && status !== "416") || status === "default")
          expect(JSON.stringify(response)).toContain("#/components/schemas/Problem");
    }
});

/** They answer when a run has ended, and nothing runs here. */
const WAITS_FOR_A_RUN = ["/v1/transcribe", "/v1/speak"];

test("the example of every JSON body is a body that its route takes", async () => {
  const app = appOf(new FakeControl());
  const { paths } = await openapi();
  const bodies = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      return requestBody?.content["application/json"] ? [{ path, method, example: exampleOf({ requestBody }) }] : [];
    }),
  );
  expect(bodies.length).toBeGreaterThan(8);
  for (const { path, method, example } of bodies) {
    expect(example).toBeDefined();
    if (WAITS_FOR_A_RUN.includes(path)) continue;
    const { json } = await ask(app, method.toUpperCase(), path.replace(/\{\w+\}/g, "one"), { body: example });
    expect(json).not.toMatchObject({ code: "REQUEST_INVALID" });
  }
});

test("the workflow of the examples has no error and no warning", async () => {
  const { paths } = await openapi();
  const { text } = z.object({ text: z.string() }).parse(exampleOf(paths["/v1/lint"]!.post!));
  const { findings } = await planText(text, { types: new NodeTypes([core, webrtc]) });
  expect(brief(findings)).toEqual([]);
});

test("messages of sockets and events of runs are described by type", async () => {
  const { components } = await openapi();
  for (const name of ["ClientMessage", "ServerMessage", "RunMessage"]) expect(components.schemas).toHaveProperty(name);
  const events = JSON.stringify(components.schemas.RunMessage);
  for (const type of Object.keys(RUN_MESSAGES)) expect(events).toContain(`"${type}"`);
});

const contentOf = z.object({ content: z.record(z.string(), z.unknown()), headers: z.unknown().optional() });

test.each([
  ["/v1/runs/{id}/transcript", "get", ["application/json", "text/plain", "application/x-subrip", "text/vtt"]],
  ["/v1/transcribe", "post", ["application/json", "text/plain", "application/x-subrip", "text/vtt"]],
  ["/v1/speak", "post", ["audio/wav", "audio/mpeg", "audio/ogg", "audio/x-s16le", "audio/PCMU", "audio/PCMA"]],
  ["/v1/runs/{id}/recording", "get", ["audio/wav"]],
])("%s says of what type its answers are", async (path, method, types) => {
  const { paths } = await openapi();
  const { content } = contentOf.parse(paths[path]![method]!.responses["200"]);
  expect(Object.keys(content).map((type) => type.replace(/;.*/, ""))).toEqual(expect.arrayContaining(types));
});

test("a form is among the bodies of a transcription, and its answer names the run", async () => {
  const { paths } = await openapi();
  const { requestBody, responses } = paths["/v1/transcribe"]!.post!;
  expect(Object.keys(requestBody!.content)).toEqual(expect.arrayContaining(["multipart/form-data"]));
  expect(contentOf.parse(responses["200"]).headers).toHaveProperty("parlando-run");
});

test("what an address of a webhook is sent is described by event, with its headers", async () => {
  const { webhooks, components } = await openapi();
  const { parameters, requestBody } = webhooks.event!.post!;
  expect(parameters.map(({ name }) => name)).toEqual(["parlando-event", "parlando-delivery", "parlando-signature"]);
  expect(JSON.stringify(requestBody)).toContain("#/components/schemas/WebhookEvent");
  const events = JSON.stringify(components.schemas.WebhookEvent);
  for (const event of WEBHOOK_EVENTS) expect(events).toContain(`"${event}"`);
});

test("what needs no key says so", async () => {
  const { paths, webhooks } = await openapi();
  const open = [paths["/healthz"]!.get, paths["/readyz"]!.get, webhooks.event!.post];
  expect(open.map((each) => each!.security)).toEqual([[], [], []]);
  expect(paths["/v1/runs"]!.get!.security).toBeUndefined();
});
