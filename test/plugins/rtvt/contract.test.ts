import { describe, test } from "bun:test";
import { type FaultScript, loadOpus, type NodeDefinition } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import {
  emulate,
  registerContract,
  type VendorService,
  type VendorSubject,
  vendorInterpreterContract,
  vendorRecogniserContract,
} from "#engine/testing";
import { framesOf } from "#test/signals";
import { asr } from "../../../plugins/rtvt/asr.ts";
import { gateway } from "../../../plugins/rtvt/gateway.ts";
import { interpret } from "../../../plugins/rtvt/interpret.ts";
import { PROJECT } from "./fixtures/vectors.ts";
import { HEARS_WORDS, testTypes, words } from "./nodes.ts";
import { ACCESS, KEY, OVER_WEB, TCP, WEB } from "./service.ts";

await loadOpus();

async function open(faults: FaultScript["faults"] = [], latencyMs = 0): Promise<VendorService> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, { latencyMs });
  const emulator = await emulate(gateway, {
    network,
    tcp: TCP,
    web: WEB,
    types: testTypes(),
    workflow: HEARS_WORDS,
    keys: [KEY],
    faults: { faults: [...faults] },
  });
  const close = async () => {
    await emulator.close();
    stop();
  };
  return { clock, network, emulator, close };
}

const another = Buffer.from("somebody else's key").toString("base64");

const subject = (definition: NodeDefinition, config: Record<string, unknown>) => (): VendorSubject => ({
  definition,
  config,
  frames: framesOf(words(4)),
  open,
  wrongKey: { config: { ...config, key: another }, secrets: [another, PROJECT.key] },
  passingError: 800_000,
  tokens: true,
});

describe("over TCP", () => {
  registerContract(vendorInterpreterContract("rtvt.interpret", subject(interpret, { ...ACCESS, target: "es" })), test);
});
describe("over a WebSocket", () => {
  registerContract(vendorRecogniserContract("rtvt.asr", subject(asr, OVER_WEB)), test);
});
