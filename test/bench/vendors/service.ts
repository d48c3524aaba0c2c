import type { Connection, Door, Message, ServerNetwork } from "#engine/plugin";
import { NodeTypes } from "#engine/plugin";
import { MemoryNetwork, newHousehold, SystemClock, SystemNetwork } from "#engine/runtime";
import { emulate } from "#engine/testing";
import aliyun from "#plugins/aliyun";
import core from "#plugins/core";
import { serve } from "../harness/serve.ts";
import { ACCESS, nowMs, SERVICE, type ServiceAnswer, type ServiceQuestion } from "./conversation.ts";

const machine = new SystemNetwork();
let sent: Record<string, number[]> = {};

/** Notes when results leave. */
function noting(connection: Connection): Connection {
  const send = connection.send.bind(connection);
  connection.send = (message: Message) => {
    const result =
      typeof message === "string" && /"name":"Recognition(?:ResultChanged|Completed)"/.test(message)
        ? /"task_id":"(\w+)"/.exec(message)?.[1]
        : undefined;
    if (result !== undefined) {
      sent[result] ??= [];
      sent[result].push(nowMs());
    }
    send(message);
  };
  return connection;
}

const outside: ServerNetwork = {
  dial: (request) => machine.dial(request),
  fetch: (request) => machine.fetch(request),
  release: () => machine.release(),
  listen: (address, door) => machine.listen(address, noted(door)),
};

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

const [gateway] = aliyun.gateways ?? [];
if (!gateway) throw new Error("aliyun has no gateway");
const network = new MemoryNetwork(new SystemClock());
const emulator = await emulate(gateway, {
  network,
  outside,
  web: "127.0.0.1:0",
  types: new NodeTypes([core, aliyun]),
  workflow: SERVICE,
  keys: [ACCESS.key],
  household: newHousehold({ network }),
});

await serve<ServiceQuestion>((): ServiceAnswer => {
  const times = sent;
  sent = {};
  return { url: `ws://${emulator.web}/ws/v1`, times };
});
await emulator.close();
process.exit(0); // what clients left half open does not keep it
