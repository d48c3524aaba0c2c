import {
  type AudioFormat,
  type Client,
  type Frame,
  type GatewayHost,
  type GatewayKey,
  type GatewayRun,
  samplesToMs,
} from "#engine/plugin";
import { languageOf, rateOf } from "../engines.ts";
import { readQuery } from "../signatures.ts";
import { meaningOf, REALTIME_CODES } from "../status.ts";
import { type AudioIn, audioIn } from "./audio-in.ts";
import { codesOf } from "./outcome.ts";
import type { GatewaySettings } from "./settings.ts";
import { isAccountOf, readAsSigned, timeFault, wholeNumber } from "./signed.ts";
import { bySentences, classic, type Telling } from "./telling.ts";

/** The vendor ends sessions that were given more audio than this within a second. */
const MOST_MS_A_SECOND = 3000;

/** A code that ends the session, with the words that go with it. */
class Refusal extends Error {
  constructor(
    readonly code: number,
    words?: string,
  ) {
    super(words ?? meaningOf(REALTIME_CODES, code).name);
  }
}

/** What a client asked for, checked. */
interface Asked {
  readonly key: GatewayKey;
  readonly voiceId: string;
  readonly engine: string;
  readonly format: AudioFormat;
  readonly voiceFormat: number;
  readonly telling: Telling;
}

/** One client of real-time recognition: `/asr/v2/<appid>`. */
export class RealtimeSession {
  #voiceId = "";
  #messages = 0;
  #ended = false;
  #startSample = 0;
  #lastAudioMs = 0;
  readonly #sent: { readonly atMs: number; readonly ms: number }[] = [];
  readonly #refused = Promise.withResolvers<never>();

  constructor(
    readonly client: Client,
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {
    this.#refused.promise.catch(() => {});
  }

  async serve(): Promise<void> {
    const { client } = this;
    client.onVendorError((code) => this.#refused.reject(new Refusal(Number(code))));
    let run: GatewayRun | undefined;
    let audio: AudioIn | undefined;
    try {
      const asked = await this.#check();
      audio = await audioIn(asked.voiceFormat, asked.format.sampleRateHz);
      if (!audio) throw new Refusal(4001, `voice_format ${asked.voiceFormat} has no decoder here; send 1, 10 or 12`);
      run = await this.#start(asked);
      this.#say({}, false);
      await Promise.race([this.#converse(run, audio, asked.format), this.#refused.promise]);
    } catch (error) {
      run?.cancel("the session has ended");
      this.#end(error instanceof Refusal ? error : new Refusal(codesOf(error).realtime));
    } finally {
      audio?.close();
    }
  }

  async #check(): Promise<Asked> {
    const { client, host, settings } = this;
    const { request, params } = client;
    const query = request ? readQuery(request.query) : undefined;
    if (!request || !query) throw new Refusal(4001, "the query cannot be read");
    const { signature = "", ...read } = query;
    const voiceId = read.voice_id ?? "";
    this.#voiceId = voiceId.slice(0, 128);
    const scripted = client.fault("vendorError")?.code;
    if (scripted !== undefined) throw new Refusal(Number(scripted));
    if (client.fault("expiredToken")) throw new Refusal(4002);
    if (client.fault("rateLimit")) throw new Refusal(4006);
    const [timestamp, expired, nonce] = ["timestamp", "expired", "nonce"].map((name) => wholeNumber(read[name]));
    if (timestamp === undefined || expired === undefined || expired <= timestamp)
      throw new Refusal(4001, "timestamp or expired is missing or invalid");
    if (nonce === undefined || nonce > 9_999_999_999) throw new Refusal(4001, "nonce is missing or invalid");
    const key = await host.key(read.secretid ?? "");
    const appId = params.appid ?? "";
    const place = `asr.cloud.tencent.com/asr/v2/${appId}`;
    const parameters = key && readAsSigned(read, { request, method: "", place, signature }, key);
    if (!key || !parameters || !isAccountOf(appId, key)) throw new Refusal(4002);
    if (timeFault(timestamp, expired, host, settings.clockToleranceS))
      throw new Refusal(4002, "the signature has expired");
    return { key, ...this.#sound(parameters) };
  }

  /** What concerns the audio and its results. */
  #sound(parameters: Readonly<Record<string, string>>): Omit<Asked, "key"> {
    const { engine_model_type: engine = "", voice_id: voiceId = "", input_sample_rate: rate } = parameters;
    if (!/^(8k|16k)_[a-z0-9_]+$/i.test(engine)) throw new Refusal(4001, "engine_model_type is missing or invalid");
    if (voiceId === "" || voiceId.length > 128) throw new Refusal(4001, "voice_id is missing or too long");
    if (rate !== undefined && rate !== "8000") throw new Refusal(4001, "input_sample_rate can only be 8000");
    const silence = wholeNumber(parameters.vad_silence_time);
    if (parameters.vad_silence_time !== undefined && (silence === undefined || silence < 240 || silence > 2000))
      throw new Refusal(4001, "vad_silence_time is to be from 240 to 2000");
    return {
      voiceId,
      engine,
      format: { sampleRateHz: rate === undefined ? rateOf(engine) : 8000, channels: 1 },
      voiceFormat: wholeNumber(parameters.voice_format ?? "4") ?? 0,
      telling:
        parameters.result_mod === "1"
          ? bySentences(parameters.speaker_diarization === "1")
          : classic((wholeNumber(parameters.word_info) ?? 0) > 0),
    };
  }

  #start({ key, engine, format, telling }: Asked): Promise<GatewayRun> {
    const language = languageOf(engine);
    return this.host.start({
      key,
      input: { kind: "audio", format },
      params: { engine, ...(language !== undefined && { language }) },
      labels: { voiceId: this.#voiceId },
      signal: this.client.signal,
      onOutput: (frame: Frame) => {
        if (frame.kind !== "text" || frame.role !== "transcript") return;
        const message = telling.message(frame);
        if (message) this.#say(message);
      },
    });
  }

  async #converse(run: GatewayRun, audio: AudioIn, format: AudioFormat): Promise<void> {
    this.#watchQuiet();
    for await (const message of this.client.connection) {
      if (typeof message !== "string") await this.#take(audio.read(message), run, format);
      else if (isEnd(message)) break;
      else throw new Refusal(4010);
    }
    this.#ended = true;
    run.end();
    const { state, error } = await run.done;
    if (state !== "done") throw error ?? new Refusal(5001);
    this.#say({ final: 1 });
  }

  async #take(pcm: Int16Array, run: GatewayRun, format: AudioFormat): Promise<void> {
    const nowMs = this.host.clock.nowMs();
    this.#lastAudioMs = nowMs;
    this.#sent.push({ atMs: nowMs, ms: samplesToMs(pcm.length, format.sampleRateHz) });
    while (this.#sent[0] && this.#sent[0].atMs <= nowMs - 1000) this.#sent.shift();
    if (this.#sent.reduce((sum, { ms }) => sum + ms, 0) > MOST_MS_A_SECOND) throw new Refusal(4000);
    await run.push({ kind: "audio", pcm, ...format, startSample: this.#startSample });
    this.#startSample += pcm.length;
  }

  #watchQuiet(): void {
    const { clock } = this.host;
    this.#lastAudioMs = clock.nowMs();
    const look = () => {
      if (this.#ended || this.client.signal.aborted) return;
      const leftMs = this.settings.quietMs - (clock.nowMs() - this.#lastAudioMs);
      if (leftMs <= 0) this.#refused.reject(new Refusal(4008));
      else callOff = clock.after(leftMs, look);
    };
    let callOff = clock.after(this.settings.quietMs, look);
    this.client.signal.addEventListener("abort", () => callOff(), { once: true });
  }

  /** @param numbered the greeting has no number. */
  #say(message: Readonly<Record<string, unknown>>, numbered = true): void {
    this.client.connection.send(
      JSON.stringify({
        code: 0,
        message: "success",
        voice_id: this.#voiceId,
        ...(numbered && { message_id: `${this.#voiceId}_${this.#messages++}_0` }),
        ...message,
      }),
    );
  }

  #end({ code, message }: Refusal): void {
    this.#ended = true;
    this.client.connection.send(
      JSON.stringify({ code, message, voice_id: this.#voiceId, message_id: `${this.#voiceId}_${this.#messages++}_0` }),
    );
  }
}

function isEnd(message: string): boolean {
  try {
    const said: unknown = JSON.parse(message);
    return typeof said === "object" && said !== null && "type" in said && said.type === "end";
  } catch {
    return false;
  }
}
