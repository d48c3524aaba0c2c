import { createRoute, z } from "@hono/zod-openapi";
import type { Control } from "#engine/control";
import { MEDIA_TYPES } from "#engine/plugin";
import { chooseWorkflow, type Example, queryParams } from "../calls/ports.ts";
import { encodedParts, type Spoken, speak, wavParts } from "../calls/speak.ts";
import { bytes, jsonBody, problems, runHeader } from "../http/problem.ts";
import { newRoutes } from "../http/routes.ts";
import { queryList } from "../schemas/shared.ts";

/** Files, by what encodes them. */
const FILES = { mp3: "mp3", opus: "opus", ogg: "vorbis" } as const;
/** Samples alone. */
const RAW = ["s16le", "mulaw", "alaw"] as const;
/** audio/L16 is big-endian, so it would be wrong here. */
const RAW_TYPES = { s16le: "audio/x-s16le", mulaw: "audio/PCMU", alaw: "audio/PCMA" } as const;
const FORMATS = ["wav", "mp3", "opus", "ogg", ...RAW] as const;
type Format = (typeof FORMATS)[number];

const route = createRoute({
  operationId: "speak",
  method: "post",
  path: "/v1/speak",
  tags: ["for a start"],
  summary: "A text in, its speech out",
  description:
    "Waits until the run has ended; `parlando-run` names it. Raw formats tell rate and channels in `content-type`.",
  request: {
    query: z.strictObject({
      workflow: z.string().min(1).max(200).optional().describe("a stored one; the server's own `speak` where left out"),
      input: z.string().max(100).optional().describe("where the workflow has several"),
      output: z.string().max(100).optional().describe("where the workflow has several with audio"),
      format: z.enum(FORMATS).default("wav").describe("opus is Opus in Ogg, ogg is Vorbis in Ogg"),
      param: queryList("NAME:VALUE, as often as wanted").optional(),
    }),
    body: jsonBody(
      z
        .strictObject({
          text: z.string().min(1).max(100_000),
          language: z.string().max(35).optional().describe("BCP 47"),
        })
        .openapi("SpeakText"),
      { text: "good morning" },
    ),
  },
  responses: {
    200: {
      description:
        "audio, as `format` says; samples alone with their rate and channels: `audio/PCMU;rate=8000;channels=1`",
      headers: runHeader,
      content: bytes(
        "audio/wav",
        ...Object.values(FILES).map((codec) => MEDIA_TYPES[codec]),
        ...Object.values(RAW_TYPES),
      ),
    },
    ...problems(
      "WORKFLOW_NOT_FOUND",
      "WORKFLOW_INVALID",
      "INPUT_UNKNOWN",
      "OUTPUT_UNKNOWN",
      "AUDIO_FORMAT_UNSUPPORTED",
      "SERVER_BUSY",
      "SERVER_DRAINING",
    ),
  },
});

/** `/v1/speak`: the shortest way to a voice. */
export const speakRoutes = (control: Control, examples: readonly Example[]) =>
  newRoutes().openapi(route, async (c) => {
    const { workflow, input, output, format, param } = c.req.valid("query");
    const { text, language } = c.req.valid("json");
    const { caller } = c.var;
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
        encoding: isRaw(format) ? format : "s16le",
        ...(language !== undefined && { language }),
        ...(output !== undefined && { output }),
      },
      c.req.raw.signal,
    );
    const parts = await partsOf(format, spoken);
    return new Response(new Blob(parts.map((part) => part.slice())), {
      headers: { "content-type": mediaType(format, spoken), "parlando-run": spoken.run },
    });
  });

const isRaw = (format: Format): format is (typeof RAW)[number] => RAW.some((raw) => raw === format);

function partsOf(format: Format, spoken: Spoken): readonly Uint8Array[] | Promise<Uint8Array[]> {
  if (isRaw(format)) return spoken.chunks;
  return format === "wav" ? wavParts(spoken) : encodedParts(spoken, FILES[format]);
}

function mediaType(format: Format, { sampleRateHz, channels }: Spoken): string {
  if (format === "wav") return "audio/wav";
  return isRaw(format) ? `${RAW_TYPES[format]};rate=${sampleRateHz};channels=${channels}` : MEDIA_TYPES[FILES[format]];
}
