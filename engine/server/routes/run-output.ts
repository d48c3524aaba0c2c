import { createRoute, z } from "@hono/zod-openapi";
import type { Runs, UsageFilter } from "#engine/control";
import { EngineError } from "#engine/errors";
import { eventStream } from "../http/event-stream.ts";
import { bytes, json, problems, texts } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { sendFile } from "../http/send-file.ts";
import {
  accountsSchema,
  artifactsSchema,
  eventsQuery,
  transcriptQuery,
  transcriptSchema,
  usageQuery,
  usageSchema,
} from "../schemas/runs.ts";
import { exact, idParams } from "../schemas/shared.ts";

const tags = ["runs"];
const binary = (description: string, type = "application/octet-stream") => ({ description, content: bytes(type) });
/** By `format`, which the types of a route cannot say. */
const transcriptContent: Record<string, { schema: z.ZodType }> = {
  ...json(transcriptSchema, "").content,
  ...texts("text/plain", "application/x-subrip", "text/vtt"),
};
const rangeHeader = z.object({
  range: z.string().max(100).optional().describe("one range of bytes, such as bytes=0-999"),
});

const followRun = createRoute({
  operationId: "followRunEvents",
  method: "get",
  path: "/v1/runs/{id}/events",
  tags,
  summary: "Follow a run as server-sent events",
  description:
    "Stored events first, then live ones, until `run.ended`. `Last-Event-ID` goes on after that event; 204 says that there is nothing after it and never will be. Each event's data is a RunMessage.",
  request: {
    params: idParams,
    query: eventsQuery,
    headers: z.object({ "last-event-id": z.string().max(20).optional() }),
  },
  responses: {
    200: { description: "events", content: { "text/event-stream": { schema: z.string() } } },
    204: { description: "nothing follows" },
    ...problems("RUN_NOT_FOUND", "OUTPUT_UNKNOWN"),
  },
});

const getTranscript = createRoute({
  operationId: "getRunTranscript",
  method: "get",
  path: "/v1/runs/{id}/transcript",
  tags,
  summary: "The finals of a run as json, txt, srt or vtt",
  request: { params: idParams, query: transcriptQuery },
  responses: {
    200: {
      description: "the transcript",
      content: transcriptContent,
    },
    ...problems("RUN_NOT_FOUND", "OUTPUT_UNKNOWN"),
  },
});

const listArtifacts = createRoute({
  operationId: "listRunArtifacts",
  method: "get",
  path: "/v1/runs/{id}/artifacts",
  tags,
  summary: "Files that a run made",
  request: { params: idParams },
  responses: { 200: json(artifactsSchema, "files"), ...problems("RUN_NOT_FOUND") },
});

const getArtifact = createRoute({
  operationId: "getRunArtifact",
  method: "get",
  path: "/v1/runs/{id}/artifacts/{name}",
  tags,
  summary: "One file of a run",
  request: { params: idParams.extend({ name: z.string().min(1).max(500) }), headers: rangeHeader },
  responses: {
    200: binary("the file, of its own media type"),
    206: binary("a part of it"),
    416: { description: "the range lies outside the file" },
    ...problems("RUN_NOT_FOUND", "ARTIFACT_NOT_FOUND"),
  },
});

const getRecording = createRoute({
  operationId: "getRunRecording",
  method: "get",
  path: "/v1/runs/{id}/recording",
  tags,
  summary: "A WAV with a channel for each track of both directions, aligned by sample",
  request: { params: idParams, headers: rangeHeader },
  responses: {
    200: binary("WAV", "audio/wav"),
    206: binary("a part of it", "audio/wav"),
    416: { description: "the range lies outside the file" },
    ...problems("RUN_NOT_FOUND", "ARTIFACT_NOT_FOUND"),
  },
});

const getEdges = createRoute({
  operationId: "getRunEdges",
  method: "get",
  path: "/v1/runs/{id}/edges",
  tags,
  summary: "What became of every frame",
  request: { params: idParams },
  responses: { 200: json(accountsSchema, "accounts"), ...problems("RUN_NOT_FOUND") },
});

const getUsage = createRoute({
  operationId: "getUsage",
  method: "get",
  path: "/v1/usage",
  tags: ["usage"],
  summary: "Audio seconds, characters, requests and latencies",
  request: { query: usageQuery },
  responses: { 200: json(usageSchema, "lines"), ...problems() },
});

/** `/v1/runs/{id}/…` and `/v1/usage`: what comes out of runs. */
export const runOutputRoutes = (runs: Runs) =>
  newRoutes()
    .openapi(followRun, async (c) => {
      const { id } = c.req.valid("param");
      const { after, partials, outputs } = c.req.valid("query");
      const from = lastEventId(c.req.valid("header")["last-event-id"]) ?? after ?? 0;
      const run = await runs.get(c.var.caller, id);
      if (run.endedAtMs !== undefined && from > 0 && from >= run.lastEventId) return c.body(null, 204);
      const gone = new AbortController();
      const events = await runs.follow(c.var.caller, id, {
        after: from,
        signal: gone.signal,
        partials: partials !== "false",
        ...(outputs && { outputs }),
      });
      c.env?.patient?.(c.req.raw);
      return eventStream(events, () => gone.abort());
    })
    .openapi(getTranscript, async (c) => {
      const { body, mediaType } = await runs.transcript(
        c.var.caller,
        c.req.valid("param").id,
        exact(c.req.valid("query")),
      );
      return new Response(body, { headers: { "content-type": mediaType } });
    })
    .openapi(listArtifacts, async (c) => {
      return c.json({ items: await runs.artifacts(c.var.caller, c.req.valid("param").id) }, 200);
    })
    .openapi(getArtifact, async (c) => {
      const { id, name } = c.req.valid("param");
      return sendFile(await runs.artifact(c.var.caller, id, name), c.req.header("range"));
    })
    .openapi(getRecording, async (c) => {
      return sendFile(await runs.recording(c.var.caller, c.req.valid("param").id), c.req.header("range"));
    })
    .openapi(getEdges, async (c) => c.json(await runs.accounts(c.var.caller, c.req.valid("param").id), 200))
    .openapi(getUsage, async (c) => {
      const { by, label, ...filter } = exact(c.req.valid("query"));
      const items = await runs.usage(c.var.caller, {
        ...filter,
        ...(label && { labels: label }),
        ...(by !== undefined && { by: usageBy(by) }),
      });
      return c.json({ items }, 200);
    });

const usageBy = (by: string): NonNullable<UsageFilter["by"]> =>
  by === "run" || by === "key" || by === "workflow" ? by : { label: by.slice("label:".length) };

/** @throws EngineError REQUEST_INVALID for what no event of ours was called. */
function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === "") return undefined;
  if (!/^\d{1,15}$/.test(header))
    throw new EngineError("REQUEST_INVALID", "Last-Event-ID is no id of an event of this API");
  return Number(header);
}
