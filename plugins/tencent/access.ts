import { z } from "zod";
import { fromEnv, type NodeContext, secret } from "#engine/plugin";
import { type Parameters, percentEncode, signSha1, wireQuery } from "./signatures.ts";

/** The fields of a node's config by which it gets in. */
export const accessFields = {
  appId: fromEnv(z.string().regex(/^\d{1,20}$/, "digits only"), "TENCENTCLOUD_APP_ID").describe(
    "The account's number (AppId).",
  ),
  secretId: secret(fromEnv(z.string().min(1), "TENCENTCLOUD_SECRET_ID")).describe("Names the key."),
  secretKey: secret(fromEnv(z.string().min(1), "TENCENTCLOUD_SECRET_KEY")).describe(
    "Signs requests; it is never sent.",
  ),
};

export type Access = z.output<z.ZodObject<typeof accessFields>>;

/** What identifies the credential, for limits that its users share. */
export const credentialOf = ({ appId, secretId }: Access): readonly string[] => ["tencent", appId, secretId];

/** Values that may stand in no trace. */
export const secretsOf = ({ secretId, secretKey }: Access): readonly string[] => [secretId, secretKey];

/** A signature holds for so long; the service takes less than 90 days. */
export const VALID_S = 3600;

export const nowS = (ctx: NodeContext): number => Math.floor(ctx.epochMs() / 1000);

/** From 1 to 9,999,999,999: the service takes ten digits at most. */
export const newNonce = (ctx: NodeContext): number => 1 + Math.floor(ctx.random() * 9_999_999_999);

/**
 * The address of a socket, signed.
 * @param url with its path, without a query. @param method that the signature begins with: none for recognition, GET for synthesis.
 * @param name of the parameter that holds the signature; it stands last.
 */
export function signedUrl(
  url: string,
  parameters: Parameters,
  { method, name, secretKey }: { readonly method: "" | "GET"; readonly name: string; readonly secretKey: string },
): string {
  const signature = signSha1(`${method}${placeOf(url)}`, parameters, secretKey);
  return `${url}?${wireQuery(parameters)}&${name}=${percentEncode(signature)}`;
}

/** Host and path, as signatures have them. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
