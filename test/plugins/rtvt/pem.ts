import { publicKeyOf } from "../../../plugins/rtvt/wire/curve.ts";

/** The public half of a key on secp256k1, as `openssl ec -pubout` writes it. */
export function pem(privateKey: string): string {
  const key = publicKeyOf("secp256k1", new Uint8Array(Buffer.from(privateKey, "hex")));
  const der = Buffer.concat([Buffer.from("3056301006072a8648ce3d020106052b8104000a03420004", "hex"), key]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
}
