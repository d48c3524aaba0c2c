import type { Check } from "./contract/probe.ts";

export { audioNodeContract } from "./contract/audio-checks.ts";
export { type SinkSubject, sinkContract, sourceContract } from "./contract/end-checks.ts";
export { type GatewaySubject, gatewayContract, type MakeGatewaySubject } from "./contract/gateway-checks.ts";
export { nodeContract } from "./contract/node-checks.ts";
export type { Check, MakeSubject, Subject, Surroundings } from "./contract/probe.ts";
export { recogniserContract, synthesiserContract, translatorContract } from "./contract/text-checks.ts";
export {
  vendorContract,
  vendorInterpreterContract,
  vendorRecogniserContract,
  vendorSynthesiserContract,
  vendorTranslatorContract,
} from "./contract/vendor-checks.ts";
export type { MakeVendorSubject, VendorService, VendorSubject } from "./contract/vendor-subject.ts";

/**
 * Registers checks as tests.
 * @param test of the test runner, which this room must not load by itself: it is used outside of tests, too.
 */
export function registerContract(
  checks: readonly Check[],
  test: (name: string, run: () => Promise<void>, timeoutMs?: number) => void,
): void {
  for (const check of checks) test(check.name, () => check.run(), check.timeoutMs);
}
