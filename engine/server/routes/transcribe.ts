import { createRoute, z } from "@hono/zod-openapi";
import type { Caller, Control, InputBinding } from "#engine/control";
import { EngineError } from "#engine/errors";
import { chooseWorkflow, type Example, queryParams } from "../calls/ports.ts";
import { transcribe } from "../calls/transcribe.ts";
import { checkDepth, decodeText, readBody } from "../http/limits.ts";
import { bytes, json, jsonContent, problems, runHeader, texts } from "../http/problem.ts";
import { describeWrong, newRoutes } from "../http/routes.ts";
import { list, queryList } from "../schemas/shared.ts";
import { bodyOf } from "./work.ts";

const source = z.strictObject({ url: z.url().max(2000) }).openapi("RecordingUrl");

const transcribed = z
  .object({
    run: z.string(),
    text: z.string().describe("all that was said, in one line"),
    finals: list(
      z.object({
        role: z.enum(["transcript", "translation", "prompt"]),
        text: z.string(),
        startMs: z.number(),
        endMs: z.number(),
        language: z.string().optional(),
        speaker: z.string().optional(),
        confidence: z.number().optional(),
      }),
    ),
  })
  .openapi("Transcribed");

/** A form is held in memory while it is taken apart. */
const FORM_BYTES = 64 * 2 ** 20;

const route = createRoute({
  operationId: "transcribe",
  method: "post",
  path: "/v1/transcribe",
  tags: ["for a start"],
  summary: "A recording in, its text out",
  description:
    "The body is the recording itself, a form with a `file`, or JSON with a `url`. Waits until the run has ended; `parlando-run` names it.",
  request: {
    query: z.strictObject({
      workflow: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe("a stored one; the server's own `transcribe` where left out"),
      input: z.string().max(100).optional().describe("where the workflow has several"),
      format: z.enum(["json", "txt", "srt", "vtt"]).default("json"),
      param: queryList("NAME:VALUE, as often as wanted").optional(),
    }),
    body: {
      required: true,
      content: {
        ...bytes("application/octet-stream"),
        "multipart/form-data": {
          schema: z.object({ file: z.any().openapi({ type: "string", format: "binary" }) }).openapi("RecordingForm"),
        },
        ...jsonContent(source, { url: "https://example.com/talk.wav" }),
      },
    },
  },
  responses: {
    200: {
      description: "what was said, as `format` says",
      headers: runHeader,
      content: {
        ...json(transcribed, "").content,
        ...texts("text/plain", "application/x-subrip", "text/vtt"),
      },
    },
    ...problems(
      "WORKFLOW_NOT_FOUND",
      "WORKFLOW_INVALID",
      "INPUT_UNKNOWN",
      "UPLOAD_TOO_LARGE",
      "AUDIO_NOT_RECOGNISED",
      "URL_FORBIDDEN",
      "RUN_CANCELLED",
      "SERVER_BUSY",
      "SERVER_DRAINING",
    ),
  },
});

/** `/v1/transcribe`: the shortest way to a text. */
export const transcribeRoutes = (control: Control, examples: readonly Example[]) => {
  const routes = newRoutes();
  routes.openAPIRegistry.registerPath(route);
  routes.post(route.path, async (c) => {
    const query = route.request.query.safeParse(queriesOf(c.req.queries()));
    if (!query.success) throw describeWrong(query.error);
    const { workflow, input, format, param } = query.data;
    const { caller } = c.var;
    c.env?.patient?.(c.req.raw);
    const chosen = await chooseWorkflow(control.workflows, caller, examples, {
      ...(workflow !== undefined && { workflow }),
      ...(input !== undefined && { input }),
      kinds: ["audio", "recording"],
      example: "transcribe",
    });
    const binding = await bindBody(control, caller, c.req.raw);
    try {
      const request = {
        workflow: chosen.workflow,
        inputs: { [chosen.input]: binding },
        params: queryParams(param ?? []),
      };
      const { run, finals } = await transcribe(control, caller, request, c.req.raw.signal);
      c.header("parlando-run", run);
      if (format !== "json") {
        const { body, mediaType } = await control.runs.transcript(caller, run, { format });
        return c.text(body, 200, { "Content-Type": mediaType });
      }
      const said = finals.filter(({ role }) => role === "transcript").map(({ text }) => text);
      return c.json({ run, text: said.join(" "), finals: finals.map(shownFinal) }, 200);
    } finally {
      // it was uploaded for this call alone; without it the call has still been answered
      if ("upload" in binding) await control.uploads.delete(caller, binding.upload).catch(() => undefined);
    }
  });
  return routes;
};

/** The body as what an input is bound to: an upload of its own, or the address it names. */
async function bindBody(
  control: Control,
  caller: Caller,
  request: Request,
): Promise<Exclude<InputBinding, { live: unknown }>> {
  const type = request.headers.get("content-type") ?? "";
  const { bodyBytes, jsonDepth } = control.config.limits;
  if (/^application\/json\b/.test(type)) {
    const text = decodeText(await readBody(request, bodyBytes));
    checkDepth(text, jsonDepth);
    const read = source.safeParse(jsonOf(text));
    if (!read.success) throw describeWrong(read.error);
    return { url: read.data.url };
  }
  if (/^multipart\/form-data\b/.test(type)) {
    const file = await formFile(request);
    const about = { name: file.name, mediaType: file.type };
    return { upload: (await control.uploads.create(caller, file.stream(), about)).id };
  }
  const upload = await control.uploads.create(caller, bodyOf(request), type === "" ? {} : { mediaType: type });
  return { upload: upload.id };
}

/** @throws EngineError REQUEST_INVALID, REQUEST_TOO_LARGE. */
async function formFile(request: Request): Promise<File> {
  const body = await readBody(request, FORM_BYTES);
  const form = await new Response(body, { headers: request.headers }).formData().catch(() => undefined);
  const file = form?.get("file");
  if (file instanceof File) return file;
  throw new EngineError("REQUEST_INVALID", "the form has no file of the name `file`");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EngineError("REQUEST_INVALID", "the body is no JSON");
  }
}

/** A query as an object: what stands there once is a string. */
const queriesOf = (queries: Record<string, string[]>): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
  );

type Final = Awaited<ReturnType<typeof transcribe>>["finals"][number];

const shownFinal = ({ role, text, startSample, endSample, sampleRateHz, language, speaker, confidence }: Final) => ({
  role,
  text,
  startMs: Math.round((startSample * 1000) / sampleRateHz),
  endMs: Math.round((endSample * 1000) / sampleRateHz),
  ...(language !== undefined && { language }),
  ...(speaker !== undefined && { speaker }),
  ...(confidence !== undefined && { confidence }),
});
