import { describe, test } from "bun:test";
import { registerContract, type VendorSubject, vendorRecogniserContract } from "#engine/testing";
import { asr } from "#test/toy-vendor/asr";
import { spoken } from "#test/toy-vendor/ears";
import { openToy, SENTENCES, TOKEN } from "#test/toy-vendor/service";

const toy = (): VendorSubject => ({
  definition: asr,
  config: { token: TOKEN },
  frames: spoken(SENTENCES),
  open: (faults = [], latencyMs = 0) => openToy({ faults, network: { latencyMs } }),
  wrongKey: { config: { token: "not-the-token" }, secrets: ["not-the-token"] },
  passingError: 500,
});

describe("the made-up vendor", () => {
  registerContract(vendorRecogniserContract("toy.asr", toy), test);
});
