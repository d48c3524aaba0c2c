import type { Caller, GatewayHost, Incoming, Outgoing } from "#engine/plugin";
import { readQuery } from "../signatures.ts";
import { FLASH_CODES, meaningOf } from "../status.ts";
import { codesOf } from "./outcome.ts";
import { type Recognised, recognise } from "./recogniser.ts";
import type { GatewaySettings } from "./settings.ts";
import { isAccountOf, readAsSigned, timeFault, wholeNumber } from "./signed.ts";

const TOLERANCE_S = 180;
const MOST_BYTES = 100 * 1024 * 1024;
const TWO_HOURS_MS = 2 * 3_600_000;
const CONTAINERS = ["wav", "pcm", "ogg-opus", "speex", "silk", "mp3", "m4a", "aac", "amr"];

class Refusal extends Error {
  constructor(readonly code: number) {
    super();
  }
}

const demand = (holds: boolean, code: number): void => {
  if (!holds) throw new Refusal(code);
};

/** Recognition in the answer to an upload: `POST /asr/flash/v1/<appid>`. */
export class FlashDesk {
  readonly #stop = new AbortController();

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
  ) {}

  close(): void {
    this.#stop.abort();
  }

  async answer(request: Incoming, caller: Caller): Promise<Outgoing> {
    const request_id = this.host.newId();
    try {
      const result = await this.#recognise(request, caller, request_id);
      const first = { code: 0, message: "success", request_id, audio_duration: Math.round(result.durationMs) };
      return answered({ ...first, flash_result: channelsOf(result) });
    } catch (error) {
      const code = error instanceof Refusal ? error.code : codesOf(error).flash;
      return answered({ request_id, code, message: meaningOf(FLASH_CODES, code).name, audio_duration: 0 });
    }
  }

  async #recognise(request: Incoming, caller: Caller, id: string): Promise<Recognised> {
    const { host } = this;
    const read = readQuery(request.query);
    if (!read) throw new Refusal(4001);
    const scripted = caller.fault("vendorError")?.code;
    demand(scripted === undefined, Number(scripted));
    demand(!caller.fault("expiredToken"), 4002);
    demand(!caller.fault("rateLimit"), 4006);
    const appId = caller.params.appid ?? "";
    const key = await host.key(read.secretid ?? "");
    const place = `asr.cloud.tencent.com/asr/flash/v1/${appId}`;
    const signature = (request.headers.authorization ?? "").trim();
    const query = key && readAsSigned(read, { request, method: "POST", place, signature }, key);
    if (!key || !query || !isAccountOf(appId, key)) throw new Refusal(4002);
    const timestamp = wholeNumber(query.timestamp);
    if (timestamp === undefined || timeFault(timestamp, undefined, host, TOLERANCE_S)) throw new Refusal(4002);
    const { engine_type: engine = "", voice_format: container = "", first_channel_only = "1" } = query;
    demand(/^(8k|16k)_[a-z0-9_]+$/.test(engine) && CONTAINERS.includes(container), 4001);
    demand(request.body.length > 0, 4012);
    demand(request.body.length <= MOST_BYTES, 4011);
    return recognise(
      {
        key,
        source: { bytes: request.body },
        container,
        engine,
        channels: first_channel_only === "0" ? 2 : "first",
        mostMs: TWO_HOURS_MS,
        labels: { request: id },
        signal: this.#stop.signal,
      },
      host,
    );
  }
}

function channelsOf({ sentences }: Recognised) {
  const ids = [...new Set([0, ...sentences.map(({ channel = 0 }) => channel)])].sort();
  return ids.map((id) => {
    const own = sentences.filter(({ channel = 0 }) => channel === id);
    return {
      text: own.map(({ text }) => text).join(" "),
      channel_id: id,
      sentence_list: own.map(({ text, beginMs, endMs, speaker, words = [] }) => ({
        text,
        start_time: beginMs,
        end_time: endMs,
        speaker_id: Number(speaker ?? 0) || 0,
        word_list: words.map((word) => ({
          word: word.text,
          start_time: word.beginMs,
          end_time: word.endMs,
          stable_flag: 1,
        })),
      })),
    };
  });
}

const answered = (body: unknown): Outgoing => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
