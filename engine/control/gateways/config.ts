import { z } from "zod";

const port = z.number().int().min(0).max(65_535);

/** Where the text of a secret stands. */
const secretPlace = z.union([
  z.strictObject({ env: z.string().min(1).describe("a variable that holds it") }),
  z.strictObject({ file: z.string().min(1).describe("a file that holds it") }),
]);

const client = z.strictObject({
  id: z.string().min(1).describe("as the vendor's clients name it: an access key id, a secret id, a project's number"),
  secret: secretPlace.describe("what the vendor's clients sign with, or send: of a variable or a file"),
  key: z
    .string()
    .regex(/^key_[0-9a-f]{32}$/, "the id of a key, as `parlando keys list` shows it")
    .optional()
    .describe("a key of the API: its project, quota and scopes hold for these clients, and they go with it"),
  facts: z
    .record(z.string(), z.string())
    .default({})
    .describe("other ids that belong to it, by the names of the gateway's page, such as appid or appkey"),
});

/** What is run for a client, a time of day or a file. */
export const workflowUse = {
  workflow: z.string().min(1).describe("a file that ends with .yaml or .yml, or the name of a stored workflow"),
  params: z.record(z.string(), z.unknown()).default({}).describe("go before what a client asks for"),
  labels: z.record(z.string(), z.string()).default({}).describe("of the runs"),
  keep: z.enum(["none", "text", "all"]).optional().describe("what is kept of the runs; never more than privacy.keep"),
  record: z.boolean().default(false).describe("stores the audio of both directions"),
};

const workflow = z.union([
  z
    .string()
    .min(1)
    .transform((name) => z.strictObject(workflowUse).parse({ workflow: name })),
  z.strictObject(workflowUse),
]);

export const gatewaySchema = z.strictObject({
  type: z.string().min(1).describe("whose clients it answers: a gateway of a plugin"),
  prefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]+)+$/, "a path such as /nls, without a slash at its end")
    .optional()
    .describe("the path before its own ones, on the server's port, or on `port` where that is given"),
  port: port.optional().describe("HTTP and WebSockets on a port of its own; 0: any free one"),
  tcpPort: port.optional().describe("where the vendor's protocol goes over TCP; 0: any free one"),
  host: z.string().min(1).optional().describe("the address of its own ports; that of listen where left out"),
  tls: z
    .union([
      z.literal(false),
      z.strictObject({
        cert: z.string().min(1).describe("a PEM file"),
        key: z.string().min(1).describe("a PEM file"),
      }),
    ])
    .optional()
    .describe("of its own ports; as listen has it where left out, false for none"),
  workflows: z
    .array(workflow)
    .default([])
    .describe("one for each kind of stream that is to be served; deployments may add to them"),
  keys: z.array(client).default([]).describe("whom it lets in"),
  with: z.record(z.string(), z.unknown()).default({}).describe("settings of the gateway's type"),
});

/** A gateway as `parlando.yaml` has it. */
export type GatewayConfig = z.output<typeof gatewaySchema>;

/** A workflow and what goes with it, as `parlando.yaml` has it. */
export type WorkflowUse = GatewayConfig["workflows"][number];
