import { type Cipheriv, createCipheriv, createDecipheriv, createHash, type Decipheriv } from "node:crypto";
import { z } from "zod";
import { EngineError, StreamFraming } from "#engine/plugin";
import { type CurveName, coordinateBytes } from "./curve.ts";
import { MOST_PACKET_BYTES } from "./fpnn.ts";

/** The first call on a connection that is to be enciphered; it goes in clear, its answer does not. */
export const KEY_METHOD = "*key";

export const keyQuest = z.object({
  /** Of the caller, made for this connection: X and Y. */
  publicKey: z.instanceof(Uint8Array),
  streamMode: z.boolean().default(false),
  bits: z.union([z.literal(128), z.literal(256)]).default(128),
});
export type KeyQuest = z.output<typeof keyQuest>;

/** Both directions of an enciphered connection. */
export interface Sealing {
  /** A packet as it goes over the line. */
  seal(packet: Uint8Array): Uint8Array;
  /** What of a chunk can be read now: bytes of packets, in order. */
  open(chunk: Uint8Array): Uint8Array;
}

/**
 * AES-CFB as the two sides agreed on it. With `streamMode` one state runs on in each direction; else each packet is enciphered by itself,
 * behind its length (uint32, little-endian).
 * @param secret of the key exchange, as long as the curve's field.
 */
export function sealing(secret: Uint8Array, { streamMode, bits }: Pick<KeyQuest, "streamMode" | "bits">): Sealing {
  const iv = createHash("md5").update(secret).digest();
  const key = bits === 128 ? secret.subarray(0, 16) : wholeKey(secret);
  const name = `aes-${bits}-cfb`;
  const encipher = () => createCipheriv(name, key, iv);
  const decipher = () => createDecipheriv(name, key, iv);
  return streamMode ? asStream(encipher(), decipher()) : asPackages(encipher, decipher);
}

const wholeKey = (secret: Uint8Array) => (secret.length === 32 ? secret : createHash("sha256").update(secret).digest());

const asStream = (encipher: Cipheriv, decipher: Decipheriv): Sealing => ({
  seal: (packet) => encipher.update(packet),
  open: (chunk) => plain(decipher.update(chunk)),
});

const LENGTH_BYTES = 4;

function asPackages(encipher: () => Cipheriv, decipher: () => Decipheriv): Sealing {
  const framing = new StreamFraming((head) => {
    if (head.length < LENGTH_BYTES) return undefined;
    return LENGTH_BYTES + new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  }, MOST_PACKET_BYTES);
  return {
    seal(packet) {
      const sealed = new Uint8Array(LENGTH_BYTES + packet.length);
      new DataView(sealed.buffer).setUint32(0, packet.length, true);
      sealed.set(encipher().update(packet), LENGTH_BYTES);
      return sealed;
    },
    open: (chunk) =>
      plain(Buffer.concat(framing.push(chunk).map((sealed) => decipher().update(sealed.subarray(LENGTH_BYTES))))),
  };
}

/** A Buffer's `slice` copies nothing, which whoever reads on relies on. */
const plain = (bytes: Buffer): Uint8Array => new Uint8Array(bytes);

/** Object identifiers as they stand in a key, in hex. */
const OIDS: Readonly<Record<string, CurveName>> = {
  "2b8104000a": "secp256k1",
  "2a8648ce3d030107": "secp256r1",
  "2b81040021": "secp224r1",
  "2a8648ce3d030101": "secp192r1",
};

/**
 * The server's public key out of a PEM text ("BEGIN PUBLIC KEY"): its curve, X and Y.
 * @throws EngineError CONFIG_INVALID when it is none, of another curve, or compressed.
 */
export function readPublicKey(pem: string): { readonly curve: CurveName; readonly publicKey: Uint8Array } {
  const body = /-----BEGIN PUBLIC KEY-----([\s\S]+?)-----END PUBLIC KEY-----/.exec(pem)?.[1] ?? "";
  const der = Buffer.from(body, "base64");
  const [, curve] =
    Object.entries(OIDS).find(([oid]) => der.includes(Buffer.from(`06${length(oid)}${oid}`, "hex"))) ?? [];
  const bytes = curve === undefined ? 0 : 2 * coordinateBytes(curve);
  // the key is a bit string of no unused bits, and 04 says that both coordinates are there
  const head = Buffer.from([0x03, bytes + 2, 0x00, 0x04]);
  if (curve === undefined || der.length < bytes + head.length || !der.subarray(0, -bytes).subarray(-4).equals(head))
    throw new EngineError(
      "CONFIG_INVALID",
      "a public key in PEM was wanted, of secp256k1, secp256r1, secp224r1 or secp192r1",
    );
  return { curve, publicKey: new Uint8Array(der.subarray(-bytes)) };
}

const length = (hex: string) => (hex.length / 2).toString(16).padStart(2, "0");
