import type { AudioFrame, FaultScript, Frame, NodeTypes, TextFrame } from "#engine/plugin";
import { MemoryNetwork, type MemoryNetworkOptions, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode, type Emulator, emulate } from "#engine/testing";
import { asr } from "./asr.ts";
import { gateway } from "./gateway.ts";

/** A workflow that hears three sentences in three seconds, whatever is said. */
export const SCRIPTED = `
parlando: 1
name: toy
inputs:
  talk: { kind: audio }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with:
      as: asr
      results:
        - { text: one two, partials: auto, fromMs: 0, untilMs: 1000 }
        - { text: three four, partials: auto, fromMs: 1000, untilMs: 2000 }
        - { text: five six, partials: auto, fromMs: 2000, untilMs: 3000 }
outputs:
  texts: [asr.partial, asr.final]
`;

export const TOKEN = "open-sesame";

/** So many ms of audio, paced by nobody, in frames of 20 ms. */
export const talk = (ms: number): AudioFrame[] =>
  Array.from({ length: ms / 20 }, (_, i) => ({
    kind: "audio",
    pcm: new Int16Array(320).fill(i),
    sampleRateHz: 16_000,
    channels: 1,
    startSample: i * 320,
  }));

export interface ToyOptions {
  readonly types: NodeTypes;
  readonly faults?: FaultScript["faults"];
  readonly frames?: DriveOptions["frames"];
  readonly config?: Record<string, unknown>;
  readonly network?: MemoryNetworkOptions;
  readonly definition?: Parameters<typeof driveNode>[0];
}

/** Drives the toy's recogniser against the toy's gateway, in memory and in virtual time. */
export async function hearToy(options: ToyOptions): Promise<Driven & { emulator: Emulator; network: MemoryNetwork }> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock, options.network);
  const emulator = await emulate(gateway, {
    network,
    web: "toy.test:80",
    types: options.types,
    workflow: SCRIPTED,
    keys: [{ id: TOKEN, secret: TOKEN, facts: {} }],
    faults: { faults: [...(options.faults ?? [])] },
  });
  try {
    const driven = await driveNode(
      options.definition ?? asr,
      { token: TOKEN, ...options.config },
      { frames: options.frames ?? talk(3000), clock, network },
    );
    return { ...driven, emulator, network };
  } finally {
    await emulator.close();
    stop();
  }
}

export const finals = (frames: readonly Frame[]): string[] =>
  frames.filter((frame): frame is TextFrame => frame.kind === "text" && frame.final).map(({ text }) => text);
