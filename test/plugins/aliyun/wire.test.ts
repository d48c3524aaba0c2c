import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { meaningOf, STATUSES, taskFailure } from "../../../plugins/aliyun/status.ts";
import { heardSentence, heardSoFar, recognised, sentence, textFrame } from "../../../plugins/aliyun/wire/recognised.ts";
import { countedLength, splitText, spokenWords, subtitled } from "../../../plugins/aliyun/wire/spoken.ts";
import { directive, hexId, type NlsEvent, readEvent, readPayload, SUCCESS } from "../../../plugins/aliyun/wire.ts";

const eventText = (name: string, payload?: unknown, header: Record<string, unknown> = {}) =>
  JSON.stringify({
    header: {
      namespace: "SpeechRecognizer",
      name,
      status: 20000000,
      message_id: "33333333333343338333333333330001",
      task_id: "22222222222242228222222222220001",
      status_text: "Gateway:SUCCESS:Success.",
      ...header,
    },
    ...(payload === undefined ? {} : { payload }),
  });

const failure = (status: number, statusText: string): NlsEvent =>
  readEvent(eventText("TaskFailed", undefined, { namespace: "Default", status, status_text: statusText }));

const at16k = (more: Partial<Parameters<typeof textFrame>[1]> = {}) => ({
  utterance: "u1",
  revision: 1,
  taskId: "t",
  sampleRateHz: 16000,
  position: (ms: number) => ms * 16,
  fromSample: 0,
  ...more,
});

describe("the envelope", () => {
  test("a directive has the header that every message of a task carries", () => {
    const task = {
      namespace: "SpeechRecognizer",
      appkey: "example-appkey",
      taskId: "22222222222242228222222222220001",
    } as const;
    const text = directive(task, "StartRecognition", "11111111111141118111111111110001", {
      format: "pcm",
      sample_rate: 16000,
    });
    expect(JSON.parse(text)).toMatchObject({
      header: {
        message_id: "11111111111141118111111111110001",
        task_id: "22222222222242228222222222220001",
        namespace: "SpeechRecognizer",
        name: "StartRecognition",
        appkey: "example-appkey",
      },
      payload: { format: "pcm", sample_rate: 16000 },
    });
    expect(JSON.parse(directive(task, "StopRecognition", "m"))).not.toHaveProperty("payload");
  });

  test("ids are 32 lower-case hex digits", () => {
    expect(hexId("b924c8c3-6d03-4c5d-ad36-d984d3116788")).toBe("b924c8c36d034c5dad36d984d3116788");
  });

  test.each([
    { what: "status_text", header: {}, text: "Gateway:SUCCESS:Success." },
    {
      what: "status_message",
      header: { status_text: undefined, status_message: "GATEWAY|SUCCESS" },
      text: "GATEWAY|SUCCESS",
    },
    { what: "neither", header: { status_text: undefined, status: undefined }, text: "" },
  ])("an event is read with $what", ({ header, text }) => {
    const event = readEvent(eventText("RecognitionStarted", undefined, header));
    expect(event).toEqual({
      name: "RecognitionStarted",
      status: SUCCESS,
      statusText: text,
      taskId: "22222222222242228222222222220001",
      payload: {},
    });
  });

  test.each([
    "",
    "nonsense",
    "[]",
    "{}",
    '{"header":{}}',
    '{"header":{"name":1}}',
    '{"header":{"name":"X"},"payload":3}',
  ])("%j is a coded error that repeats nothing of it", (text) => {
    expect(() => readEvent(text)).toThrow(expect.objectContaining({ code: "VENDOR_PROTOCOL" }));
    if (text === "nonsense") expect(() => readEvent(text)).not.toThrow("nonsense");
  });

  test("a payload of another form is a coded error that names the field, not what it holds", () => {
    const event = readEvent(eventText("SentenceEnd", { index: "private" }));
    expect(() => readPayload(event, sentence)).toThrow(
      expect.objectContaining({ code: "VENDOR_PROTOCOL", message: expect.stringMatching(/at index$/) }),
    );
  });
});

describe("results of recognition", () => {
  test("a one-sentence result spans the task so far", () => {
    covers("A3");
    const event = readEvent(eventText("RecognitionResultChanged", { result: "turn on", duration: 860 }));
    const heard = heardSoFar(readPayload(event, recognised), false, 0);
    expect(textFrame(heard, at16k({ revision: 3, language: "en-US" }))).toEqual({
      kind: "text",
      role: "transcript",
      text: "turn on",
      utterance: "u1",
      revision: 3,
      final: false,
      stableChars: 0,
      startSample: 0,
      endSample: 13_760,
      sampleRateHz: 16000,
      language: "en-US",
      vendor: { taskId: "t", durationMs: 860 },
    });
  });

  test("a final without a duration ends where the audio did, and is stable as a whole", () => {
    const frame = textFrame(heardSoFar({ result: "Turn on.", confidence: 1.2 }, true, 2000), at16k());
    expect([frame.endSample, frame.stableChars, frame.confidence]).toEqual([32_000, 8, 1]);
  });

  test("a sentence carries its times, its words and what the vendor says of it", () => {
    covers("A5");
    const payload = {
      index: 1,
      time: 1320,
      begin_time: 420,
      result: "Good morning.",
      confidence: 0.95,
      words: [
        { text: "good", startTime: 420, endTime: 760 },
        { text: "morning", startTime: 760, endTime: 1320 },
      ],
      status: 20000000,
      emo_tag: "neutral",
      stash_result: { sentenceId: 0, beginTime: 0, currentTime: 0, text: "" },
    };
    const heard = heardSentence(readPayload(readEvent(eventText("SentenceEnd", payload)), sentence), true, 0);
    expect(textFrame(heard, at16k())).toMatchObject({
      text: "Good morning.",
      final: true,
      startSample: 6720,
      endSample: 21_120,
      confidence: 0.95,
      words: [
        { text: "good", startSample: 6720, endSample: 12_160 },
        { text: "morning", startSample: 12_160, endSample: 21_120 },
      ],
      vendor: { taskId: "t", index: 1, status: 20000000, emotion: "neutral" },
    });
  });

  test("times that contradict each other are put in order", () => {
    const heard = heardSentence(
      {
        index: 2,
        time: 100,
        begin_time: 300,
        result: "a b",
        words: [
          { text: "a", startTime: 50, endTime: 20 },
          { text: "b", startTime: 900, endTime: 950 },
        ],
      },
      true,
      0,
    );
    const frame = textFrame(heard, at16k({ fromSample: 8000 }));
    expect([frame.startSample, frame.endSample]).toEqual([8000, 8000]);
    expect(frame.words?.every(({ startSample, endSample }) => startSample === 8000 && endSample === 8000)).toBe(true);
  });
});

describe("results of synthesis", () => {
  test("subtitles become words at positions of the stream, the entry of the whole sentence left out", () => {
    covers("A6");
    const payload = {
      subtitles: [
        { text: "", begin_time: 0, end_time: 600, begin_index: 0, end_index: 15, sentence: true, phoneme_list: [] },
        { text: "The", begin_time: 0, end_time: 150, begin_index: 0, end_index: 3, sentence: false, phoneme_list: [] },
        { text: "half", begin_time: 150, end_time: 600, begin_index: 10, end_index: 14, phoneme: "null" },
      ],
    };
    const { subtitles } = readPayload(readEvent(eventText("MetaInfo", payload)), subtitled);
    expect(spokenWords(subtitles)).toEqual([
      { text: "The", beginMs: 0, endMs: 150 },
      { text: "half", beginMs: 150, endMs: 600 },
    ]);
  });

  test.each([
    ["abc", 3],
    ["你好", 4],
    ["ok 你。", 7],
    ["カ한", 4],
    ["", 0],
  ])("%j counts as %d characters", (text, length) => {
    expect(countedLength(text)).toBe(length);
  });

  test.each([
    { text: "One. Two. Three.", limit: 10, pieces: ["One. Two. ", "Three."] },
    { text: "One, two, three.", limit: 10, pieces: ["One, two, ", "three."] },
    { text: "one two three", limit: 8, pieces: ["one two ", "three"] },
    { text: "abcdefgh", limit: 3, pieces: ["abc", "def", "gh"] },
    { text: "你好。再见。", limit: 6, pieces: ["你好。", "再见。"] },
    { text: "Version 1.5 is out", limit: 100, pieces: ["Version 1.5 is out"] },
    { text: "", limit: 5, pieces: [] },
    { text: "🎉🎉🎉", limit: 2, pieces: ["🎉🎉", "🎉"] },
  ])("$text is cut for a limit of $limit and nothing of it is lost", ({ text, limit, pieces }) => {
    covers("A6");
    expect(splitText(text, limit)).toEqual([...pieces]);
    expect(splitText(text, limit).join("")).toBe(text);
  });
});

describe("statuses", () => {
  test("every status of the vendor's list has a code", () => {
    covers("A9");
    const listed = [
      403, 40000000, 40000001, 40000002, 40000003, 40000004, 40000005, 40000009, 40000010, 40010001, 40010003, 40010004,
      40010005, 40020105, 40020106, 40270002, 40270003, 41000002, 41000003, 41010100, 41010101, 41010104, 41020001,
      41040201, 41050002, 43040001, 50000000, 50000001, 50020003, 51020001, 51040104, 52010001,
    ];
    expect(
      Object.keys(STATUSES)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(listed.sort((a, b) => a - b));
  });

  test.each([
    { status: 40000004, retryable: true },
    { status: 40000005, retryable: true },
    { status: 43040001, retryable: true },
    { status: 41040201, retryable: true },
    { status: 50000000, retryable: true },
    { status: 59999999, retryable: true },
    { status: 40000003, retryable: false },
    { status: 40000010, retryable: false },
    { status: 40020105, retryable: false },
    { status: 49999999, retryable: false },
  ])("$status is worth another try: $retryable", ({ status, retryable }) => {
    covers("A9");
    expect(taskFailure(failure(status, ""), true).traits.retryable).toBe(retryable);
  });

  test.each([
    { text: "Meta:ACCESS_DENIED:The token 'abc' is invalid!", canRenew: true, code: "VENDOR_TOKEN_EXPIRED" },
    { text: "Gateway:ACCESS_DENIED:The token 'abc' has expired!", canRenew: false, code: "VENDOR_KEY_REFUSED" },
    { text: "Gateway:ACCESS_DENIED:No privilege to this voice!", canRenew: true, code: "VENDOR_REFUSED" },
  ])("a refused access is $code where a token can be renewed: $canRenew", ({ text, canRenew, code }) => {
    covers("A7", "A9");
    const error = taskFailure(failure(40000001, text), canRenew);
    expect<string>(error.code).toBe(code);
    expect(error.message).not.toContain("abc");
    expect(error.details).toEqual({
      vendorCode: 40000001,
      vendorName: "ACCESS_DENIED",
      taskId: "22222222222242228222222222220001",
    });
  });

  test("an unknown status is judged by its first digit", () => {
    expect([meaningOf(51234567).code, meaningOf(41234567).code]).toEqual(["VENDOR_FAILED", "VENDOR_REFUSED"]);
  });
});
