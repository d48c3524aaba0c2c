import { type Connection, encodeS16le } from "#engine/plugin";
import { spoken } from "./ears.ts";
import { SENTENCES, TOKEN, type Toy } from "./service.ts";

/** A client of the made-up service that knows nothing of links. */
export async function connectToy({ network }: Toy, token = TOKEN): Promise<Connection> {
  const connection = await network.dial({ url: "ws://toy.test/listen" });
  connection.send(JSON.stringify({ type: "start", token, rate: 16_000 }));
  return connection;
}

/** Says all sentences, paced by the clock. */
export async function talkTo(connection: Connection, { clock }: Toy): Promise<void> {
  for (const frame of spoken(SENTENCES, 100)) {
    await clock.sleep(100);
    connection.send(encodeS16le(frame.pcm));
  }
}

/** All that the service says until it hangs up. */
export async function listenTo(connection: Connection): Promise<unknown[]> {
  const told: unknown[] = [];
  for await (const message of connection) told.push(JSON.parse(String(message)));
  return told;
}

/** A whole conversation, to its end. */
export async function converseWithToy(toy: Toy): Promise<unknown[]> {
  const connection = await connectToy(toy);
  const listening = listenTo(connection);
  await talkTo(connection, toy);
  connection.send(JSON.stringify({ type: "end" }));
  return listening;
}
