import { describe, test } from "bun:test";
import {
  type GatewaySubject,
  gatewayContract,
  registerContract,
  type VendorSubject,
  vendorRecogniserContract,
} from "#engine/testing";
import { asr } from "#test/toy-vendor/asr";
import { connectToy, converseWithToy, listenTo } from "#test/toy-vendor/client";
import { spoken } from "#test/toy-vendor/ears";
import { FAILING_WORKFLOW, openToy, SENTENCES, TOKEN, type Toy, WORKFLOW } from "#test/toy-vendor/service";

const toy = (): VendorSubject => ({
  definition: asr,
  config: { token: TOKEN },
  frames: spoken(SENTENCES),
  open: (faults = [], latencyMs = 0) => openToy({ faults, network: { latencyMs } }),
  wrongKey: { config: { token: "not-the-token" }, secrets: ["not-the-token"] },
  passingError: 500,
});

const toyGateway = (): GatewaySubject<Toy> => ({
  open: (workflow) => openToy({ workflow: workflow === "failing" ? FAILING_WORKFLOW : WORKFLOW }),
  addresses: ["ws://toy.test/listen", "http://toy.test/listen"],
  converse: converseWithToy,
  tellsFailure: (told) => JSON.stringify(told).includes('"error"'),
  refused: async (service) => listenTo(await connectToy(service, "not-the-token")),
  async begin(service) {
    const connection = await connectToy(service);
    connection.send(new Uint8Array(3200));
    return connection;
  },
  secrets: [TOKEN],
});

describe("the made-up vendor", () => {
  registerContract(gatewayContract("toy", toyGateway), test);
  registerContract(vendorRecogniserContract("toy.asr", toy), test);
});
