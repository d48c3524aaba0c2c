import { createHmac } from "node:crypto";

/** Whether a text is base64 of at least one byte, padding and all. */
export const isBase64 = (text: string): boolean =>
  /^(?:[\w+/-]{4})*(?:[\w+/-]{2}==|[\w+/-]{3}=)?$/.test(text) && text !== "";

/**
 * The token of a login: HMAC-SHA256 over `pid:ts`, in base64.
 * @param key the project's, in base64 as the vendor's console shows it.
 * @param ts Unix time in seconds; the login carries the same.
 */
export const loginToken = (key: string, pid: number, ts: number): string =>
  createHmac("sha256", Buffer.from(key, "base64")).update(`${pid}:${ts}`).digest("base64");
