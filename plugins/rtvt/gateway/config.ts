import { z } from "zod";
import { secret } from "#engine/plugin";

const limitMs = (what: string) => z.int().min(0).max(86_400_000).describe(`${what}, in ms; 0 is off.`);

/** Settings of the gateway itself. The service's own figures are not published; the defaults are those of the framing's reference server. */
export const gatewayConfig = z.strictObject({
  loginWindowMs: limitMs("How far the time in a login may be off").default(300_000),
  refusal: z
    .enum(["error", "successed"])
    .default("error")
    .describe("How a login is refused: by an error, or by an answer that says successed: false. Clients know both."),
  idleMs: limitMs("A connection on which nothing came for so long is closed").default(60_000),
  streamIdleMs: limitMs("A stream that got no audio for so long expires").default(60_000),
  streams: z.int().min(1).max(10_000).default(100).describe("Streams at once on one connection."),
  endMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(4000)
    .describe(
      "How long the answer to voiceEnd waits for the last results, in ms. Clients give up after 5 s; later results still come.",
    ),
  encryption: z
    .strictObject({
      curve: z.enum(["secp256k1", "secp256r1", "secp224r1", "secp192r1"]).default("secp256k1"),
      privateKey: secret(z.string().regex(/^[0-9a-fA-F]{2,64}$/, "a private key in hex was wanted")).describe(
        "Of the gateway, in hex.",
      ),
    })
    .optional()
    .describe("Takes enciphered connections, too."),
});

export type GatewaySettings = z.output<typeof gatewayConfig>;
