import { z } from "zod";
import {
  type AudioFrame,
  defineNode,
  type Emit,
  type Frame,
  type InlineNode,
  type InputPorts,
  msToSamples,
  type NodeContext,
} from "#engine/plugin";
import { EchoCanceller } from "#native/speexdsp";
import { requireRealClock } from "./devices/recovery.ts";
import { RunDevices } from "./devices/run-devices.ts";
import { AlignedStream } from "./enhance/aligned.ts";
import { PlayedReference } from "./enhance/played-reference.ts";
import { Reference } from "./enhance/reference.ts";

const BLOCK_MS = 20;
/** How far the loudspeaker may run ahead of the microphone. */
const KEPT_SECONDS = 10;

const config = z.strictObject({
  sampleRateHz: z
    .literal([16_000, 8000, 32_000, 48_000])
    .default(16_000)
    .describe("The rate of both inputs; what comes at another one is converted."),
  tailMs: z
    .number()
    .int()
    .min(20)
    .max(500)
    .default(200)
    .describe(
      "How long an echo lasts that is taken away, from loudspeaker to microphone: the larger the room, the longer.",
    ),
  offsetMs: z
    .number()
    .int()
    .min(-2000)
    .max(2000)
    .default(0)
    .describe(
      "How much later than its place in the stream the loudspeaker is heard, where that is known and more than tailMs.",
    ),
  reference: z
    .enum(["input", "speakers"])
    .default("input")
    .describe(
      "What is taken away: the audio of the input `loudspeaker`, or what the core.speakers of this run are heard playing, beside a core.microphone on the same machine.",
    ),
  residue: z.boolean().default(true).describe("Lowers what the filter leaves of the echo, too, for 20 ms more delay."),
  waitMs: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(200)
    .describe(
      "How long the microphone waits for the loudspeaker's audio of the same time; then it is taken as silent.",
    ),
});

type Settings = z.output<typeof config>;

/** Takes the sound of a loudspeaker out of what a microphone hears, so that a machine does not hear itself. */
export const echo = defineNode({
  type: "core.echo",
  summary: "Takes what the loudspeaker plays out of what the microphone hears.",
  role: "filter",
  inputs: ({ sampleRateHz, reference }): InputPorts => ({
    audio: { kinds: ["audio", "speech"], audio: { sampleRateHz, channels: 1 }, default: true },
    ...(reference === "input" && { loudspeaker: { kinds: ["audio"], audio: { sampleRateHz, channels: 1 } } }),
  }),
  outputs: { audio: { kinds: ["audio", "speech"], audio: "same" } },
  passes: "time",
  delays: ({ residue }) => [{ ms: residue ? 2 * BLOCK_MS : BLOCK_MS, why: "echo is taken out block by block" }],
  config,
  create(settings, ctx) {
    if (settings.reference === "input") return new Echo(settings, ctx);
    requireRealClock(ctx, "loudspeaker");
    return new Echo(settings, ctx, new RunDevices(ctx));
  },
});

class Echo implements InlineNode {
  /** Of the input; undefined where the run's own devices tell. */
  readonly #reference: Reference | undefined;
  readonly #stream: AlignedStream;
  readonly #waitSamples: number;
  readonly #offsetSamples: number;
  /** Of the microphone, behind what the loudspeaker told so far. */
  readonly #waiting: Frame[] = [];
  #waitingSamples = 0;
  #canceller: EchoCanceller;

  constructor(
    settings: Settings,
    private readonly ctx: NodeContext,
    private readonly devices?: RunDevices,
  ) {
    const { sampleRateHz, tailMs, residue } = settings;
    const frameSamples = msToSamples(BLOCK_MS, sampleRateHz);
    const open = () =>
      new EchoCanceller({ frameSamples, sampleRateHz, tailSamples: msToSamples(tailMs, sampleRateHz), residue });
    this.#canceller = open();
    this.#waitSamples = msToSamples(settings.waitMs, sampleRateHz);
    this.#offsetSamples = Math.sign(settings.offsetMs) * msToSamples(Math.abs(settings.offsetMs), sampleRateHz);
    const keptSamples = KEPT_SECONDS * sampleRateHz + this.#waitSamples + Math.abs(this.#offsetSamples);
    this.#reference = devices ? undefined : new Reference(keptSamples);
    const played = this.#reference ?? new PlayedReference(devices!, sampleRateHz, keptSamples);
    this.#stream = new AlignedStream(
      { blockSamples: frameSamples, delaySamples: residue ? frameSamples : 0 },
      (heard, startSample) => {
        const at = startSample - this.#offsetSamples;
        return this.#canceller.run(heard, played.read(at, heard.length));
      },
      () => undefined, // what was learnt of the room holds behind a gap, too
    );
  }

  onFrame(frame: Frame, emit: Emit, port: string): void {
    if (port === "loudspeaker") {
      if (frame.kind === "audio") {
        this.#reference?.push(frame.pcm, frame.startSample);
        this.ctx.gate(frame.pcm.length); // it is listened to, and never goes on
      }
    } else {
      this.#waiting.push(frame);
      if (frame.kind === "audio") this.#waitingSamples += frame.pcm.length;
    }
    this.#pass(emit);
  }

  onControl(control: { readonly kind: string; readonly port?: string }, emit: Emit): void {
    if (control.kind !== "end") return;
    if (control.port === "loudspeaker") {
      this.#reference?.end();
      this.#pass(emit);
      return;
    }
    this.#pass(emit, true);
    this.#stream.flush(emit);
  }

  held(): number {
    return this.#waitingSamples + this.#stream.inside;
  }

  close(): void {
    this.#canceller.close();
    this.devices?.leave();
  }

  /** Hands over what the loudspeaker's audio is there for, or has been waited for long enough. */
  #pass(emit: Emit, all = false): void {
    for (let frame = this.#waiting[0]; frame; frame = this.#waiting[0]) {
      if (frame.kind === "audio" && !all && !this.#ready(frame)) return;
      this.#waiting.shift();
      if (frame.kind !== "audio") {
        this.#stream.mark(frame, emit);
        continue;
      }
      this.#waitingSamples -= frame.pcm.length;
      this.#stream.push(frame, emit);
    }
  }

  #ready({ startSample, pcm }: AudioFrame): boolean {
    if (!this.#reference) return true; // what was played until now is known by now
    if (startSample + pcm.length - this.#offsetSamples <= this.#reference.knownTo) return true;
    if (this.#waitingSamples <= this.#waitSamples) return false;
    this.ctx.count("unheardReferenceSamples", pcm.length);
    return true;
  }
}
