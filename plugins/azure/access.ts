import { type Attempt, type DialRequest, EngineError, fromEnv, secret, z } from "#engine/plugin";
import { httpFailure } from "./status.ts";
import { hexId } from "./wire.ts";

/** The fields by which a node gets in. The names of variables are those of the vendor's documents, and those that are seen in use. */
export const accessFields = {
  key: secret(fromEnv(z.string().min(1).optional(), "AZURE_SPEECH_KEY", "AZURE_KEY")).describe(
    "The key of the Speech resource.",
  ),
  token: secret(z.string().min(1).optional()).describe(
    "A token instead of the key; made elsewhere, good for ten minutes.",
  ),
  region: fromEnv(
    z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .optional(),
    "AZURE_SPEECH_REGION",
    "AZURE_REGION",
  ).describe("Of the resource: westeurope, …"),
  host: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe(
      "Another server instead of the region's, such as a container of one's own or a gateway: wss://host:port.",
    ),
};

const access = z.strictObject(accessFields);
export type AccessSettings = z.output<typeof access>;

/** What a config has to have beside its fields, for `.refine`. */
export const hasAccess = ({ key, token, region, host }: AccessSettings): boolean =>
  (key !== undefined || token !== undefined) && (region !== undefined || host !== undefined);

export const ACCESS_WANTED = "set key (or token), and region (or host)";

/** What the service is asked for; part of its host's name. */
export type Kind = "stt" | "tts" | "voice" | "s2s";

/** @see https://learn.microsoft.com/azure/ai-services/speech-service/sovereign-clouds */
function suffixOf(region: string): string {
  if (/^china/i.test(region)) return ".azure.cn";
  return /^usgov/i.test(region) ? ".azure.us" : ".microsoft.com";
}

/** `wss://host`, without a slash at its end. */
export function socketHost({ region, host }: AccessSettings, kind: Kind): string {
  if (host !== undefined) return host.replace(/\/+$/, "");
  return `wss://${region}.${kind}.speech${suffixOf(region ?? "")}`;
}

/** `https://host` of the calls that are no sockets. */
export function webHost(settings: AccessSettings, kind: Kind | "api"): string {
  if (settings.host !== undefined) return settings.host.replace(/\/+$/, "").replace(/^ws/, "http");
  const { region = "" } = settings;
  if (kind !== "api") return socketHost(settings, kind).replace(/^ws/, "http");
  return `https://${region}.api.cognitive${suffixOf(region)}`;
}

/** Keys go into headers and never into addresses, where logs and error messages would show them. */
export const authHeaders = ({ key, token }: AccessSettings): Record<string, string> =>
  token === undefined ? { "Ocp-Apim-Subscription-Key": key ?? "" } : { Authorization: `Bearer ${token}` };

/** Values that may stand in no trace. */
export const secretsOf = ({ key, token }: AccessSettings): readonly string[] =>
  [key, token].filter((value) => value !== undefined);

/** What identifies the credential, for limits that its users share. */
export const credentialOf = (settings: AccessSettings): readonly string[] => [
  "azure",
  settings.host ?? settings.region ?? "",
  settings.key ?? settings.token ?? "",
];

export function dialRequest(
  url: string,
  settings: AccessSettings,
  { signal }: Attempt,
  newId: () => string,
): DialRequest {
  const headers = { ...authHeaders(settings), "X-ConnectionId": hexId(newId()) };
  return { url, headers, signal };
}

/** What an upgrade that was refused means. */
export function undialled(error: unknown): unknown {
  const status = error instanceof EngineError ? error.details.status : undefined;
  return typeof status === "number" ? httpFailure(status, error) : error;
}
