import type { Clock, Connection, Network, ServerNetwork } from "#engine/plugin";
import { encodePacket, MSGPACK, type Packet, PacketReader } from "../../../plugins/rtvt/wire/fpnn.ts";
import { decodeValues, encodeValues, type Values } from "../../../plugins/rtvt/wire/payload.ts";
import { STREAM_ID } from "./fixtures/vectors.ts";

/** A packet with its payload read. */
export type Seen = Packet & { readonly values: Values };

/** One end of a connection, packet by packet. */
export class RawEnd {
  /** All that came, in order. */
  readonly seen: Seen[] = [];
  readonly #reader = new PacketReader();
  #seq = 0;
  readonly #waiting: { readonly wanted: (seen: Seen) => boolean; readonly resolve: (seen: Seen) => void }[] = [];

  constructor(
    readonly connection: Connection,
    readonly onQuest: (quest: Extract<Seen, { kind: "quest" }>, end: RawEnd) => void = () => {},
    readonly version = 1,
  ) {
    void this.#read();
  }

  /** Calls, and waits for the answer. */
  async call(method: string, values: Values): Promise<Seen> {
    const seq = this.post(method, values);
    return this.next((seen) => seen.kind === "answer" && seen.seq === seq);
  }

  /** @returns the number of the call. */
  post(method: string, values: Values): number {
    const seq = ++this.#seq;
    this.send({ kind: "quest", version: this.version, flag: MSGPACK, seq, method, payload: encodeValues(values) });
    return seq;
  }

  oneWay(method: string, values: Values): void {
    const payload = encodeValues(values);
    this.send({ kind: "quest", version: this.version, flag: MSGPACK, seq: undefined, method, payload });
  }

  answer(seq: number | undefined, values: Values, ok = true): void {
    const payload = encodeValues(values);
    this.send({ kind: "answer", version: this.version, flag: MSGPACK, seq: seq ?? 0, ok, payload });
  }

  send(packet: Packet): void {
    this.connection.send(encodePacket(packet));
  }

  /** The first packet, seen already or to come, that is wanted. */
  next(wanted: (seen: Seen) => boolean): Promise<Seen> {
    const found = this.seen.find(wanted);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }

  calls(method: string): Values[] {
    return this.seen.flatMap((seen) => (seen.kind === "quest" && seen.method === method ? [seen.values] : []));
  }

  async #read(): Promise<void> {
    for await (const message of this.connection) {
      if (typeof message === "string") throw new Error("a text message");
      for (const packet of this.#reader.push(message))
        this.#take({ ...packet, values: decodeValues(packet.payload, packet.flag) });
    }
  }

  #take(seen: Seen): void {
    this.seen.push(seen);
    if (seen.kind === "quest") this.onQuest(seen, this);
    for (const waiter of this.#waiting.splice(0))
      if (waiter.wanted(seen)) waiter.resolve(seen);
      else this.#waiting.push(waiter);
  }
}

export const dialRaw = async (network: Network, url: string, version = 1): Promise<RawEnd> =>
  new RawEnd(await network.dial({ url }), undefined, version);

type Answer = Values | { readonly refuse: number } | "nothing";
export type Answers = Readonly<Record<string, (values: Values, end: RawEnd, call: number) => Answer>>;

/** What the service answers where a test does not say otherwise. */
const usual: Answers = {
  login: () => ({ successed: true }),
  voiceStart: () => ({ streamId: STREAM_ID }),
  voiceData: () => ({}),
  voiceEnd: () => ({}),
  "*ping": () => ({ ts: 1713354431500 }),
};

/** A service that does what a test says. @returns its ends of connections, as they come. */
export async function listenRaw(network: ServerNetwork, address: string, answers: Answers = {}): Promise<RawEnd[]> {
  const ends: RawEnd[] = [];
  let calls = 0;
  const onQuest: RawEnd["onQuest"] = ({ method, seq, values }, end) => {
    const answer = ({ ...usual, ...answers }[method] ?? (() => "nothing" as const))(values, end, ++calls);
    if (answer === "nothing") return;
    if (typeof answer.refuse === "number") end.answer(seq, { code: answer.refuse, ex: "no" }, false);
    else end.answer(seq, answer as Values);
  };
  await network.listen(address, { stream: (connection) => void ends.push(new RawEnd(connection, onQuest)) });
  return ends;
}

/** A result as the service pushes it. @param baseTs of the stream. */
export const result = (text: { readonly asr: string } | { readonly trans: string }, more: Values = {}): Values => ({
  pid: 81700001,
  streamId: STREAM_ID,
  startTs: 0,
  endTs: 0,
  recTs: 0,
  lang: "trans" in text ? "es" : "en",
  taskId: 1,
  ...text,
  ...more,
});

export const sleep = (clock: Clock, ms: number): Promise<void> => clock.sleep(ms);
