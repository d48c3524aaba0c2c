import type { Connection, Door, Message, ServerNetwork } from "#engine/plugin";
import { NodeTypes } from "#engine/plugin";
import { MemoryNetwork, newHousehold, SystemClock, SystemNetwork } from "#engine/runtime";
import { emulate } from "#engine/testing";
import core from "#plugins/core";
import { serve } from "../harness/serve.ts";
import { VENDORS } from "./by-name.ts";
import { nowMs, SERVICE, type ServiceAnswer, type ServiceQuestion } from "./conversation.ts";
import type { VendorName } from "./vendor.ts";

const machine = new SystemNetwork();
let sent: Record<string, number[]> = {};

/** Notes when results leave. */
function noting(connection: Connection, vendor: VendorName): Connection {
  const { resultOf } = VENDORS[vendor];
  const send = connection.send.bind(connection);
  connection.send = (message: Message) => {
    const result = typeof message === "string" ? resultOf(message) : undefined;
    if (result !== undefined) {
      sent[result] ??= [];
      sent[result].push(nowMs());
    }
    send(message);
  };
  return connection;
}

const outside = (vendor: VendorName): ServerNetwork => ({
  dial: (request) => machine.dial(request),
  fetch: (request) => machine.fetch(request),
  release: () => machine.release(),
  listen: (address, door) => machine.listen(address, noted(door, vendor)),
});

function noted(door: Door, vendor: VendorName): Door {
  const { upgrade } = door;
  if (!upgrade) return door;
  return {
    ...door,
    upgrade: async (incoming) => {
      const answer = await upgrade(incoming);
      return "serve" in answer
        ? { ...answer, serve: (connection) => answer.serve(noting(connection, vendor)) }
        : answer;
    },
  };
}

async function open(vendor: VendorName) {
  const { plugin, key } = VENDORS[vendor];
  const [gateway] = plugin.gateways ?? [];
  if (!gateway) throw new Error(`${vendor} has no gateway`);
  const network = new MemoryNetwork(new SystemClock());
  return emulate(gateway, {
    network,
    outside: outside(vendor),
    web: "127.0.0.1:0",
    types: new NodeTypes([core, plugin]),
    workflow: SERVICE,
    keys: [key],
    household: newHousehold({ network }),
  });
}

let emulator: Awaited<ReturnType<typeof open>> | undefined;

await serve<ServiceQuestion>(async ({ vendor }): Promise<ServiceAnswer> => {
  emulator ??= await open(vendor);
  const times = sent;
  sent = {};
  return { url: VENDORS[vendor].url(emulator.web ?? ""), times };
});
await emulator?.close();
process.exit(0); // what clients left half open does not keep it
