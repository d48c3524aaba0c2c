import { encode } from "@msgpack/msgpack";
import { below, pick, type Random } from "../random.ts";
import { spoken } from "../spoken-numbers.ts";
import { damageBytes, damageText, damageValue, deep, noise } from "./damage.ts";
import type { Document } from "./document.ts";
import { audioMessage, GOOD_HELLO, GOOD_MESSAGES, STANDS_FOR } from "./traffic.ts";

type Packing = "json" | "msgpack";

/** What one client does on one socket. */
export interface MadeSocket {
  readonly path: string;
  readonly protocols: readonly string[];
  readonly messages: readonly (string | Uint8Array<ArrayBuffer>)[];
}

const PCM = spoken([1]);
const ODD_PROTOCOLS = [["parlando.v2.json"], ["parlando.v1.json", "parlando.token.x"], ["x".repeat(300)]];

/** A socket whose first message is mostly good, so that what follows reaches a run; what follows is mostly not. */
export function makeSocket(document: Document, random: Random): MadeSocket {
  const packing: Packing = random() < 0.5 ? "json" : "msgpack";
  const joins = random() < 0.2;
  const messages = [hello(packing, joins, random)];
  for (let count = below(6, random); count > 0; count--) messages.push(oneMessage(document, packing, random));
  return {
    path: joins
      ? `/v1/runs/${pick([STANDS_FOR.run, STANDS_FOR.run, "nobody", "%", "%00"], random)}/stream`
      : "/v1/stream",
    protocols: random() < 0.03 ? pick(ODD_PROTOCOLS, random) : [`parlando.v1.${packing}`],
    messages,
  };
}

const packed = (value: unknown, packing: Packing): string | Uint8Array<ArrayBuffer> =>
  packing === "json"
    ? JSON.stringify(value)
    : Uint8Array.from(encode(value, { ignoreUndefined: true, maxDepth: 10_000 }));

function hello(packing: Packing, joins: boolean, random: Random) {
  const good = joins ? { type: "attach", sends: random() < 0.5, after: 0 } : GOOD_HELLO;
  return packed(random() < 0.8 ? good : damageValue(good, random), packing);
}

function oneMessage(document: Document, packing: Packing, random: Random): string | Uint8Array<ArrayBuffer> {
  const way = random();
  if (way < 0.25) return audio(random);
  // good ones between the others, so that a socket lives long enough to be told several
  if (way < 0.4) return packed(pick([{ type: "ping" }, { type: "flush" }], random), packing);
  const good = random() < 0.7 ? pick(GOOD_MESSAGES, random) : document.value(document.schema("ClientMessage"), random);
  if (way < 0.75) return packed(withBytes(damageValue(good, random), packing, random), packing);
  const text = packed(withBytes(good, packing, random), packing);
  if (way < 0.93) return typeof text === "string" ? damageText(text, random) : damageBytes(text, random);
  if (way < 0.95) return packed(deep(pick([33, 60, 5000], random)), packing);
  if (way < 0.952) return "x".repeat(2 ** 20 + 10);
  // the other packing, or nothing at all
  if (way < 0.97) return packed(good, packing === "json" ? "msgpack" : "json");
  return random() < 0.5 ? noise(below(100, random), random) : "";
}

/** Audio in MessagePack comes as bytes. */
const withBytes = (value: unknown, packing: Packing, random: Random): unknown =>
  packing === "msgpack" && typeof value === "object" && value !== null && "bytes" in value && random() < 0.8
    ? { ...value, bytes: noise(below(600, random), random) }
    : value;

/** Binary audio: sound, with an odd header, cut in its header, of an odd number of bytes, from an odd place. */
function audio(random: Random): Uint8Array<ArrayBuffer> {
  const pcm = PCM.subarray(0, below(PCM.length, random));
  const start = pick([undefined, 0, 0, 320, 2 ** 40, 2 ** 53 - 1], random);
  const message = audioMessage(pcm, random() < 0.8 ? 0 : below(256, random), start);
  if (random() < 0.4) return message;
  return random() < 0.5 ? message.subarray(0, below(message.length, random)) : damageBytes(message, random);
}
