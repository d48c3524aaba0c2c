import { type Connection, EngineError } from "#engine/plugin";
import { meaningOf, UNKNOWN_METHOD } from "../status.ts";
import { KEY_METHOD, keyQuest, type Sealing, sealing } from "../wire/cipher.ts";
import { coordinateBytes, sharedSecret } from "../wire/curve.ts";
import { encodePacket, MSGPACK, type Packet, PacketReader, type Quest } from "../wire/fpnn.ts";
import { decodeValues, encodeValues, type Values } from "../wire/payload.ts";
import type { GatewaySettings } from "./config.ts";

/** Of our own calls. */
const VERSION = 1;
const LAST_SEQ = 2 ** 31 - 1;

/** The bytes between a client and the gateway: packets in, packets out, enciphered where the client asked for it. */
export class Line {
  readonly #reader = new PacketReader();
  #sealing: Sealing | undefined;
  #seq = 0;
  #packets = 0;

  constructor(
    readonly connection: Connection,
    readonly encryption: GatewaySettings["encryption"],
  ) {}

  /** @throws EngineError VENDOR_PROTOCOL for what is no packet: the connection is of no use any more. */
  read(chunk: Uint8Array): Packet[] {
    const packets = this.#reader.push(this.#sealing ? this.#sealing.open(chunk) : chunk);
    this.#packets += packets.length;
    return packets;
  }

  /** @throws EngineError VENDOR_PROTOCOL when there are none. */
  values(quest: Quest): Values {
    return decodeValues(quest.payload, quest.flag);
  }

  /** Version and flag are the call's own. Nobody waits for the answer to a one-way call. */
  answer(quest: Quest, values: Values): void {
    this.#answer(quest, true, values);
  }

  refuse(quest: Quest, code: number): void {
    this.#answer(quest, false, { code, ex: meaningOf(code).name.toLowerCase().replaceAll("_", " ") });
  }

  /** Calls the client. Whether it answers does not matter: some of the vendor's libraries leave calls unanswered that they do not know. */
  call(method: string, values: Values): void {
    this.#seq = this.#seq === LAST_SEQ ? 1 : this.#seq + 1;
    const payload = encodeValues(values);
    this.#send({ kind: "quest", version: VERSION, flag: MSGPACK, seq: this.#seq, method, payload });
  }

  /**
   * The first call of a connection may agree on a cipher; already its answer is enciphered.
   * @throws EngineError VENDOR_PROTOCOL for a bad key, MESSAGE_INVALID when it comes late: the connection ends without an answer.
   */
  exchangeKeys(quest: Quest): void {
    const { encryption } = this;
    if (!encryption) return this.refuse(quest, UNKNOWN_METHOD);
    if (this.#packets > 1) throw new EngineError("MESSAGE_INVALID", `${KEY_METHOD} was not the first call`);
    const parsed = keyQuest.safeParse(this.values(quest));
    if (!parsed.success) throw new EngineError("MESSAGE_INVALID", `${KEY_METHOD} was not understood`);
    const { curve, privateKey } = encryption;
    const publicKey = unpadded(parsed.data.publicKey, coordinateBytes(curve));
    const own = new Uint8Array(Buffer.from(privateKey.padStart(2 * coordinateBytes(curve), "0"), "hex"));
    this.#sealing = sealing(sharedSecret(curve, own, publicKey), parsed.data);
    this.answer(quest, {});
  }

  #answer({ version, flag, seq }: Quest, ok: boolean, values: Values): void {
    if (seq === undefined) return;
    this.#send({ kind: "answer", version, flag, seq, ok, payload: encodeValues(values, flag) });
  }

  #send(packet: Packet): void {
    const bytes = encodePacket(packet);
    this.connection.send(this.#sealing ? this.#sealing.seal(bytes) : bytes);
  }
}

/** The vendor's library for Python fills coordinates of shorter curves up to 32 bytes. */
function unpadded(key: Uint8Array, bytes: number): Uint8Array {
  if (key.length !== 64 || bytes === 32) return key;
  return new Uint8Array(Buffer.concat([key.subarray(32 - bytes, 32), key.subarray(64 - bytes)]));
}
