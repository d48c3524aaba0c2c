import { z } from "zod";
import {
  type Attempt,
  type DialRequest,
  EngineError,
  fromEnv,
  type NodeContext,
  secret,
  type TokenCache,
  tokenCache,
} from "#engine/plugin";
import { httpFailure } from "./status.ts";
import { temporaryKey } from "./temporary-key.ts";

/** What may stand in a header: no blanks, no line ends. */
const visible = (what: string) => z.string().regex(/^[\x21-\x7e]+$/, `${what} of visible characters was wanted`);

/** The fields of a node's config by which it gets in. The names of variables are those of the vendor's own library. */
export const accessFields = {
  apiKey: secret(fromEnv(visible("a key"), "DASHSCOPE_API_KEY")).describe(
    "The key. It is good in its own region only.",
  ),
  region: z
    .enum(["beijing", "singapore"])
    .default("beijing")
    .describe("Where the service is called: dashscope.aliyuncs.com or dashscope-intl.aliyuncs.com."),
  httpUrl: fromEnv(z.url({ protocol: /^https?$/ }).optional(), "DASHSCOPE_HTTP_BASE_URL").describe(
    "The service's HTTP interface, up to /api/v1; the region's where it is not said.",
  ),
  workspace: visible("a workspace").optional().describe("The workspace's id, where the key has several."),
  dataInspection: z.boolean().default(false).describe("Asks the service to inspect what it is given."),
  userAgent: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, "1 to 200 visible characters were wanted")
    .optional()
    .describe("What the client says of itself."),
  temporaryKeys: z
    .boolean()
    .default(false)
    .describe("Has the service make keys of half an hour from the key, and opens everything with these."),
};

export type AccessSettings = z.output<z.ZodObject<typeof accessFields>>;

/** The field of nodes that speak over sockets. */
export const socketField = fromEnv(z.url({ protocol: /^wss?$/ }).optional(), "DASHSCOPE_WEBSOCKET_BASE_URL").describe(
  "The service's socket; the region's where it is not said. Its last part, inference or realtime, follows the model.",
);

const HOSTS = { beijing: "dashscope.aliyuncs.com", singapore: "dashscope-intl.aliyuncs.com" } as const;

/** Up to `/api/v1`, without a slash at its end. */
export const httpBase = ({ httpUrl, region }: AccessSettings): string =>
  (httpUrl ?? `https://${HOSTS[region]}/api/v1`).replace(/\/+$/, "");

/** The two socket protocols: tasks, and the one like OpenAI's. */
export type SocketKind = "inference" | "realtime";

/** @param model is named in the address of the real-time protocol. */
export function socketUrl(
  { url, region }: AccessSettings & { readonly url?: string | undefined },
  kind: SocketKind,
  model: string,
): string {
  const base = url ?? `wss://${HOSTS[region]}/api-ws/v1/${kind}`;
  const own = base.replace(/(\/api-ws\/v1\/)(inference|realtime)(\/?)$/, `$1${kind}$3`);
  if (kind === "inference") return own;
  const address = new URL(own);
  address.searchParams.set("model", model);
  return address.href;
}

/** The way in: headers for sockets and calls, with a key that is still good. */
export class Access {
  #refusals = 0;
  #given: string | undefined;

  private constructor(
    readonly settings: AccessSettings,
    readonly ctx: NodeContext,
    readonly cache: TokenCache | undefined,
  ) {}

  static async open(settings: AccessSettings, ctx: NodeContext): Promise<Access> {
    const parts = ["modelstudio", httpBase(settings), settings.apiKey, settings.workspace ?? ""];
    return new Access(settings, ctx, settings.temporaryKeys ? await ctx.resource(tokenCache(...parts)) : undefined);
  }

  /** Another key can be had when one is refused. */
  get canRenew(): boolean {
    return this.cache !== undefined;
  }

  /** What identifies the credential, for limits and pools that its users share. */
  get credential(): readonly string[] {
    const { apiKey, workspace = "", dataInspection } = this.settings;
    return ["modelstudio", apiKey, workspace, `${dataInspection}`];
  }

  /** Values that may stand in no trace. */
  get secrets(): readonly string[] {
    return this.#given === undefined ? [this.settings.apiKey] : [this.settings.apiKey, this.#given];
  }

  /**
   * The request for a socket.
   * @throws EngineError VENDOR_KEY_REFUSED when the key was refused at the attempt before, or a temporary one that was new; what
   *   `temporaryKey` throws.
   */
  async request(url: string, { number, after, signal }: Attempt): Promise<DialRequest> {
    if (number === 1) this.#refusals = 0;
    if (isRefusal(after)) this.refused(after);
    return { url, headers: await this.headers(signal), signal };
  }

  /** What an upgrade that was refused means: a key that can be replaced is asked for at the next attempt. */
  undialled(error: unknown): unknown {
    const status = error instanceof EngineError ? error.details.status : undefined;
    if (typeof status !== "number") return error;
    if (isRefusal(error)) return this.canRenew ? error : keyRefused("the key", error);
    return httpFailure(status, "", "an upgrade");
  }

  /** The temporary key that was given out last is not used again. */
  drop(): void {
    if (this.#given !== undefined) this.cache?.refuse(this.#given);
  }

  /**
   * A key was turned down: a temporary one is not used again.
   * @throws EngineError VENDOR_KEY_REFUSED where no other can be had, or the second in a row was refused.
   */
  refused(cause: unknown): void {
    this.drop();
    if (this.canRenew && ++this.#refusals <= 1) return;
    throw keyRefused(this.canRenew ? "a temporary key that was new" : "the key", cause);
  }

  /** Of a socket's upgrade or a call. */
  async headers(signal: AbortSignal): Promise<Record<string, string>> {
    const { settings, ctx, cache } = this;
    const fetch = () => temporaryKey(httpBase(settings), settings.apiKey, ctx, signal);
    this.#given = cache ? await cache.get({ nowMs: ctx.epochMs(), renewBeforeMs: 120_000, fetch }) : settings.apiKey;
    return {
      authorization: `Bearer ${this.#given}`,
      "user-agent": settings.userAgent ?? "parlando/1",
      ...(settings.workspace !== undefined && { "x-dashscope-workspace": settings.workspace }),
      ...(settings.dataInspection && { "x-dashscope-datainspection": "enable" }),
    };
  }
}

const keyRefused = (which: string, cause: unknown): EngineError =>
  new EngineError("VENDOR_KEY_REFUSED", `Model Studio refused ${which}: set one that is good, and of this region`, {
    cause,
  });

/** A key was turned down: at the upgrade, by an answer, or by the first event on the socket. */
const isRefusal = (error: unknown): boolean =>
  error instanceof EngineError &&
  (error.code === "VENDOR_TOKEN_EXPIRED" || error.details.status === 401 || error.details.status === 403);
