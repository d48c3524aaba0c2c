import { z } from "zod";
import { pluginEntrySchema } from "#engine/plugin";
import { type Finding, readYaml } from "#engine/workflow";
import { deploymentSchema } from "./deployments/config.ts";
import { gatewaySchema } from "./gateways/config.ts";

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;
const name = z.string().regex(NAME, "a name is made of letters, digits, - and _, and begins with a letter");
const environmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "not the name of an environment variable");
/** A host by name, or all below one: `*.example.com`. */
const host = z.string().regex(/^(\*\.)?[A-Za-z0-9.-]+$/, "a host name, or *. and one");
/** As browsers send it; those of apps have schemes of their own. */
const origin = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/\s]+\/?$/, "an origin such as https://app.example.org, without a path");
const seconds = (what: string, most: number) => z.number().int().min(1).max(most).describe(`${what}, in seconds`);
const bytes = (what: string, least: number, most: number) =>
  z.number().int().min(least).max(most).describe(`${what}, in bytes`);
const days = (what: string) =>
  z.number().int().min(1).max(36_500).optional().describe(`${what}, in days; never where left out`);

const listen = z.strictObject({
  host: z.string().min(1).default("127.0.0.1").describe("the address; any but a loopback one needs keys"),
  port: z.number().int().min(0).max(65_535).default(7700).describe("0: any free one"),
  tls: z
    .strictObject({
      cert: z.string().min(1).describe("a PEM file"),
      key: z.string().min(1).describe("a PEM file"),
    })
    .optional(),
});

const store = z.strictObject({
  url: z
    .string()
    .min(1)
    .optional()
    .describe("postgres://…; DATABASE_URL where left out, and a file of SQLite where that is not set either"),
  path: z.string().min(1).default("parlando-data").describe("the folder of uploads, recordings and the SQLite file"),
  sync: z
    .enum(["normal", "full"])
    .default("normal")
    .describe("full survives a loss of power, normal one of the process"),
});

const quotas = z.strictObject({
  runs: z.number().int().min(0).optional().describe("runs at once"),
  audioSeconds: z.number().min(0).optional().describe("seconds of audio in a calendar month"),
  requestsPerMinute: z.number().int().min(1).optional().describe("requests, and streams that clients of gateways open"),
});

const keys = z.strictObject({
  required: z.boolean().default(false).describe("asks for a key on a loopback address too"),
  origins: z.array(origin).default([]).describe("web origins that may call, by CORS"),
  quotas: z.record(z.string(), quotas).default({}).describe("by project; * stands for all that are not named"),
});

const secretHosts = z.array(host).optional().describe("where nodes that use it may go, beside allowedHosts");

const secretSource = z.union([
  z.strictObject({ env: environmentName.describe("a variable that holds it"), hosts: secretHosts }),
  z.strictObject({ file: z.string().min(1).describe("a file that holds it"), hosts: secretHosts }),
]);

const limits = z.strictObject({
  runs: z.number().int().min(1).max(100_000).default(2000).describe("runs at once in this process"),
  lateMs: z
    .number()
    .min(1)
    .max(1000)
    .default(50)
    .describe("no new runs while the event loop has been later than this for most of two seconds, in ms"),
  bodyBytes: bytes("the longest JSON body", 1024, 64 * 2 ** 20).default(2 * 2 ** 20),
  messageBytes: bytes("the longest message on a socket", 1024, 16 * 2 ** 20).default(2 ** 20),
  uploadBytes: bytes("the largest upload", 1024, 2 ** 40).default(2 * 2 ** 30),
  jsonDepth: z.number().int().min(4).max(200).default(32).describe("the deepest nesting of JSON"),
  windowMs: z
    .number()
    .int()
    .min(1000)
    .max(600_000)
    .default(30_000)
    .describe("how far a live sender may be ahead, in ms of audio"),
  resumeSeconds: seconds("how long a run without its sender is held", 86_400).default(60),
  drainSeconds: seconds("from SIGTERM to the end of the process", 3600).default(20),
});

export const serverConfigSchema = z.strictObject({
  listen: listen.prefault({}),
  publicUrl: z
    .url({ protocol: /^https?$/, error: "an address such as https://speech.example.org" })
    .optional()
    .describe("how this server is reached from outside; callbacks need it"),
  store: store.prefault({}),
  keys: keys.prefault({}),
  secrets: z
    .record(name, secretSource)
    .default({})
    .describe("by name: what workflows that come through the API may use"),
  environment: z
    .array(environmentName)
    .default([])
    .describe("variables that workflows from the API may read, in secret fields"),
  allowedHosts: z
    .array(host)
    .default([])
    .describe("hosts that workflows from the API may reach; empty: any public one, without secrets"),
  folders: z
    .strictObject({
      read: z.array(z.string().min(1)).default([]).describe("where they may read"),
      write: z.array(z.string().min(1)).default([]).describe("where they may write, and read"),
    })
    .prefault({})
    .describe("folders that workflows from the API may use beside the run's own"),
  plugins: z
    .array(pluginEntrySchema)
    .default([])
    .describe("modules that export a plugin: packages, or paths that begin with a dot"),
  gateways: z.record(name, gatewaySchema).default({}).describe("vendors' protocols, from the other side"),
  deployments: z
    .record(name, deploymentSchema)
    .default({})
    .describe("workflows that a time, a file or a gateway's client starts"),
  retention: z
    .strictObject({
      runs: days("runs that ended, with all that belongs to them"),
      audio: days("recordings of both directions, and uploads"),
    })
    .prefault({}),
  privacy: z
    .strictObject({
      keep: z.enum(["none", "text", "all"]).default("all").describe("what is kept of a run at most: all, text or none"),
    })
    .prefault({}),
  limits: limits.prefault({}),
  traces: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
          "where OTLP over HTTP is taken; OTEL_EXPORTER_OTLP_ENDPOINT where left out, and no traces where that is not set either",
        ),
      ratio: z.number().min(0).max(1).default(1).describe("of the runs that come without a trace of their own"),
      service: z.string().min(1).default("parlando").describe("the name of this service in the traces"),
    })
    .prefault({})
    .describe("OpenTelemetry: a span for each run and each utterance, without texts"),
});

/** `parlando.yaml`, checked, with its defaults. Paths in it are relative to its folder. */
export type ServerConfig = z.output<typeof serverConfigSchema>;

/** Places where somebody may have put a secret by mistake: findings go to logs. */
const mayHoldSecret = ([part, ...rest]: readonly PropertyKey[]): boolean =>
  part === "secrets" || part === "store" || part === "traces" || (part === "gateways" && rest.includes("keys"));

/** @param file the name that findings carry. */
export function readServerConfig(
  text: string,
  file: string,
): { readonly config?: ServerConfig; readonly findings: readonly Finding[] } {
  const { value, findings } = readYaml(text, serverConfigSchema, file, mayHoldSecret);
  return { ...(value && { config: value }), findings };
}

/** What holds where there is no `parlando.yaml`. */
export const defaultServerConfig = (): ServerConfig => serverConfigSchema.parse({});
