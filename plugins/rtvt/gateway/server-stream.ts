import {
  EngineError,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  type GatewayOutcome,
  type GatewayRun,
  type GatewayStart,
  loadOpus,
  type OpusDecoder,
  opusPacketSamples,
} from "#engine/plugin";
import { PARAMETER_INVALID, STREAM_UNKNOWN, vendorCodeOf } from "../status.ts";
import type { Values } from "../wire/payload.ts";
import { CODECS, FRAME_BYTES, FRAME_SAMPLES, RATE_HZ, type StartQuest, textPush } from "../wire.ts";
import { ClientClock } from "./client-clock.ts";
import { Results } from "./results.ts";
import { SpokenFiles } from "./spoken.ts";

export interface ServerStreamOptions {
  readonly host: GatewayHost;
  readonly key: GatewayKey;
  readonly pid: number;
  readonly streamId: bigint;
  readonly start: StartQuest;
  readonly labels: Readonly<Record<string, string>>;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /** Calls the client. */
  push(method: string, values: Values): void;
}

/** A piece of audio as the client sent it. */
export interface Piece {
  readonly data: Uint8Array;
  readonly ts: number;
  readonly targets: readonly string[] | undefined;
}

/** One stream of a client, and the run behind it. */
export class ServerStream {
  readonly #clock = new ClientClock();
  readonly #results: Results;
  #targets: readonly string[] = [];
  #run: GatewayRun | undefined;
  #outcome: GatewayOutcome | undefined;
  #position = 0;
  #decoder: OpusDecoder | undefined;
  #spoken: SpokenFiles | undefined;
  /** By the host's clock, when audio came last. */
  heardMs: number;

  constructor(readonly options: ServerStreamOptions) {
    const { streamId, start, host } = options;
    this.heardMs = host.clock.nowMs();
    const targets = () => this.#targets;
    this.#results = new Results({ streamId, start, clock: this.#clock, targets, epochMs: () => host.epochMs() });
  }

  /** Languages come with the audio: the run cannot begin before. */
  get waitsForTargets(): boolean {
    const { transResult, destLanguage } = this.options.start;
    return transResult && destLanguage === "";
  }

  /** Starts the run. @throws EngineError what `host.start` throws. */
  async begin(targets: readonly string[]): Promise<void> {
    const { host, start } = this.options;
    this.#targets = this.waitsForTargets ? targets : [];
    if (start.codec === CODECS.opus && !this.#passesPackets)
      this.#decoder = (await loadOpus()).decoder({ sampleRateHz: RATE_HZ, channels: 1 });
    if (start.ttsResult)
      this.#spoken = new SpokenFiles(await loadOpus(), host.clock, ({ utterance, bytes }) => {
        const { streamId } = this.options;
        this.options.push("ttsResult", { streamId, ...this.#results.translationOf(utterance), data: bytes });
      });
    const run = await host.start(this.#request(targets));
    this.#run = run;
    void run.done.then((outcome) => {
      this.#outcome = outcome;
      this.#decoder?.close();
    });
    if (this.options.signal.aborted) run.cancel("the client has gone"); // while the run was being started
  }

  /**
   * Hands a piece of audio to the run; resolves when there is room for more.
   * @returns 0, or the vendor's code that refuses it.
   */
  async take({ data, ts, targets }: Piece): Promise<number> {
    this.heardMs = this.options.host.clock.nowMs();
    if (!this.#run) {
      if (!targets || targets.length === 0) return PARAMETER_INVALID;
      await this.begin(targets);
    } else if (targets?.some((target) => this.waitsForTargets && !this.#targets.includes(target)))
      return PARAMETER_INVALID; // the run translates into the languages that the first piece named
    if (this.#outcome) return this.#outcome.error ? vendorCodeOf(this.#outcome.error) : STREAM_UNKNOWN;
    const frame = this.#frame(data);
    if (!frame) return PARAMETER_INVALID;
    this.#clock.add(this.#position, ts);
    this.#position += FRAME_SAMPLES;
    await this.#run?.push(frame);
    return 0;
  }

  /**
   * No more comes. Resolves when the last result was sent, or after `waitMs`; what comes later is still sent.
   * @returns 0, or the vendor's code of what went wrong.
   */
  async end(waitMs: number): Promise<number> {
    const run = this.#run;
    if (!run) return 0;
    run.end();
    const { clock } = this.options.host;
    const late = Promise.withResolvers<undefined>();
    const callOff = clock.after(waitMs, () => late.resolve(undefined));
    const outcome = await Promise.race([this.#finished(run), late.promise]);
    callOff();
    return outcome?.error ? vendorCodeOf(outcome.error) : 0;
  }

  /** The client has gone, or left the stream alone for too long. Resolves when nothing of it is left. */
  async cancel(reason: string): Promise<void> {
    this.#spoken?.close();
    this.#run?.cancel(reason);
    await this.#run?.done;
  }

  async #finished(run: GatewayRun): Promise<GatewayOutcome> {
    const outcome = await run.done;
    this.#spoken?.flush();
    return outcome;
  }

  get #passesPackets(): boolean {
    const { inputs } = this.options.host.workflow;
    return !inputs.some(({ kind }) => kind === "audio") && inputs.some(({ kind }) => kind === "encoded");
  }

  #request(targets: readonly string[]): GatewayStart {
    const { key, start, labels, signal } = this.options;
    const opus = start.codec === CODECS.opus && this.#passesPackets;
    const all = this.waitsForTargets ? targets : start.destLanguage === "" ? [] : [start.destLanguage];
    return {
      key,
      input: opus ? { kind: "encoded" } : { kind: "audio", format: { sampleRateHz: RATE_HZ, channels: 1 } },
      params: {
        source: start.srcLanguage,
        alternatives: start.srcAltLanguage,
        ...(all[0] !== undefined && { target: all[0], targets: all }),
        ...(start.ttsSpeaker !== "" && { voice: start.ttsSpeaker }),
        ...(start.vadSlienceTime !== undefined && start.vadSlienceTime > 0 && { silenceMs: start.vadSlienceTime }),
      },
      labels,
      signal,
      onOutput: (frame) => this.#give(frame),
    };
  }

  #give(frame: Frame): void {
    if (frame.kind === "audio") return this.#spoken?.push(frame);
    const result = frame.kind === "text" ? this.#results.of(frame) : undefined;
    if (!result) return;
    const { method, values } = textPush(result, this.options.pid);
    this.options.push(method, values);
  }

  /** Undefined for what is no frame of 20 ms. */
  #frame(data: Uint8Array): Frame | undefined {
    const at = { sampleRateHz: RATE_HZ, channels: 1, startSample: this.#position } as const;
    if (this.options.start.codec === CODECS.pcm) {
      if (data.length !== FRAME_BYTES) return undefined;
      const pcm = new Int16Array(new Uint8Array(data).buffer);
      return { kind: "audio", pcm, ...at };
    }
    if (!isWholePacket(data)) return undefined;
    if (!this.#decoder) return { kind: "encoded", codec: "opus", packet: data, sampleCount: FRAME_SAMPLES, ...at };
    return { kind: "audio", pcm: this.#decoder.decode(data), ...at };
  }
}

function isWholePacket(packet: Uint8Array): boolean {
  try {
    return opusPacketSamples(packet, RATE_HZ) === FRAME_SAMPLES;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}
