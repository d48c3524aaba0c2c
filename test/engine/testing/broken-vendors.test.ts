import { describe, expect, test } from "bun:test";
import type { GatewayDefinition, NodeDefinition } from "#engine/plugin";
import { type Check, gatewayContract, vendorContract } from "#engine/testing";
import { rejectionOf } from "#test/rejection";
import { asr } from "#test/toy-vendor/asr";
import { brokenGateways, brokenNodes } from "#test/toy-vendor/broken";
import { connectToy, converseWithToy, listenTo } from "#test/toy-vendor/client";
import { spoken } from "#test/toy-vendor/ears";
import { FAILING_WORKFLOW, openToy, SENTENCES, TOKEN, type Toy, WORKFLOW } from "#test/toy-vendor/service";

/** The one check whose name has these words. */
function checkOf(checks: readonly Check[], words: string): Check {
  const [check, ...others] = checks.filter(({ name }) => name.includes(words));
  if (!check || others.length > 0) throw new Error(`${words}: ${others.length + (check ? 1 : 0)} checks`);
  return check;
}

interface BrokenNode {
  readonly promise: string;
  readonly definition?: () => NodeDefinition;
  readonly link?: Record<string, unknown>;
  readonly tokens?: true;
}

describe("each promise of a vendor's node is noticed when it is broken", () => {
  test.each<BrokenNode>([
    { promise: "takes its time to be ready", definition: brokenNodes.impatient, link: { early: true } },
    { promise: "opens again where opening failed", definition: brokenNodes.brittle, link: { attempts: 1 } },
    { promise: "a lost connection", definition: brokenNodes.careless },
    { promise: "a lost connection", definition: brokenNodes.brittle },
    { promise: "notices silence", link: { silentMs: 0, finishMs: 0 } },
    { promise: "come late, in pieces or twice", link: { finishMs: 300 } },
    { promise: "an answer that makes no sense", definition: brokenNodes.codeless },
    { promise: "an error of the vendor's that may pass", definition: brokenNodes.brittle },
    { promise: "asks for another token", tokens: true },
    { promise: "its key is refused", definition: brokenNodes.shouting },
    { promise: "its key is refused", definition: brokenNodes.brittle },
    { promise: "the vendor never answers", link: { openMs: 0 } },
    { promise: "the vendor never answers", definition: brokenNodes.brittle },
    { promise: "whenever it is cancelled", definition: brokenNodes.slow },
    { promise: "no secret in its trace", definition: brokenNodes.indiscreet },
    { promise: "leaves nothing behind", definition: brokenNodes.untidy },
    { promise: "leaves nothing behind", definition: brokenNodes.hoarding },
    { promise: "leaves nothing behind", definition: brokenNodes.generous },
  ])(
    "$promise",
    async ({ promise, definition, link, tokens }) => {
      const checks = vendorContract("double", () => ({
        definition: definition?.() ?? asr,
        config: { token: TOKEN, ...(link && { link }) },
        frames: spoken(SENTENCES),
        open: (faults = [], latencyMs = 0) => openToy({ faults, network: { latencyMs } }),
        wrongKey: { config: { token: "not-the-token" }, secrets: ["not-the-token"] },
        passingError: 500,
        ...(tokens && { tokens }),
      }));
      expect(await rejectionOf(checkOf(checks, promise).run())).toBeInstanceOf(Error);
    },
    60_000,
  );
});

describe("each promise of a gateway is noticed when it is broken", () => {
  test.each<{ promise: string; gateway: () => GatewayDefinition; asked?: (toy: Toy) => Promise<unknown> }>([
    { promise: "answers a client", gateway: brokenGateways.mute },
    { promise: "answers a client", gateway: brokenGateways.counting },
    { promise: "many clients at once", gateway: brokenGateways.mixed },
    { promise: "refuses a wrong credential", gateway: brokenGateways.trusting },
    { promise: "refuses a wrong credential", gateway: brokenGateways.indiscreet },
    { promise: "a client that goes away", gateway: brokenGateways.keeping },
    { promise: "its run has failed", gateway: brokenGateways.careless },
    { promise: "callers that make no sense", gateway: brokenGateways.patient },
    { promise: "sends its clients away", gateway: brokenGateways.keeping },
    { promise: "leaves nothing behind", gateway: brokenGateways.untidy },
    { promise: "leaves nothing behind", gateway: brokenGateways.hoarding },
  ])(
    "$promise",
    async ({ promise, gateway }) => {
      const checks = gatewayContract<Toy>("double", () => ({
        open: (workflow) =>
          openToy({ gateway: gateway(), workflow: workflow === "failing" ? FAILING_WORKFLOW : WORKFLOW }),
        addresses: ["ws://toy.test/listen"],
        converse: converseWithToy,
        tellsFailure: (told) => JSON.stringify(told).includes('"error"'),
        refused: async (toy) => listenTo(await connectToy(toy, "not-the-token")),
        begin: async (toy) => {
          const connection = await connectToy(toy);
          connection.send(new Uint8Array(3200));
          return connection;
        },
        secrets: [TOKEN],
      }));
      expect(await rejectionOf(checkOf(checks, promise).run())).toBeInstanceOf(Error);
    },
    60_000,
  );
});
