import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { covers } from "#test/covers";
import {
  percentEncode,
  readQuery,
  readTc3Authorization,
  signSha1,
  signTc3,
  stringToSign,
  tc3Authorization,
  tc3CanonicalRequest,
  tc3Keys,
  wireQuery,
} from "../../../plugins/tencent/signatures.ts";

const ID = "tc-test-secret-id";
const KEY = "tc-test-secret-key-0123456789";
const VOICE = "c64385ee-3e5c-4fc5-bbfd-7c71addb35b0";
const TIMES = { expired: 1713440900, nonce: 1713354500, timestamp: 1713354500 };

const recording = {
  callback_url: "http://127.0.0.1:8080/cb?job=7",
  channel_num: 1,
  engine_model_type: "16k_0",
  expired: 1713358100,
  nonce: 44925,
  projectid: 0,
  res_text_format: 0,
  res_type: 1,
  secretid: ID,
  source_type: 0,
  sub_service_type: 0,
  timestamp: 1713354500,
  url: "http://127.0.0.1:8080/a.wav",
};
const { url: _url, ...uploaded } = { ...recording, engine_model_type: "8k_0", source_type: 1 };

const recognised = {
  ...TIMES,
  convert_num_mode: 0,
  engine_model_type: "16k_zh",
  filter_dirty: 0,
  filter_modal: 0,
  filter_punc: 0,
  hotword_list: "腾讯云|10,ASR|5",
  language_judgment: 0,
  needvad: 1,
  noise_threshold: 0,
  reinforce_hotword: 0,
  secretid: ID,
  speaker_diarization: 0,
  sub_service_type: 1,
  voice_format: 1,
  voice_id: VOICE,
  word_info: 0,
};

const bySentence = {
  ...TIMES,
  convert_num_mode: 1,
  emotion_recognition: 0,
  enable_speaker_context: 0,
  engine_model_type: "16k_zh",
  language_judgment: 0,
  needvad: 1,
  reinforce_hotword: 0,
  result_mod: 1,
  secretid: ID,
  sentence_strategy: 1,
  speaker_context_id: "",
  speaker_diarization: 0,
  voice_format: 1,
  voice_id: VOICE,
};

const flash = {
  convert_num_mode: 1,
  customization_id: "",
  engine_type: "16k_zh",
  filter_dirty: 0,
  filter_modal: 0,
  filter_punc: 0,
  first_channel_only: 1,
  reinforce_hotword: 0,
  secretid: ID,
  sentence_max_length: 0,
  speaker_diarization: 0,
  timestamp: 1713354500,
  voice_format: "wav",
  word_info: 0,
};

const spoken = {
  Action: "TextToStreamAudio",
  AppId: 1250000000,
  Codec: "pcm",
  Expired: 1713440900,
  ModelType: 1,
  SampleRate: 16000,
  SecretId: ID,
  SessionId: "session-0001",
  Speed: 0,
  Text: "你好 world&x=1",
  Timestamp: 1713354500,
  VoiceType: 101001,
  Volume: 0,
};
const { Text: _text, ...wordless } = spoken;

describe("HMAC-SHA1 over a sorted query", () => {
  test.each([
    {
      name: "A-1, a recording by its address",
      place: "POSTaai.qcloud.com/asr/v1/1250000000",
      parameters: recording,
      signature: "4Lnv4+ztPKh1Oj8HfiFFgX8OhDY=",
    },
    {
      name: "A-2, an uploaded recording",
      place: "POSTaai.qcloud.com/asr/v1/1250000000",
      parameters: uploaded,
      signature: "uWNwzH38sxbj8aBppLeLEeOsPF4=",
    },
    {
      name: "B-1, real time with the fewest parameters",
      place: "asr.cloud.tencent.com/asr/v2/1250000000",
      parameters: { ...TIMES, engine_model_type: "16k_zh", needvad: 1, secretid: ID, voice_format: 1, voice_id: VOICE },
      signature: "K/3wNNttvVeQ3LDuPfSopL36924=",
    },
    {
      name: "B-2, real time with hot words in Chinese",
      place: "asr.cloud.tencent.com/asr/v2/1250000000",
      parameters: recognised,
      signature: "dRoh2kOGeiwTvDo/Y5TaImavt6I=",
    },
    {
      name: "B-3, real time by sentences, with an empty value",
      place: "asr.cloud.tencent.com/asr/v2/1250000000",
      parameters: bySentence,
      signature: "QC2XCEC0BBM9LZKc6rSBzpS4BFg=",
    },
    {
      name: "B-4, speech translation",
      place: "asr.cloud.tencent.com/asr/speech_translate/1250000000",
      parameters: {
        ...TIMES,
        secretid: ID,
        source: "zh",
        target: "en",
        trans_model: "hunyuan-translation-lite",
        voice_format: 1,
        voice_id: VOICE,
      },
      signature: "/UE7YNAQta7k3NrR+Jfxo4dDmlg=",
    },
    {
      name: "B-5, flash recognition",
      place: "POSTasr.cloud.tencent.com/asr/flash/v1/1250000000",
      parameters: flash,
      signature: "uY1f17W2/75VRgBFXZW1dEjcOww=",
    },
    {
      name: "B-6, synthesis over HTTP",
      place: "POSTtts.cloud.tencent.com/stream",
      parameters: spoken,
      signature: "Z/MJwSll7IIOICTE07m+33PeDcI=",
    },
    {
      name: "B-7, synthesis over a socket",
      place: "GETtts.cloud.tencent.com/stream_ws",
      parameters: { ...spoken, Action: "TextToStreamAudioWS", EnableSubtitle: "True" },
      signature: "dzWLvHGN0thUJ7KgYKMsHfKNzBI=",
    },
    {
      name: "B-8, synthesis of flowing text",
      place: "GETtts.cloud.tencent.com/stream_wsv2",
      parameters: { ...wordless, Action: "TextToStreamAudioWSv2", EnableSubtitle: 0, Volume: 10 },
      signature: "BASpjSj/ZlAXqix3HtJWs4YIBHY=",
    },
  ])("vector $name", ({ place, parameters, signature }) => {
    covers("T1", "T8");
    expect(signSha1(place, parameters, KEY)).toBe(signature);
    expect(signSha1(place, parameters, `${KEY}0`)).not.toBe(signature);
    // what travels leads a server to the same signature
    const read = readQuery(`${wireQuery(parameters)}&signature=${percentEncode(signature)}`);
    if (!read) throw new Error("the query could not be read");
    const { signature: sent, ...rest } = read;
    expect(sent).toBe(signature);
    expect(signSha1(place, rest, KEY)).toBe(signature);
  });

  test("names are sorted and values are raw where it is signed, encoded where it travels", () => {
    expect(stringToSign("POSTaai.qcloud.com/asr/v1/1250000000", recording)).toBe(
      "POSTaai.qcloud.com/asr/v1/1250000000?callback_url=http://127.0.0.1:8080/cb?job=7&channel_num=1&engine_model_type=16k_0&expired=1713358100&nonce=44925&projectid=0&res_text_format=0&res_type=1&secretid=tc-test-secret-id&source_type=0&sub_service_type=0&timestamp=1713354500&url=http://127.0.0.1:8080/a.wav",
    );
    expect(wireQuery(recording)).toBe(
      "callback_url=http%3A%2F%2F127.0.0.1%3A8080%2Fcb%3Fjob%3D7&channel_num=1&engine_model_type=16k_0&expired=1713358100&nonce=44925&projectid=0&res_text_format=0&res_type=1&secretid=tc-test-secret-id&source_type=0&sub_service_type=0&timestamp=1713354500&url=http%3A%2F%2F127.0.0.1%3A8080%2Fa.wav",
    );
    expect(wireQuery({ Text: spoken.Text })).toBe("Text=%E4%BD%A0%E5%A5%BD%20world%26x%3D1");
    expect(wireQuery({ hotword_list: "腾讯云|10,ASR|5" })).toBe(
      "hotword_list=%E8%85%BE%E8%AE%AF%E4%BA%91%7C10%2CASR%7C5",
    );
    expect(percentEncode("dRoh2kOGeiwTvDo/Y5TaImavt6I=")).toBe("dRoh2kOGeiwTvDo%2FY5TaImavt6I%3D");
    expect(percentEncode("a!'()*b~-_.")).toBe("a%21%27%28%29%2Ab~-_.");
  });

  test.each([
    { name: "a plus stays a plus", query: "a=1+2&b=%2B", read: { a: "1+2", b: "+" } },
    {
      name: "raw addresses are read as they are",
      query: "url=http://h/cb?job=7&b=",
      read: { url: "http://h/cb?job=7", b: "" },
    },
    { name: "a name without a value is empty", query: "a&b=1", read: { a: "", b: "1" } },
    { name: "nothing is nothing", query: "", read: {} },
    { name: "a name that comes twice is refused", query: "a=1&a=2", read: undefined },
    { name: "broken encoding is refused", query: "a=%E4%BD", read: undefined },
    {
      name: "a name that means something to objects is a name",
      query: "__proto__=1",
      read: Object.fromEntries([["__proto__", "1"]]),
    },
  ])("in a query, $name", ({ query, read }) => {
    expect(readQuery(query)).toEqual(read as never);
  });
});

describe("TC3-HMAC-SHA256", () => {
  const headers = {
    "content-type": "application/json; charset=utf-8",
    host: "asr.tencentcloudapi.com",
    "x-tc-action": "CreateRecTask",
  };
  const body =
    '{"EngineModelType":"16k_zh","ChannelNum":1,"ResTextFormat":0,"SourceType":0,"Url":"http://127.0.0.1:8080/a.wav"}';
  const call = { timestampS: 1713354500, service: "asr", headers, signed: ["content-type", "host"], body };
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

  test("vector C-1 holds at every step", () => {
    covers("T8");
    expect(sha256(body)).toBe("1fdb06f37876d3dcd47638b6037cc68b9b3f6a50c898e65cb19c9c00ffdd45ee");
    expect(sha256(tc3CanonicalRequest(call))).toBe("1b02198c2da2c17cb32d98e00dc512614a510f2edaad49d273d2e33e9daac4db");
    expect(tc3Keys(KEY, "2024-04-17", "asr").map((key) => key.toString("hex"))).toEqual([
      "441e3052ee5b68400c64616bd144475896d418d3334cd3c73c227aeabe5d165b",
      "f840b357fbac3c5f3ab06ed5d6b89d4a85411a542388741f5320be85938e3e00",
      "f52da72cf03abae9a46f3b3ff1954c6ea1cbdbf9cda2b815aa048119c6db545b",
    ]);
    expect(signTc3(call, KEY)).toBe("1e2c121f218ab13546aa291c49fca63dc1bf956bcf80220d44981457e848bdb5");
  });

  test.each([
    {
      name: "C-1 with the action signed, too",
      call: { ...call, signed: ["content-type", "host", "x-tc-action"] },
      signature: "42dbccc66791c5aabbd60bfaf32fcde0faa0ef551a73119cfcb7322c20f30d44",
    },
    {
      name: "C-2, asking for a task",
      call: { ...call, body: '{"TaskId":4500055927}' },
      signature: "e50afeac26f7bbf63a4d7a05c82d1784378611f0be4772ebeb1effd823484171",
    },
    {
      name: "C-2 with the shorter content type",
      call: { ...call, headers: { ...headers, "content-type": "application/json" }, body: '{"TaskId":4500055927}' },
      signature: "a3ef021287f193b29f430d5d6a1eb0219ee0ef3ec34a7908515e2d71474b2de6",
    },
  ])("vector $name", ({ call, signature }) => {
    covers("T8");
    expect(signTc3(call, KEY)).toBe(signature);
  });

  test("the header is read back as it was written", () => {
    const header = tc3Authorization(call, ID, KEY);
    expect(header).toBe(
      `TC3-HMAC-SHA256 Credential=${ID}/2024-04-17/asr/tc3_request, SignedHeaders=content-type;host, Signature=1e2c121f218ab13546aa291c49fca63dc1bf956bcf80220d44981457e848bdb5`,
    );
    expect(readTc3Authorization(header)).toEqual({
      secretId: ID,
      date: "2024-04-17",
      service: "asr",
      signed: ["content-type", "host"],
      signature: "1e2c121f218ab13546aa291c49fca63dc1bf956bcf80220d44981457e848bdb5",
    });
  });

  test.each([
    ["another scheme", "Bearer abc"],
    ["no host among the signed headers", tc3Authorization({ ...call, signed: ["content-type"] }, ID, KEY)],
    ["a signature of another length", tc3Authorization(call, ID, KEY).slice(0, -1)],
    ["nothing", ""],
  ])("a header with %s is none", (_name, header) => {
    expect(readTc3Authorization(header)).toBeUndefined();
  });
});
