import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import type { Service } from "#test/vendor-service";
import { signSha1, wireQuery } from "../../../../plugins/tencent/signatures.ts";
import { ACCESS, tencent } from "../service.ts";
import { nowS, rawQuery, type Values, without } from "./signed-values.ts";

describe("the older interface for recordings", () => {
  const PLACE = `POSTaai.qcloud.com/asr/v1/${ACCESS.appId}`;
  let nonce = 1;
  const parameters = (service: Service): Values => ({
    projectid: 0,
    sub_service_type: 0,
    engine_model_type: "16k_0",
    res_text_format: 0,
    res_type: 1,
    callback_url: "http://here.test/cb",
    channel_num: 1,
    source_type: 1,
    secretid: ACCESS.secretId,
    timestamp: nowS(service),
    expired: nowS(service) + 3600,
    nonce: nonce++,
  });

  interface Sending {
    readonly query?: string;
    readonly secret?: string;
    readonly body?: Uint8Array;
    readonly headers?: Record<string, string>;
    readonly appId?: string;
  }
  async function submit({ network }: Service, values: Values, sending: Sending = {}): Promise<number> {
    const {
      query = wireQuery(values),
      secret = ACCESS.secretKey,
      body = new Uint8Array(4),
      appId = ACCESS.appId,
    } = sending;
    const place = PLACE.replace(ACCESS.appId, appId);
    const headers = sending.headers ?? { authorization: signSha1(place, values, secret) };
    const answer = await network.fetch({
      url: `http://tencent.test/asr/v1/${appId}?${query}`,
      method: "POST",
      headers,
      body,
    });
    expect(answer.status).toBe(200);
    const said = (await answer.json()) as { code: number; message: string; requestId: number };
    expect(said.requestId > 0).toBe(said.code === 0);
    return said.code;
  }

  const big = new Uint8Array(5 * 1024 * 1024 + 1);
  const long = `http://h.test/${"a".repeat(2048)}`;
  const url = { source_type: 0, url: "http://h.test/a.wav" };
  const requests: [code: number, change: (values: Values) => Values, sending?: Sending][] = [
    [0, (v) => v],
    [
      0,
      (v) =>
        without(v, "sub_service_type", "engine_model_type", "res_text_format", "res_type", "channel_num", "projectid"),
    ],
    [0, (v) => ({ ...v, ...url }), { body: new Uint8Array(0) }],
    [1010, (v) => without(v, "secretid")],
    [1011, (v) => ({ ...v, timestamp: "now" })],
    [1012, (v) => ({ ...v, expired: Number(v.timestamp) })],
    [1013, (v) => ({ ...v, nonce: 10_000_000_000 })],
    [1013, (v) => without(v, "nonce")],
    [1024, (v) => ({ ...v, expired: Number(v.timestamp) + 90 * 86_400 })],
    [0, (v) => ({ ...v, expired: Number(v.timestamp) + 90 * 86_400 - 1 })],
    [1025, (v) => ({ ...v, timestamp: Number(v.timestamp) - 3700, expired: Number(v.timestamp) - 10 })],
    [1027, (v) => ({ ...v, secretid: "nobody" })],
    [1022, (v) => v, { headers: {} }],
    [1030, (v) => v, { secret: "other" }],
    [1019, (v) => v, { appId: "7" }],
    [1004, (v) => ({ ...v, sub_service_type: 2 })],
    [1005, (v) => ({ ...v, engine_model_type: "16k_zh" })],
    [1003, (v) => ({ ...v, res_text_format: 4 })],
    [1007, (v) => ({ ...v, res_type: 0 })],
    [1006, (v) => ({ ...v, callback_url: "" })],
    [1006, (v) => ({ ...v, callback_url: long })],
    [1008, (v) => without(v, "source_type")],
    [1009, (v) => ({ ...v, source_type: 0 })],
    [1009, (v) => ({ ...v, url: "http://h.test/a.wav" })],
    [1017, (v) => ({ ...v, ...url, url: long })],
    [1000, (v) => ({ ...v, channel_num: 2 })],
    [1000, (v) => ({ ...v, engine_model_type: "8k_6", channel_num: 2 })],
    [0, (v) => ({ ...v, engine_model_type: "8k_0", channel_num: 2 })],
    [1000, (v) => v, { body: new Uint8Array(0) }],
    [1032, (v) => v, { body: big }],
    [1001, (v) => v, { query: "secretid=%E4%BD" }],
    [1001, (v) => v, { query: "secretid=a&secretid=b" }],
  ];
  test.each(requests.map(([code, change, sending = {}]) => ({ code, change, sending })))(
    "code $code (case %#)",
    async ({ code, change, sending }) => {
      covers("T1", "T2", "T3", "T6");
      await using service = await tencent();
      expect(await submit(service, change(parameters(service)), sending)).toBe(code);
    },
  );

  test("values may travel raw, as the vendor's own example has them; the same request twice is a replay", async () => {
    covers("T1");
    await using service = await tencent();
    const values: Values = { ...parameters(service), ...url };
    const query = rawQuery(values);
    expect(await submit(service, values, { query, body: new Uint8Array(0) })).toBe(0);
    expect(await submit(service, values, { query, body: new Uint8Array(0) })).toBe(1029);
  });
});
