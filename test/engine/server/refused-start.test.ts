import { expect, setDefaultTimeout, test } from "bun:test";
import { caller, live } from "#test/control";
import { ECHOED } from "#test/spoken-numbers";
import { WholeServer } from "#test/whole-server";

setDefaultTimeout(60_000); // on a busy machine

const RUN = { workflow: { text: ECHOED, name: "numbers" }, inputs: { talk: live } };

/** The first message of a socket, and how the socket was closed. */
async function refused(whole: WholeServer, start: object): Promise<string> {
  const closed = Promise.withResolvers<string>();
  const socket = new WebSocket(`${whole.url.replace("http", "ws")}/v1/stream`);
  socket.onopen = () => socket.send(JSON.stringify({ type: "start", run: RUN, outputs: ["none"], ...start }));
  socket.onclose = ({ code, reason }) => closed.resolve(`${code} ${reason}`);
  return closed.promise;
}

test.each([
  ["a run that its socket cannot join is cancelled, for nobody knows it", {}, ["cancelled"]],
  [
    "one with an idempotency key goes on: the same start with outputs that are there finds it",
    { idempotencyKey: "k" },
    ["running", "starting"],
  ],
])("%s", async (_what, start, states) => {
  await using whole = await WholeServer.open();
  expect(await refused(whole, start)).toBe("4422 OUTPUT_UNKNOWN");
  const { items } = await whole.control.runs.list(caller, {});
  expect(items.length).toBe(1);
  expect(states).toContain(items[0]!.state);
});
