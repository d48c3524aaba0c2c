import type { Callbacks } from "#engine/control";
import { readBody } from "../http/limits.ts";
import { newRoutes } from "../http/routes.ts";

const TOKEN = /^[\w.~-]{8,512}$/;

/**
 * `/v1/callbacks/…`: where a vendor answers later, at an address that a node gave it. The address itself is the secret. What is below it
 * belongs to the vendor's own way of calling, and so does the answer.
 */
export const callbacksRoutes = (callbacks: Callbacks, mostBytes: number) =>
  newRoutes().on(["GET", "POST", "PUT"], ["/v1/callbacks/:token", "/v1/callbacks/:token/*"], async (c) => {
    const token = c.req.param("token") ?? "";
    const body = await readBody(c.req.raw, mostBytes);
    const answer = await callbacks.receive(TOKEN.test(token) ? token : "", {
      method: c.req.method,
      query: new URL(c.req.url).search.slice(1),
      headers: Object.fromEntries(c.req.raw.headers),
      body,
    });
    return new Response(answer.body, {
      status: answer.status ?? 200,
      headers: { "content-type": answer.mediaType, "content-security-policy": "sandbox" },
    });
  });
