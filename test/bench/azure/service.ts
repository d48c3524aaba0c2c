import { type Connection, type Door, type Message, NodeTypes, type ServerNetwork } from "#engine/plugin";
import { MemoryNetwork, newHousehold, SystemClock, SystemNetwork } from "#engine/runtime";
import { emulate } from "#engine/testing";
import azure from "#plugins/azure";
import core from "#plugins/core";
import { serve } from "../harness/serve.ts";
import { nowMs } from "../vendors/conversation.ts";
import { KEY, SERVICE, type ServiceAnswer, type ServiceQuestion } from "./conversation.ts";

const machine = new SystemNetwork();
let sentAt: number[] = [];

/** Notes when results leave. */
function noting(connection: Connection): Connection {
  const send = connection.send.bind(connection);
  connection.send = (message: Message) => {
    if (
      typeof message === "string" &&
      /Path: ?speech\.(hypothesis|phrase)/i.test(message) &&
      /"(Display)?Text"/.test(message)
    )
      sentAt.push(nowMs());
    send(message);
  };
  return connection;
}

function noted(door: Door): Door {
  const { upgrade } = door;
  if (!upgrade) return door;
  return {
    ...door,
    upgrade: async (incoming) => {
      const answer = await upgrade(incoming);
      return "serve" in answer ? { ...answer, serve: (connection) => answer.serve(noting(connection)) } : answer;
    },
  };
}

const outside: ServerNetwork = {
  dial: (request) => machine.dial(request),
  fetch: (request) => machine.fetch(request),
  release: () => machine.release(),
  listen: (address, door) => machine.listen(address, noted(door)),
};

const [gateway] = azure.gateways ?? [];
if (!gateway) throw new Error("azure has no gateway");
const network = new MemoryNetwork(new SystemClock());
const emulator = await emulate(gateway, {
  network,
  outside,
  web: "127.0.0.1:0",
  types: new NodeTypes([core, azure]),
  workflow: SERVICE,
  keys: [KEY],
  household: newHousehold({ network }),
});

await serve<ServiceQuestion>((): ServiceAnswer => {
  const times = sentAt;
  sentAt = [];
  return { url: `ws://${emulator.web}`, sentAt: times };
});
await emulator.close();
process.exit(0); // what clients left half open does not keep it
