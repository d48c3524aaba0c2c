import {
  type Caller,
  EngineError,
  type GatewayHost,
  type GatewayKey,
  type Incoming,
  type Outgoing,
} from "#engine/plugin";
import { readQuery } from "../signatures.ts";
import { CALLBACK_CODES, meaningOf, REQUEST_CODES } from "../status.ts";
import { type CallbackBody, formCallback, jsonCallback } from "../wire/callback.ts";
import { ENCODINGS } from "../wire/encodings.ts";
import { resultText } from "../wire/result-text.ts";
import { codesOf } from "./outcome.ts";
import type { GatewaySettings } from "./settings.ts";
import { isAccountOf, isSigned, MOST_VALID_S, timeFault, wholeNumber } from "./signed.ts";
import type { TaskEnd, TaskList } from "./task-list.ts";

const ENGINES = ["8k_0", "16k_0", "8k_6", "0", "1"];
/** Addresses are shorter than this. */
const URL_CHARACTERS = 2048;
const MOST_BYTES = 5 * 1024 * 1024;
const HOUR_MS = 3_600_000;
const MOST_NONCE = 9_999_999_999;

type Query = Readonly<Record<string, string>>;

/** What is wrong with a request, by the vendor's code. */
class Refusal extends Error {
  constructor(readonly code: number) {
    super();
  }
}

const demand = (holds: boolean, code: number): void => {
  if (!holds) throw new Refusal(code);
};

/** The older interface for recordings: `POST /asr/v1/<appid>`. Errors are answers of status 200, as far as is known. */
export class LegacyDesk {
  /** Signatures that were used, each until it would have expired by itself. */
  readonly #used = new Map<string, number>();

  constructor(
    readonly host: GatewayHost,
    readonly settings: GatewaySettings,
    readonly tasks: TaskList,
  ) {}

  async answer(request: Incoming, caller: Caller): Promise<Outgoing> {
    try {
      const requestId = await this.#submit(request, caller);
      return answered({ code: 0, message: "success", requestId });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answered({ code: error.code, message: meaningOf(REQUEST_CODES, error.code).name, requestId: 0 });
    }
  }

  async #submit(request: Incoming, caller: Caller): Promise<number> {
    const query = readQuery(request.query);
    if (!query) throw new Refusal(1001);
    const scripted = Number(caller.fault("vendorError")?.code ?? 0);
    demand(scripted === 0 || scripted >= 10_000, scripted);
    demand(!caller.fault("expiredToken"), 1025);
    demand(!caller.fault("rateLimit"), 1021);
    const key = await this.#admit(request, caller.params.appid ?? "", query);
    const asked = this.#asked(query, request.body);
    const { callbackUrl, encoding, ...recording } = asked;
    const body = (id: number, end: TaskEnd): CallbackBody =>
      this.#callback({ query, appId: caller.params.appid ?? "", id, end, encoding });
    const error = scripted === 0 ? undefined : scriptedError(scripted);
    return this.tasks.submit({
      key,
      ...recording,
      mostMs: HOUR_MS,
      callback: { url: callbackUrl, body },
      ...(error && { scripted: error }),
    });
  }

  /** Who asks, in the order in which it is looked at. The order is this project's own. */
  async #admit(request: Incoming, appId: string, query: Query): Promise<GatewayKey> {
    const { host, settings } = this;
    const { secretid = "" } = query;
    const [timestamp, expired, nonce] = ["timestamp", "expired", "nonce"].map((name) => wholeNumber(query[name]));
    demand(secretid !== "", 1010);
    if (timestamp === undefined) throw new Refusal(1011);
    if (expired === undefined || expired <= timestamp) throw new Refusal(1012);
    demand(nonce !== undefined && nonce > 0 && nonce <= MOST_NONCE, 1013);
    demand(expired - timestamp < MOST_VALID_S, 1024);
    demand(timeFault(timestamp, expired, host, settings.clockToleranceS) === undefined, 1025);
    const key = await host.key(secretid);
    if (!key) throw new Refusal(1027);
    const { authorization: signature } = request.headers;
    if (signature === undefined) throw new Refusal(1022);
    const place = `aai.qcloud.com/asr/v1/${appId}`;
    demand(isSigned({ request, method: "POST", place, parameters: query, signature: signature.trim() }, key), 1030);
    demand(this.#isFirst(`${secretid} ${timestamp} ${nonce}`, expired), 1029);
    demand(isAccountOf(appId, key), 1019);
    return key;
  }

  #isFirst(use: string, expired: number): boolean {
    const nowS = this.host.epochMs() / 1000;
    for (const [old, until] of this.#used) if (until < nowS) this.#used.delete(old);
    if (this.#used.has(use)) return false;
    this.#used.set(use, Math.min(expired, nowS + 2 * this.settings.clockToleranceS));
    return true;
  }

  /** What is asked for. */
  #asked(query: Query, bytes: Uint8Array) {
    const {
      sub_service_type = "0",
      engine_model_type: engine = "16k_0",
      res_text_format = "0",
      res_type = "1",
    } = query;
    const { callback_url: callbackUrl = "", source_type, url, channel_num = "1" } = query;
    demand(sub_service_type === "0" || sub_service_type === "1", 1004);
    demand(ENGINES.includes(engine), 1005);
    const encoding = /^[0-3]$/.test(res_text_format) ? ENCODINGS[Number(res_text_format)] : undefined;
    if (!encoding) throw new Refusal(1003);
    demand(res_type === "1", 1007);
    demand(isAddress(callbackUrl) && callbackUrl.length < URL_CHARACTERS, 1006);
    demand(source_type === "0" || source_type === "1", 1008);
    if (source_type === "0") {
      demand(url !== undefined && isAddress(url), 1009);
      demand((url ?? "").length < URL_CHARACTERS, 1017);
    } else demand(url === undefined, 1009);
    demand(channel_num === "1" || (channel_num === "2" && engine === "8k_0"), 1000);
    if (source_type === "1") {
      demand(bytes.length > 0, 1000);
      demand(bytes.length <= MOST_BYTES, 1032);
    }
    const source = source_type === "0" ? { url: url ?? "" } : { bytes };
    return { engine, encoding, callbackUrl, source, channels: Number(channel_num) };
  }

  #callback({ query, appId, id, end, encoding }: CallbackFacts): CallbackBody {
    const failed = "error" in end;
    const code = failed ? Number(end.error.details.vendorCode ?? codesOf(end.error).callback) : 0;
    const fields = {
      code,
      message: failed ? meaningOf(CALLBACK_CODES, code).name : "",
      requestId: id,
      appid: appId,
      projectid: query.projectid ?? "0",
      ...(query.url !== undefined && { audioUrl: query.url }),
      text: failed ? "" : resultText(withChannels(end)),
      audioTime: ((failed ? 0 : end.result.durationMs) / 1000).toFixed(6),
    };
    return (this.settings.callbackBody === "form" ? formCallback : jsonCallback)(fields, encoding);
  }
}

interface CallbackFacts {
  readonly query: Query;
  readonly appId: string;
  readonly id: number;
  readonly end: TaskEnd;
  readonly encoding: (typeof ENCODINGS)[number];
}

/** A channel is named in the place of the speaker. */
export const withChannels = ({ result }: Extract<TaskEnd, { result: unknown }>) =>
  result.sentences.map((sentence) =>
    sentence.channel === undefined ? sentence : { ...sentence, speaker: `${sentence.channel}` },
  );

/** The end of a task that a script wants. */
export const scriptedError = (code: number): EngineError =>
  new EngineError(meaningOf(CALLBACK_CODES, code).code, "a scripted failure", { details: { vendorCode: code } });

const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:/.test(text);

const answered = (body: unknown): Outgoing => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
