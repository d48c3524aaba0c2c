import { createRoute, z } from "@hono/zod-openapi";
import type { Control } from "#engine/control";
import { EngineError } from "#engine/errors";
import { chooseWorkflow, type Example, queryParams } from "../calls/ports.ts";
import { type Spoken, speak, wavParts } from "../calls/speak.ts";
import { jsonBody, problems } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { queryList } from "../schemas/shared.ts";

const FORMATS = ["wav", "s16le", "mulaw", "alaw", "opus", "mp3"] as const;

const route = createRoute({
  method: "post",
  path: "/v1/speak",
  tags: ["for a start"],
  summary: "A text in, its speech out",
  description:
    "Waits until the run has ended; `parlando-run` names it. Raw formats tell rate and channels in `content-type`.",
  request: {
    query: z.object({
      workflow: z.string().min(1).max(200).optional().describe("a stored one; the server's own `speak` where left out"),
      input: z.string().max(100).optional().describe("where the workflow has several"),
      output: z.string().max(100).optional().describe("where the workflow has several with audio"),
      format: z.enum(FORMATS).default("wav").describe("opus and mp3 are refused with CODEC_UNSUPPORTED"),
      param: queryList("NAME:VALUE, as often as wanted").optional(),
    }),
    body: jsonBody(
      z
        .strictObject({
          text: z.string().min(1).max(100_000),
          language: z.string().max(35).optional().describe("BCP 47"),
        })
        .openapi("SpeakText"),
    ),
  },
  responses: {
    200: {
      description: "audio",
      content: { "audio/wav": { schema: z.any().openapi({ type: "string", format: "binary" }) } },
    },
    ...problems(
      "WORKFLOW_NOT_FOUND",
      "WORKFLOW_INVALID",
      "INPUT_UNKNOWN",
      "OUTPUT_UNKNOWN",
      "CODEC_UNSUPPORTED",
      "SERVER_BUSY",
    ),
  },
});

/** `/v1/speak`: the shortest way to a voice. */
export const speakRoutes = (control: Control, examples: readonly Example[]) =>
  newRoutes().openapi(route, async (c) => {
    const { workflow, input, output, format, param } = c.req.valid("query");
    const { text, language } = c.req.valid("json");
    const { caller } = c.var;
    if (format === "mp3" || format === "opus")
      throw new EngineError("CODEC_UNSUPPORTED", `${format} cannot be made yet; wav, s16le, mulaw and alaw can`);
    c.env?.patient?.(c.req.raw);
    const chosen = await chooseWorkflow(control.workflows, caller, examples, {
      ...(workflow !== undefined && { workflow }),
      ...(input !== undefined && { input }),
      kinds: ["text"],
      example: "speak",
    });
    const spoken = await speak(
      control,
      caller,
      {
        start: {
          workflow: chosen.workflow,
          inputs: { [chosen.input]: { live: { kind: "text" } } },
          params: queryParams(param ?? []),
        },
        input: chosen.input,
        text,
        encoding: format === "wav" ? "s16le" : format,
        ...(language !== undefined && { language }),
        ...(output !== undefined && { output }),
      },
      c.req.raw.signal,
    );
    const parts = format === "wav" ? wavParts(spoken) : spoken.chunks;
    return new Response(new Blob(parts.map((part) => part.slice())), {
      headers: { "content-type": mediaType(format, spoken), "parlando-run": spoken.run },
    });
  });

function mediaType(format: "wav" | "s16le" | "mulaw" | "alaw", { sampleRateHz, channels }: Spoken): string {
  const about = `rate=${sampleRateHz};channels=${channels}`;
  switch (format) {
    case "wav":
      return "audio/wav";
    case "mulaw":
      return `audio/PCMU;${about}`;
    case "alaw":
      return `audio/PCMA;${about}`;
    case "s16le":
      // audio/L16 is big-endian, so it would be wrong here
      return `audio/x-s16le;${about}`;
  }
}
