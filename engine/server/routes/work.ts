import { createRoute, z } from "@hono/zod-openapi";
import { type Control, JOB_STATES } from "#engine/control";
import { EngineError } from "#engine/errors";
import { bytes, json, jsonBody, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { startJobSchema } from "../schemas/runs.ts";
import { SAMPLE_WORKFLOW } from "../schemas/sample-workflow.ts";
import { exact, idParams, pageQuery } from "../schemas/shared.ts";
import { jobItemPageSchema, jobPageSchema, jobSchema, uploadSchema } from "../schemas/work.ts";

const createUpload = createRoute({
  operationId: "createUpload",
  method: "post",
  path: "/v1/uploads",
  tags: ["uploads"],
  summary: "Upload a recording",
  description: "The body is the file itself; it is streamed to disk.",
  request: {
    query: z.strictObject({ name: z.string().min(1).max(200).optional() }),
    body: {
      required: true,
      content: bytes("application/octet-stream"),
    },
  },
  responses: { 201: json(uploadSchema, "stored"), ...problems("UPLOAD_TOO_LARGE", "FILE_UNWRITABLE", "STORE_FULL") },
});

const getUpload = createRoute({
  operationId: "getUpload",
  method: "get",
  path: "/v1/uploads/{id}",
  tags: ["uploads"],
  summary: "Look at an upload",
  request: { params: idParams },
  responses: { 200: json(uploadSchema, "the upload"), ...problems("UPLOAD_NOT_FOUND") },
});

const deleteUpload = createRoute({
  operationId: "deleteUpload",
  method: "delete",
  path: "/v1/uploads/{id}",
  tags: ["uploads"],
  summary: "Delete an upload",
  request: { params: idParams },
  responses: { 204: { description: "deleted" }, ...problems("UPLOAD_NOT_FOUND") },
});

const startJob = createRoute({
  operationId: "startJob",
  method: "post",
  path: "/v1/jobs",
  tags: ["jobs"],
  summary: "Run a workflow over many recordings",
  description:
    "Each item is looked up when its turn comes: an upload that is not there, or an address that may not be asked, is the failure of that item.",
  request: {
    headers: z.object({ "idempotency-key": z.string().min(1).max(255).optional() }),
    body: jsonBody(startJobSchema, {
      workflow: SAMPLE_WORKFLOW,
      items: [{ url: "https://example.com/talk.wav" }],
      concurrency: 2,
    }),
  },
  responses: {
    201: json(jobSchema, "queued"),
    ...problems("WORKFLOW_INVALID", "WORKFLOW_NOT_FOUND", "INPUT_UNKNOWN", "IDEMPOTENCY_CONFLICT", "SERVER_DRAINING"),
  },
});

const listJobs = createRoute({
  operationId: "listJobs",
  method: "get",
  path: "/v1/jobs",
  tags: ["jobs"],
  summary: "List jobs, newest first",
  request: { query: z.strictObject({ ...pageQuery, state: z.enum(JOB_STATES).optional() }) },
  responses: { 200: json(jobPageSchema, "a page"), ...problems() },
});

const getJob = createRoute({
  operationId: "getJob",
  method: "get",
  path: "/v1/jobs/{id}",
  tags: ["jobs"],
  summary: "Look at a job and its progress",
  request: { params: idParams },
  responses: { 200: json(jobSchema, "the job"), ...problems("JOB_NOT_FOUND") },
});

const listItems = createRoute({
  operationId: "listJobItems",
  method: "get",
  path: "/v1/jobs/{id}/items",
  tags: ["jobs"],
  summary: "The recordings of a job, each with its run",
  request: { params: idParams, query: z.strictObject(pageQuery) },
  responses: { 200: json(jobItemPageSchema, "a page"), ...problems("JOB_NOT_FOUND") },
});

const cancelJob = createRoute({
  operationId: "cancelJob",
  method: "post",
  path: "/v1/jobs/{id}/cancel",
  tags: ["jobs"],
  summary: "End a job and its runs",
  request: { params: idParams },
  responses: { 200: json(jobSchema, "the job"), ...problems("JOB_NOT_FOUND") },
});

/** `/v1/uploads` and `/v1/jobs`: recordings, and work over many of them. */
export const workRoutes = ({ uploads, jobs }: Pick<Control, "uploads" | "jobs">) =>
  newRoutes()
    .openapi(createUpload, async (c) => {
      const { name } = c.req.valid("query");
      const mediaType = mediaTypeOf(c.req.header("content-type"));
      c.env?.patient?.(c.req.raw);
      const about = { ...(name !== undefined && { name }), ...(mediaType !== undefined && { mediaType }) };
      return c.json(await uploads.create(c.var.caller, bodyOf(c.req.raw), about), 201);
    })
    .openapi(getUpload, async (c) => c.json(await uploads.get(c.var.caller, c.req.valid("param").id), 200))
    .openapi(deleteUpload, async (c) => {
      await uploads.delete(c.var.caller, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .openapi(startJob, async (c) => {
      const idempotencyKey = c.req.valid("header")["idempotency-key"];
      const options = idempotencyKey === undefined ? {} : { idempotencyKey };
      const job = await jobs.start(c.var.caller, exact(c.req.valid("json")), options);
      c.header("location", `/v1/jobs/${encodeURIComponent(job.id)}`);
      return c.json(job, 201);
    })
    .openapi(listJobs, async (c) => c.json(await jobs.list(c.var.caller, exact(c.req.valid("query"))), 200))
    .openapi(getJob, async (c) => c.json(await jobs.get(c.var.caller, c.req.valid("param").id), 200))
    .openapi(listItems, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await jobs.items(c.var.caller, id, exact(c.req.valid("query"))), 200);
    })
    .openapi(cancelJob, async (c) => c.json(await jobs.cancel(c.var.caller, c.req.valid("param").id), 200));

/** The body as it streams in; an empty one where there is none. */
export const bodyOf = (request: Request): ReadableStream<Uint8Array> => request.body ?? new Blob([]).stream();

/** @throws EngineError REQUEST_INVALID for a form: its parts would be stored as they are, and nothing could read them. */
function mediaTypeOf(contentType: string | undefined): string | undefined {
  if (contentType !== undefined && /^multipart\//i.test(contentType))
    throw new EngineError(
      "REQUEST_INVALID",
      "content-type: the body is to be the file itself (curl --data-binary @FILE), and a form came",
    );
  // what programs say of a body of which they know nothing
  return contentType === "application/x-www-form-urlencoded" ? undefined : contentType;
}
