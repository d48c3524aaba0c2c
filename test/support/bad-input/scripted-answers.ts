/** Services that stand in place of a vendor's gateway, and say what no gateway of ours does. */
import type { Connection, Message } from "#engine/plugin";
import type { Instead } from "./table.ts";

/** What a node said: the kind of message, by the vendor's name for it, and the turn or task that it is of. */
export interface Asked {
  readonly name: string;
  readonly id: string;
}

/** @param read what a message of the vendor's asks; undefined for one that is passed over. */
export const answeringEach =
  (read: (message: Message) => Asked | undefined) =>
  (answer: (name: string, id: string, connection: Connection) => void): Instead =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({
        async serve(connection) {
          for await (const message of connection) {
            const asked = read(message);
            if (asked) answer(asked.name, asked.id, connection);
          }
        },
      }),
    });

/** Says this to whoever opens a socket, or nothing, and then listens to nobody. */
export const greeting =
  (...messages: Message[]): Instead =>
  (network, { web }) =>
    network.listen(web, {
      upgrade: async () => ({
        serve: (connection) => {
          for (const message of messages) connection.send(message);
        },
      }),
    });

/** Answers every request with this, in JSON unless it is a text, and refuses every socket so. */
export const answering =
  (status: number, body: unknown = "no"): Instead =>
  (network, { web }) => {
    const answer = async () => ({ status, body: typeof body === "string" ? body : JSON.stringify(body) });
    return network.listen(web, { request: answer, upgrade: answer });
  };
