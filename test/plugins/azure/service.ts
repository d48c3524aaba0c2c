import type { FaultScript, Frame, NodeDefinition, TextFrame } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode, type Emulator, emulate, type VendorService } from "#engine/testing";
import { gateway } from "../../../plugins/azure/gateway.ts";
import { hears, LISTENS, speaks, typesWithTones } from "../aliyun/service.ts";

export { hears, LISTENS, speaks, typesWithTones };

export const KEY = { id: "example-key", secret: "example-key", facts: {} };
export const HOST = "azure.test:80";
export const ACCESS = { host: "ws://azure.test", key: "example-key" };

/** A workflow that hears these sentences, a second each, and translates each into these languages. */
export const translates = (
  texts: Readonly<Record<string, Readonly<Record<string, string>>>>,
  languages: readonly string[],
): string => {
  const sentences = Object.keys(texts);
  const nodes = languages.map(
    (language) => `  into-${language}:
    use: core.script
    from: asr
    with:
      as: translate
      language: ${language}
      table: { ${sentences.map((text) => `${JSON.stringify(text)}: { text: ${JSON.stringify(texts[text]![language])} }`).join(", ")} }`,
  );
  return hears(...sentences)
    .replace("outputs:", `${nodes.join("\n")}\noutputs:`)
    .replace(
      "[asr.partial, asr.final]",
      `[asr.partial, asr.final, ${languages.map((language) => `into-${language}`).join(", ")}]`,
    );
};

interface ServiceOptions {
  readonly workflow: string;
  readonly faults?: FaultScript["faults"];
  readonly frames?: DriveOptions["frames"];
  /** In addition to `ACCESS`. */
  readonly config?: Record<string, unknown>;
  readonly gatewayConfig?: Record<string, unknown>;
  readonly latencyMs?: number;
  readonly tracing?: boolean;
}

/** An emulated service in memory and in virtual time; `close` it. */
export async function openService(options: Omit<ServiceOptions, "frames" | "config">): Promise<VendorService> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, { latencyMs: options.latencyMs ?? 0 });
  const emulator: Emulator = await emulate(gateway, {
    network,
    web: HOST,
    types: typesWithTones(),
    workflow: options.workflow,
    keys: [KEY],
    config: options.gatewayConfig ?? {},
    faults: { faults: [...(options.faults ?? [])] },
  });
  const close = async () => {
    await emulator.close();
    stop();
  };
  return { clock, network, emulator, close };
}

/** Drives a node against the emulated service. */
export async function served(
  definition: NodeDefinition,
  options: ServiceOptions,
): Promise<Driven & { readonly endedMs: number }> {
  const service = await openService(options);
  try {
    const { clock, network } = service;
    const { frames = [], tracing = false } = options;
    const driven = await driveNode(definition, { ...ACCESS, ...options.config }, { frames, clock, network, tracing });
    return { ...driven, endedMs: clock.nowMs() };
  } finally {
    await service.close();
  }
}

export const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text");

/** What a node sent and got, by `Path`: JSON bodies parsed. */
export const wireOf = ({ events }: Pick<Driven, "events">, direction: "in" | "out"): { path: string; body: string }[] =>
  events.flatMap((event) => {
    if (event.type !== "wire" || event.direction !== direction || typeof event.message !== "string") return [];
    const [head = "", body = ""] = event.message.split("\r\n\r\n");
    const path = /^Path:\s*(\S+)/im.exec(head)?.[1];
    return path ? [{ path, body }] : [];
  });

/** A text to be spoken. */
export const prompt = (utterance: string, text: string, more: Partial<TextFrame> = {}): TextFrame => ({
  kind: "text",
  role: "prompt",
  text,
  utterance,
  revision: 1,
  final: true,
  stableChars: text.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz: 16_000,
  ...more,
});
