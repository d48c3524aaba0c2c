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
import { createToken } from "./token.ts";

/** The fields of a node's config by which it gets in. The names of variables are those of the vendor's own examples. */
export const accessFields = {
  appkey: fromEnv(z.string().min(1), "NLS_APP_KEY").describe(
    "The project. It decides the language, the model and the sample rate of recognition.",
  ),
  token: secret(z.string().min(1).optional()).describe("A token made elsewhere; it is not renewed when it ends."),
  accessKeyId: fromEnv(z.string().min(1).optional(), "ALIYUN_AK_ID").describe(
    "Makes and renews tokens, with its secret.",
  ),
  accessKeySecret: secret(fromEnv(z.string().min(1).optional(), "ALIYUN_AK_SECRET")).describe(
    "The secret of the access key.",
  ),
  securityToken: secret(z.string().min(1).optional()).describe("Of temporary credentials."),
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://nls-meta.cn-shanghai.aliyuncs.com/")
    .describe("Where tokens are made."),
  regionId: z.string().min(1).default("cn-shanghai").describe("Named in the call for a token."),
};

export type AccessSettings = z.output<z.ZodObject<typeof accessFields>>;

/** What a config has to have beside its fields, for `.refine`: a token or a key. */
export const hasCredentials = (settings: {
  token?: string | undefined;
  accessKeyId?: string | undefined;
  accessKeySecret?: string | undefined;
}): boolean =>
  settings.token !== undefined || (settings.accessKeyId !== undefined && settings.accessKeySecret !== undefined);

export const CREDENTIALS_WANTED = "set accessKeyId and accessKeySecret, or a token";

/** The way in: makes the request to dial with, and a new token where the old one was refused. */
export class Access {
  #refusals = 0;
  #given: string | undefined;

  private constructor(
    readonly url: string,
    readonly settings: AccessSettings,
    readonly ctx: NodeContext,
    readonly cache: TokenCache | undefined,
  ) {}

  static async open(url: string, settings: AccessSettings, ctx: NodeContext): Promise<Access> {
    const { accessKeyId, accessKeySecret = "", tokenUrl, securityToken = "" } = settings;
    const own = settings.token === undefined && accessKeyId !== undefined;
    const parts = ["aliyun", tokenUrl, accessKeyId ?? "", accessKeySecret, securityToken];
    return new Access(url, settings, ctx, own ? await ctx.resource(tokenCache(...parts)) : undefined);
  }

  /** Another token can be had when one is refused. */
  get canRenew(): boolean {
    return this.cache !== undefined;
  }

  /** What identifies the credential, for limits that its users share. */
  get credential(): readonly string[] {
    return ["aliyun", this.url, this.settings.accessKeyId ?? this.settings.token ?? ""];
  }

  /** Values that may stand in no trace. */
  get secrets(): readonly string[] {
    const { token, accessKeySecret, securityToken, appkey } = this.settings;
    return [token, accessKeySecret, securityToken, appkey].filter((value) => value !== undefined);
  }

  /**
   * @throws EngineError VENDOR_KEY_REFUSED when a token that was refused cannot be renewed, or a new one was refused too; what `createToken`
   *   throws.
   */
  async request({ number, after, signal }: Attempt): Promise<DialRequest> {
    if (number === 1) this.#refusals = 0;
    if (isRefusal(after)) {
      if (this.#given !== undefined) this.cache?.refuse(this.#given);
      if (!this.canRenew || ++this.#refusals > 1)
        throw new EngineError(
          "VENDOR_KEY_REFUSED",
          this.canRenew
            ? "Aliyun refused a token that was new: look at appkey, which has to be a project of the same account"
            : "Aliyun refused the token that `token` holds: set one that is good, or accessKeyId and accessKeySecret",
          { cause: after },
        );
    }
    this.#given = this.settings.token ?? (await this.#token(signal));
    return { url: this.url, headers: { "X-NLS-Token": this.#given }, signal };
  }

  #token(signal: AbortSignal): Promise<string> {
    const { cache, ctx, settings } = this;
    if (!cache) throw new EngineError("CONFIG_INVALID", `no credentials: ${CREDENTIALS_WANTED}`);
    const fetch = () =>
      createToken(settings, { network: ctx.network, nonce: ctx.newId(), nowMs: ctx.epochMs(), signal });
    return cache.get({ nowMs: ctx.epochMs(), fetch });
  }
}

/** A token was turned down: at the upgrade, or by the first answer on the socket. */
const isRefusal = (error: unknown): boolean =>
  error instanceof EngineError &&
  (error.code === "VENDOR_TOKEN_EXPIRED" || error.details.status === 401 || error.details.status === 403);
