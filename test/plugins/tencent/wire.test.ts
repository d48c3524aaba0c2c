import { describe, expect, test } from "bun:test";
import { EngineError } from "#engine/plugin";
import { covers } from "#test/covers";
import {
  CALLBACK_CODES,
  FLASH_CODES,
  meaningOf,
  namedError,
  REALTIME_CODES,
  REQUEST_CODES,
  vendorError,
} from "../../../plugins/tencent/status.ts";
import { formCallback, isAcknowledged, jsonCallback, readCallback } from "../../../plugins/tencent/wire/callback.ts";
import { decodeText, ENCODINGS, encodeText } from "../../../plugins/tencent/wire/encodings.ts";
import {
  containerOf,
  createdTask,
  flashAnswer,
  requireContainer,
  sentencesOfDetail,
  sentencesOfFlash,
  taskStatus,
} from "../../../plugins/tencent/wire/recording.ts";
import { resultText, sentencesOf } from "../../../plugins/tencent/wire/result-text.ts";
import { countedThirds, readSpeech, splitText, spokenWords } from "../../../plugins/tencent/wire/spoken.ts";
import { textFrame } from "../../../plugins/tencent/wire/transcript.ts";
import { heardIn, readJson, readRealtime } from "../../../plugins/tencent/wire.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const FORM = "application/x-www-form-urlencoded";

/** The code and message that a call fails with. */
function failure(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof EngineError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("messages of real-time recognition", () => {
  test("a segment becomes a sentence with its times and words", () => {
    const message = readRealtime(
      JSON.stringify({
        code: 0,
        message: "success",
        voice_id: "V",
        message_id: "V_11_0",
        result: {
          slice_type: 2,
          index: 1,
          start_time: 120,
          end_time: 980,
          voice_text_str: "实时语音",
          word_size: 1,
          word_list: [{ word: "实时", start_time: 130, end_time: 500, stable_flag: 1 }],
        },
      }),
    );
    expect(heardIn(message)).toEqual([
      {
        key: "1",
        text: "实时语音",
        final: true,
        beginMs: 120,
        endMs: 980,
        words: [{ text: "实时", beginMs: 130, endMs: 500 }],
      },
    ]);
  });

  test("a list of sentences becomes all of them, with speakers that were told apart", () => {
    const entry = { sentence: "hello", sentence_type: 0, sentence_id: 3, speaker_id: 2, start_time: 0, end_time: 400 };
    const message = readRealtime(
      JSON.stringify({
        voice_id: "V",
        sentences: { sentence_list: [entry, { ...entry, sentence_id: 4, sentence_type: 1, speaker_id: -1 }] },
      }),
    );
    expect(message.code).toBe(0);
    expect(heardIn(message)).toEqual([
      { key: "3", text: "hello", final: false, beginMs: 0, endMs: 400, speaker: "2" },
      { key: "4", text: "hello", final: true, beginMs: 0, endMs: 400 },
    ]);
  });

  test.each([
    ["no JSON", "<html>secret words</html>"],
    ["a code that is no number", '{"code":"4001"}'],
    [
      "a segment of an unknown kind",
      '{"result":{"slice_type":3,"index":0,"start_time":0,"end_time":0,"voice_text_str":"secret words"}}',
    ],
    ["bytes that are no text", Uint8Array.of(0xff, 0xfe)],
  ])("%s is a protocol error that repeats nothing of it", (_name, text) => {
    const { code, message } = failure(() => readRealtime(text));
    expect(code).toBe("VENDOR_PROTOCOL");
    expect(message).not.toContain("secret");
  });

  test("what the vendor says of times is kept in order", () => {
    const words = [
      { text: "a", beginMs: 50, endMs: 300 },
      { text: "b", beginMs: 200, endMs: 9000 },
    ];
    const heard = { key: "0", text: "a b", final: true, beginMs: 100, endMs: 500, words };
    const place = {
      utterance: "u",
      revision: 2,
      sampleRateHz: 8000,
      position: (ms: number) => ms * 8,
      fromSample: 1000,
      vendor: {},
    };
    expect(textFrame(heard, place)).toMatchObject({
      startSample: 1000,
      endSample: 4000,
      stableChars: 3,
      words: [
        { startSample: 1000, endSample: 2400 },
        { startSample: 2400, endSample: 4000 },
      ],
    });
  });
});

describe("text of results", () => {
  test.each([
    {
      name: "lines with times",
      text: "[0:1.640,0:4.600]  一二三\n[1:2.000,10:3.500]  four\n",
      sentences: [
        { key: "0", text: "一二三", final: true, beginMs: 1640, endMs: 4600 },
        { key: "1", text: "four", final: true, beginMs: 62000, endMs: 603500 },
      ],
    },
    {
      name: "lines with speakers",
      text: "[0:0.000,0:1.000,1]  hello\n",
      sentences: [{ key: "0", text: "hello", final: true, beginMs: 0, endMs: 1000, speaker: "1" }],
    },
    { name: "lines without words", text: "[0:0.000,0:1.000]  \n", sentences: [] },
    { name: "no text", text: "", sentences: [] },
    {
      name: "text without any layout",
      text: "一二三\nfour",
      sentences: [{ key: "0", text: "一二三\nfour", final: true, beginMs: 0, endMs: 2500 }],
    },
  ])("$name are read", ({ text, sentences }) => {
    expect<unknown>(sentencesOf(text, 2500)).toEqual(sentences);
  });

  test("what is written is read back", () => {
    const sentences = [
      { key: "0", text: "one", final: true, beginMs: 0, endMs: 59_999 },
      { key: "1", text: "two", final: true, beginMs: 60_000, endMs: 61_005, speaker: "2" },
    ];
    expect(resultText(sentences)).toBe("[0:0.000,0:59.999]  one\n[1:0.000,1:1.005,2]  two\n");
    expect(sentencesOf(resultText(sentences), 0)).toEqual(sentences);
  });

  test("each encoding is written by the library and read by the platform", () => {
    covers("T4");
    const traditional = "你好，世界 & 再見";
    for (const encoding of ENCODINGS) {
      const text = encoding === "big5" ? traditional : "你好，世界 & 再见";
      expect(decodeText(encodeText(text, encoding), encoding)).toBe(text);
    }
    expect(Buffer.from(encodeText("你好", "gb2312")).toString("hex")).toBe("c4e3bac3");
    expect(Buffer.from(encodeText("你好", "gbk")).toString("hex")).toBe("c4e3bac3");
    expect(Buffer.from(encodeText("你好", "big5")).toString("hex")).toBe("a741a66e");
    expect(Buffer.from(encodeText("你好", "utf-8")).toString("hex")).toBe("e4bda0e5a5bd");
  });
});

describe("callbacks", () => {
  const SUCCESS =
    "code=0&message=&requestId=500&appid=1250000000&projectid=0&audioUrl=http%3A%2F%2F127.0.0.1%3A8080%2Fa.wav%3Fx%3D1%26y%3D2&text=%E4%BD%A0%E5%A5%BD%EF%BC%8C%E4%B8%96%E7%95%8C+%26+%E5%86%8D%E8%A7%81&audioTime=2.500000";
  const FAILURE =
    "code=10002&message=audio+too+long&requestId=501&appid=1250000000&projectid=0&text=&audioTime=0.000000";
  const fields = {
    code: 0,
    message: "",
    requestId: 500,
    appid: 1250000000,
    projectid: 0,
    audioUrl: "http://127.0.0.1:8080/a.wav?x=1&y=2",
    text: "你好，世界 & 再见",
    audioTime: "2.500000",
  };
  const report = { code: 0, taskId: "500", text: "你好，世界 & 再见", durationMs: 2500 };

  test("the vectors are read, and written to the byte", () => {
    covers("T5");
    expect(readCallback(bytes(SUCCESS), FORM, { encoding: "utf-8" })).toEqual(report);
    expect(readCallback(bytes(FAILURE), FORM, { encoding: "utf-8" })).toEqual({
      code: 10002,
      taskId: "501",
      text: "",
      durationMs: 0,
    });
    const { mediaType, body } = formCallback(fields, "utf-8");
    expect(mediaType).toBe(FORM);
    expect(new TextDecoder().decode(body)).toBe(SUCCESS);
  });

  test.each(ENCODINGS.flatMap((encoding) => [formCallback, jsonCallback].map((write) => ({ encoding, write }))))(
    "$encoding comes through $write.name",
    ({ encoding, write }) => {
      covers("T4", "T5");
      const text = encoding === "big5" ? "你好，世界 & 再見" : fields.text;
      const { mediaType, body } = write({ ...fields, text }, encoding);
      expect(readCallback(body, mediaType, { encoding })).toEqual({ ...report, text });
      expect(readCallback(body, "", { encoding })).toEqual({ ...report, text });
    },
  );

  test("a task's number keeps its digits, and a detail its text", () => {
    const big = '{"code":0,"requestId":18446744073709551615,"text":"","resultDetail":"[]","audioTime":8.42}';
    expect(readCallback(bytes(big), "application/json", { encoding: "utf-8" })).toEqual({
      code: 0,
      taskId: "18446744073709551615",
      text: "",
      detail: "[]",
      durationMs: 8420,
    });
  });

  test("values of JSON are decoded once more only where that is asked for", () => {
    const body = bytes('{"code":0,"requestId":1,"text":"%E4%BD%A0+100%","audioTime":1}');
    expect(readCallback(body, "", { encoding: "utf-8" }).text).toBe("%E4%BD%A0+100%");
    expect(readCallback(body, "", { encoding: "utf-8", escapedJson: true }).text).toBe("你+100%");
  });

  test.each([
    ["nothing", ""],
    ["no number of a task", "code=0&text=secret"],
    ["a code that is none", "code=ok&requestId=1&text=secret"],
    ["broken JSON", '{"code":0,"requestId":1,"text":"secret'],
    ["a list", "[1]"],
  ])("a body with %s is a protocol error that repeats nothing of it", (_name, body) => {
    const { code, message } = failure(() => readCallback(bytes(body), "", { encoding: "utf-8" }));
    expect([code, message.includes("secret")]).toEqual(["VENDOR_PROTOCOL", false]);
  });

  test.each([
    ['{"code":0,"message":"success"}', true],
    ['{"code":0}', true],
    ['{"code":1,"message":"overloaded"}', false],
    ["success", false],
    ["", false],
    ["null", false],
  ])("the answer %p takes a callback: %p", (answer, taken) => {
    expect(isAcknowledged(answer)).toBe(taken);
  });
});

describe("recordings", () => {
  test("a task's number and its details are read", () => {
    const created = readJson(createdTask, '{"Response":{"Data":{"TaskId":4500055927},"RequestId":"r"}}', "a task");
    expect(created.Response.Data?.TaskId).toBe("4500055927");
    const status = readJson(
      taskStatus,
      JSON.stringify({
        Response: {
          Data: {
            TaskId: 1,
            Status: 2,
            StatusStr: "success",
            Result: "[0:0.000,0:1.000]  hi\n",
            ErrorMsg: "",
            AudioDuration: 1.5,
            ResultDetail: [
              {
                FinalSentence: "hi",
                StartMs: 100,
                EndMs: 900,
                SpeakerId: 1,
                Words: [{ Word: "hi", OffsetStartMs: 50, OffsetEndMs: 300 }],
              },
            ],
          },
          RequestId: "r",
        },
      }),
      "a task",
    );
    expect(sentencesOfDetail(status.Response.Data?.ResultDetail ?? [])).toEqual([
      {
        key: "0",
        text: "hi",
        final: true,
        beginMs: 100,
        endMs: 900,
        speaker: "1",
        words: [{ text: "hi", beginMs: 150, endMs: 400 }],
      },
    ]);
  });

  test("a flash answer of two channels is one list by time", () => {
    const channel = (id: number, at: number) => ({
      text: "t",
      channel_id: id,
      sentence_list: [{ text: `c${id}`, start_time: at, end_time: at + 100, speaker_id: 0 }],
    });
    const answer = readJson(
      flashAnswer,
      JSON.stringify({ code: 0, audio_duration: 900, flash_result: [channel(0, 500), channel(1, 100)] }),
      "a recording",
    );
    expect(sentencesOfFlash(answer).map(({ text, channel, speaker }) => [text, channel, speaker])).toEqual([
      ["c1", 1, "0"],
      ["c0", 0, "0"],
    ]);
    expect(sentencesOfFlash({ code: 0, audio_duration: 900, flash_result: [{ text: "all", channel_id: 0 }] })).toEqual([
      { key: "0-0", text: "all", final: true, beginMs: 0, endMs: 900 },
    ]);
  });

  test.each([
    ["its frame", "MP3", "x.wav", "RIFF", "mp3"],
    ["a frame that names what nobody knows", "flac", "x.wav", "RIFF", "flac"],
    ["its name", undefined, "/a/b.AMR", "RIFF", "amr"],
    ["a name that is another name", undefined, "a.opus", "", "ogg-opus"],
    ["its first bytes", undefined, "https://h/a?x=1", "RIFF", "wav"],
    ["the first bytes of Silk", undefined, "a", "\u0002#!SILK_V3", "silk"],
    ["the first bytes of AMR", undefined, "a.bin", "#!AMR", "amr"],
    ["the first bytes of MP3 without a tag", undefined, "a", "\u00ff\u00fb", "mp3"],
    ["nothing", undefined, "a", "????", undefined],
  ])("what a recording is tells %s", (_name, said, name, head, container) => {
    covers("T2");
    expect(containerOf(said, name, Buffer.from(head, "latin1"))).toBe(container);
  });

  test("a container that is not taken is refused before anything is sent", () => {
    expect(failure(() => requireContainer("flac", ["wav", "mp3"])).code).toBe("AUDIO_FORMAT_UNSUPPORTED");
    requireContainer("mp3", ["wav", "mp3"]);
    requireContainer(undefined, ["wav"]);
  });
});

describe("codes", () => {
  test("every code of the older interface has a meaning, and quota goes to the fallback", () => {
    covers("T6");
    const listed = Array.from({ length: 35 }, (_, i) => 1000 + i).filter((code) => ![1023, 1031, 1033].includes(code));
    expect(Object.keys(REQUEST_CODES).map(Number)).toEqual(listed);
    expect(Object.keys(CALLBACK_CODES).map(Number)).toEqual([10000, 10001, 10002, 10003, 10004, 10005, 10006]);
    const quota = vendorError(REQUEST_CODES, 1016, "a recording");
    expect([quota.code, quota.traits.retryable, quota.traits.usable]).toEqual(["VENDOR_QUOTA_EXHAUSTED", false, false]);
    expect(quota.details.vendorCode).toBe(1016);
  });

  test.each([
    ["a request", REQUEST_CODES, 1030, "VENDOR_KEY_REFUSED"],
    ["a request", REQUEST_CODES, 1025, "VENDOR_TOKEN_EXPIRED"],
    ["a request", REQUEST_CODES, 1021, "VENDOR_FAILED"],
    ["a request", REQUEST_CODES, 1099, "VENDOR_FAILED"],
    ["a callback", CALLBACK_CODES, 10001, "VENDOR_FAILED"],
    ["a callback", CALLBACK_CODES, 10002, "AUDIO_TOO_LONG"],
    ["a callback", CALLBACK_CODES, 10004, "AUDIO_NOT_RECOGNISED"],
    ["real time", REALTIME_CODES, 4002, "VENDOR_KEY_REFUSED"],
    ["real time", REALTIME_CODES, 4004, "VENDOR_QUOTA_EXHAUSTED"],
    ["real time", REALTIME_CODES, 4006, "VENDOR_RATE_LIMITED"],
    ["real time", REALTIME_CODES, 4008, "VENDOR_LOST"],
    ["real time", REALTIME_CODES, 4999, "VENDOR_REFUSED"],
    ["flash", FLASH_CODES, 4012, "AUDIO_EMPTY"],
    ["flash", FLASH_CODES, 4002, "VENDOR_KEY_REFUSED"],
  ] as const)("the codes of %s are ours where they are known", (_where, table, code, ours) => {
    covers("T6");
    expect(meaningOf(table, code).code).toBe(ours);
  });

  test.each([
    ["AuthFailure.SignatureExpire", "VENDOR_TOKEN_EXPIRED"],
    ["AuthFailure.SignatureFailure", "VENDOR_KEY_REFUSED"],
    ["FailedOperation.UserHasNoFreeAmount", "VENDOR_QUOTA_EXHAUSTED"],
    ["RequestLimitExceeded.Something", "VENDOR_RATE_LIMITED"],
    ["Whatever", "VENDOR_FAILED"],
  ])("the error %s is %s", (name, code) => {
    expect(namedError(name, "a task").code).toBe(code as never);
    expect(namedError("some words\nof theirs", "a task").message).not.toContain("words");
  });
});

describe("synthesis", () => {
  test("words of subtitles stand in order", () => {
    const { result } = readSpeech(
      '{"code":0,"result":{"subtitles":[{"Text":"你","BeginTime":0,"EndTime":200},{"Text":"","BeginTime":200,"EndTime":200},{"Text":"好","BeginTime":150,"EndTime":300}]}}',
    );
    expect(spokenWords(result?.subtitles)).toEqual([
      { text: "你", beginMs: 0, endMs: 200 },
      { text: "好", beginMs: 150, endMs: 300 },
    ]);
  });

  test.each([
    { text: "One. Two. Three.", thirds: 10, pieces: ["One. Two. ", "Three."] },
    { text: "你好，世界。再见！", thirds: 18, pieces: ["你好，世界。", "再见！"] },
    { text: "abcdefghij", thirds: 4, pieces: ["abcd", "efgh", "ij"] },
    { text: "", thirds: 4, pieces: [] },
  ])("a text is cut where it may be: $text", ({ text, thirds, pieces }) => {
    expect<unknown>(splitText(text, thirds)).toEqual(pieces);
  });

  test("six hundred Chinese characters or 1800 letters are the limit", () => {
    expect([countedThirds("你".repeat(600)), countedThirds("a".repeat(1800))]).toEqual([1800, 1800]);
  });
});
