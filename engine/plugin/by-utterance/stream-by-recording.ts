import { EngineError } from "#engine/errors";
import { convertChannels, Resampler, WavReader } from "../../audio/index.ts";
import { type AudioFormat, type AudioFrame, type Frame, msToSamples, type RecordingFrame } from "../../frames/index.ts";
import type { NodeContext } from "../context.ts";
import { InnerInput } from "../inner/inner-input.ts";
import { InnerNode } from "../inner/inner-node.ts";
import type { AwaitableEmit, Received, TaskInput, TaskNode } from "../node.ts";
import type { AudioLimits } from "../ports.ts";
import { instanceContext } from "../supervise/instance-context.ts";
import type { ByUtteranceOptions } from "./file-by-utterance.ts";

const FRAME_MS = 20;
/** Audio that waits for the recogniser. */
const WAITING_MS = 2000;

/** Gives a recogniser of streams each recording as a stream of its own, with marks around it; other frames pass as they come. */
export class StreamByRecording implements TaskNode {
  #current: InnerNode | undefined;
  /** Of what comes live, outside of recordings. */
  #live: { readonly input: InnerInput; readonly done: Promise<void> } | undefined;

  constructor(
    readonly options: ByUtteranceOptions,
    readonly ctx: NodeContext,
  ) {}

  async run(input: TaskInput, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    for (let received = await input.next(); received; received = await input.next())
      if (received.frame.kind === "recording") {
        await this.#endLive();
        await this.#recognise(received.frame, emit, signal);
      } else await this.#pass(received, emit, signal);
    await this.#endLive();
  }

  onControl(control: Parameters<NonNullable<TaskNode["onControl"]>>[0]): void {
    this.#current?.control(control);
  }

  held(): number {
    return (this.#live?.input.samples ?? 0) + (this.#current?.held() ?? 0);
  }

  async close(): Promise<void> {
    await this.#current?.close();
  }

  async #pass(received: Received, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { port, shownAs } = this.options;
    const format = this.ctx.formats[shownAs];
    this.#live ??= this.#start(format ? this.#contextFor(format) : this.ctx, emit, signal);
    this.#live.input.push(received.port === shownAs ? { ...received, port } : received);
    await Promise.race([this.#live.input.room(), this.#live.done]);
  }

  #start(ctx: NodeContext, emit: AwaitableEmit, signal: AbortSignal) {
    const { definition, config } = this.options;
    const inner = new InnerNode({ definition, config, ctx });
    this.#current = inner;
    const input = new InnerInput(WAITING_MS);
    const done = inner.run(input, emit, signal);
    done.catch(() => {});
    return { input, done };
  }

  async #endLive(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    live?.input.end();
    await live?.done;
  }

  async #recognise(recording: RecordingFrame, emit: AwaitableEmit, signal: AbortSignal): Promise<void> {
    const { definition, config, port } = this.options;
    const limits = definition.inputs(config)[port]?.audio ?? {};
    const { pcm, format } = fitted(decoded(await bytesOf(recording, this.ctx)), limits);
    const { input, done } = this.#start(this.#contextFor(format), emit, signal);
    const utterance = this.ctx.newUtterance();
    const marks = definition.inputs(config)[port]?.kinds.includes("speech") ?? false;
    const mark = (kind: "start" | "end", atSample: number): Frame => ({
      kind: "speech",
      mark: kind,
      utterance,
      atSample,
      sampleRateHz: format.sampleRateHz,
    });
    if (marks) input.push({ port, frame: mark("start", 0) });
    for (const frame of framesOf(pcm, format, utterance)) {
      input.push({ port, frame });
      await Promise.race([input.room(), done]);
    }
    if (marks) input.push({ port, frame: mark("end", pcm.length / format.channels) });
    input.end();
    await done;
  }

  #contextFor(format: AudioFormat): NodeContext {
    const { ctx } = this;
    return instanceContext(ctx, {
      formats: { ...ctx.formats, [this.options.port]: format },
      signal: ctx.signal,
      newUtterance: () => ctx.newUtterance(),
      format,
    });
  }
}

async function bytesOf({ source }: RecordingFrame, ctx: NodeContext): Promise<Uint8Array> {
  if ("bytes" in source) return source.bytes;
  if ("path" in source) {
    const file = Bun.file(source.path);
    if (!(await ctx.outside(() => file.exists())))
      throw new EngineError("FILE_NOT_FOUND", `${ctx.nodeId}: the recording ${source.path} is not there`);
    return ctx.outside(() => file.bytes());
  }
  const answer = await ctx.network.fetch({ url: source.url });
  if (answer.status !== 200)
    throw new EngineError(
      "FILE_NOT_FOUND",
      `${ctx.nodeId}: the recording's address answered with status ${answer.status}`,
    );
  return answer.bytes();
}

/** @throws EngineError AUDIO_NOT_RECOGNISED, AUDIO_EMPTY, AUDIO_TRUNCATED: only WAV is read here. */
function decoded(bytes: Uint8Array): { readonly pcm: Int16Array; readonly format: AudioFormat } {
  const reader = new WavReader();
  const pcm = reader.push(bytes);
  reader.end();
  const { sampleRateHz, channels } = reader.info!;
  return { pcm, format: { sampleRateHz, channels } };
}

/** In a format that the recogniser takes. */
function fitted({ pcm, format }: { readonly pcm: Int16Array; readonly format: AudioFormat }, limits: AudioLimits) {
  const channels = chosen(limits.channels, format.channels);
  const sampleRateHz = chosen(limits.sampleRateHz, format.sampleRateHz);
  const mixed = convertChannels(pcm, format.channels, channels);
  if (sampleRateHz === format.sampleRateHz) return { pcm: mixed, format: { sampleRateHz, channels } };
  const resampler = new Resampler({ fromHz: format.sampleRateHz, toHz: sampleRateHz, channels });
  const body = resampler.push(mixed);
  const tail = resampler.flush();
  const all = new Int16Array(body.length + tail.length);
  all.set(body);
  all.set(tail, body.length);
  return { pcm: all, format: { sampleRateHz, channels } };
}

/** What is there if it is allowed, else the one that is preferred. */
function chosen(allowed: number | readonly number[] | undefined, found: number): number {
  if (allowed === undefined) return found;
  const list = typeof allowed === "number" ? [allowed] : allowed;
  return list.includes(found) ? found : (list[0] ?? found);
}

function* framesOf(pcm: Int16Array, { sampleRateHz, channels }: AudioFormat, utterance: string): Iterable<AudioFrame> {
  const size = msToSamples(FRAME_MS, sampleRateHz) * channels;
  for (let at = 0; at < pcm.length; at += size)
    yield {
      kind: "audio",
      pcm: pcm.subarray(at, at + size),
      sampleRateHz,
      channels,
      startSample: at / channels,
      utterance,
    };
}
