import { randomBytes } from "node:crypto";
import {
  type Clock,
  EngineError,
  type Message,
  type Peer,
  type PeerSession,
  type Session,
  type Wire,
} from "#engine/plugin";
import { type AccessSettings, loginValues } from "../access.ts";
import { refusal, UNKNOWN_METHOD } from "../status.ts";
import { KEY_METHOD, readPublicKey, type Sealing, sealing } from "../wire/cipher.ts";
import { coordinateBytes, publicKeyOf, sharedSecret } from "../wire/curve.ts";
import { encodePacket, type Packet, PacketReader, type Quest } from "../wire/fpnn.ts";
import { decodeValues, encodeValues, type Values } from "../wire/payload.ts";
import { packetLine } from "../wire/trace.ts";
import { loginAnswer, readPush, readValues } from "../wire.ts";
import { Calls } from "./calls.ts";
import type { StreamSession } from "./stream-session.ts";

export interface PeerOptions {
  readonly wire: Wire;
  readonly access: AccessSettings;
  readonly clock: Clock;
  epochMs(): number;
  /** How long an answer may take. */
  readonly answerMs: number;
  count(counter: string): void;
  session(session: Session, calls: Calls): StreamSession;
}

/** What the vendor's own libraries answer with an empty map, whatever it says. */
const isKnown = (method: string): boolean => method === "ping" || method === "*ping";

/** One connection to the service: framing, cipher, login, answers to its pushes, and the streams on it. */
export class RtvtPeer implements Peer {
  readonly #calls: Calls;
  readonly #reader = new PacketReader();
  #sealing: Sealing | undefined;
  #stream: StreamSession | undefined;

  constructor(readonly options: PeerOptions) {
    const { wire, clock, answerMs } = options;
    this.#calls = new Calls({
      clock,
      answerMs,
      send: (packet, values) => this.#send(packet, values),
      fail: (error) => wire.fail(error),
    });
    const onEnd = () => {
      this.#calls.end(wire.signal.reason);
      this.#stream?.close();
    };
    wire.signal.addEventListener("abort", onEnd, { once: true });
  }

  async greet(): Promise<void> {
    const { access } = this.options;
    if (access.encryption) await this.#exchangeKeys(access.encryption);
    const answer = await this.#calls.call("login", loginValues(access, this.options.epochMs()));
    if (!readValues("the answer to login", answer, loginAnswer).successed) throw refusal("login", LOGIN_FAILED);
  }

  message(message: Message): void {
    if (typeof message === "string")
      throw new EngineError("VENDOR_PROTOCOL", "RTVT: a text message; bytes were wanted");
    const bytes = this.#sealing ? this.#sealing.open(message) : message;
    for (const packet of this.#reader.push(bytes)) {
      if (this.options.wire.tracing) this.options.wire.trace("in", packetLine(packet));
      if (packet.kind === "answer") this.#calls.answered(packet);
      else this.#pushed(packet);
    }
  }

  keepAlive(): void {
    this.#calls.post("*ping", {});
  }

  session(session: Session): PeerSession {
    this.#stream = this.options.session(session, this.#calls);
    return this.#stream;
  }

  /** Acknowledged before anybody looks at it, as the vendor's libraries do. */
  #pushed(quest: Quest): void {
    const values = decodeValues(quest.payload, quest.flag);
    let push: ReturnType<typeof readPush>;
    try {
      push = readPush(quest.method, values);
    } finally {
      this.#acknowledge(quest, push !== undefined || isKnown(quest.method));
    }
    if (!push) return isKnown(quest.method) ? undefined : this.options.count("unknownPushes");
    const stream = this.#stream;
    if (stream?.streamId !== push.streamId) return this.options.count("strayResults");
    if (push.kind === "spoken") stream.spoken(push);
    else stream.text(push);
  }

  #acknowledge({ version, flag, seq }: Quest, known: boolean): void {
    if (seq === undefined) return;
    const values = known ? {} : { code: UNKNOWN_METHOD, ex: "unknown method" };
    this.#send({ kind: "answer", version, flag, seq, ok: known, payload: encodeValues(values, flag) }, values);
  }

  /** The first call goes in clear, and everything after it enciphered, its answer included. */
  async #exchangeKeys(encryption: NonNullable<AccessSettings["encryption"]>): Promise<void> {
    const { curve, publicKey } = readPublicKey(encryption.publicKey);
    const own = new Uint8Array(randomBytes(coordinateBytes(curve)));
    const { bits, streamMode } = encryption;
    const answered = this.#calls.call(KEY_METHOD, { publicKey: publicKeyOf(curve, own), streamMode, bits });
    this.#sealing = sealing(sharedSecret(curve, own, publicKey), { streamMode, bits });
    await answered;
  }

  #send(packet: Packet, values: Values): void {
    const { wire } = this.options;
    if (wire.tracing) wire.trace("out", packetLine(packet, values));
    const bytes = encodePacket(packet);
    wire.send(this.#sealing ? this.#sealing.seal(bytes) : bytes);
  }
}

/** What the vendor's Java library makes of a login that was answered with no. */
const LOGIN_FAILED = 800_005;
