import { describe, expect, test } from "bun:test";
import { EngineError, type Incoming, type Outgoing, type RecordingFrame } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { MemoryDesk } from "#test/memory-desk";
import { rejectionOf } from "#test/rejection";
import { textsOf } from "#test/texts";
import { fileAsr } from "../../../plugins/modelstudio/file-asr.ts";
import { at, serveFiles, wav } from "./recordings.ts";
import { ACCESS, HOST, HTTP_URL, hears, withService } from "./service.ts";

const { url: _, ...CALLS } = ACCESS;

/** Drives the node against the gateway, with files to be fetched. */
const recognised = (
  frames: readonly RecordingFrame[],
  config: Record<string, unknown> = {},
  { workflow = hears(["one two", "three"]), ...more }: Pick<DriveOptions, "desk"> & { workflow?: string } = {},
): Promise<Driven> =>
  withService({ workflow }, async (service) => {
    const files = {
      "a.wav": wav(3000),
      "b.wav": wav(2000),
      "stereo.wav": wav(2000, 2),
      "bad.wav": Buffer.from("nonsense"),
    };
    const close = await serveFiles(service, files);
    try {
      const { clock, network } = service;
      return await driveNode(fileAsr, { ...CALLS, ...config }, { frames, clock, network, ...more });
    } finally {
      await close();
    }
  });

test("a recording is submitted, asked for and told sentence by sentence, with the times of words", async () => {
  covers("S7", "S19");
  const { frames, usage, events } = await recognised([at("a.wav")], { language: "en-US" });
  const finals = textsOf(frames("final"));
  expect(finals.map(({ text, startSample, endSample }) => [text, startSample, endSample])).toEqual([
    ["one two", 0, 16_000],
    ["three", 16_000, 32_000],
  ]);
  expect(finals[0]).toMatchObject({ language: "en-US", sampleRateHz: 16_000, vendor: { sentence: 1 } });
  expect(finals[0]?.words?.map(({ text }) => text)).toEqual(["one", "two"]);
  expect(usage).toEqual({ audioSeconds: 3, requests: 1 });
  expect(events.map(({ type }) => type)).toEqual(["submitted"]);
});

test("recordings follow each other; one model takes a single file", async () => {
  for (const model of ["fun-asr", "qwen3-asr-flash-filetrans"]) {
    const { frames, usage } = await recognised([at("a.wav"), at("b.wav")], { model });
    expect(textsOf(frames("final")).map(({ text }) => text)).toEqual(["one two", "three", "one two", "three"]);
    expect(usage.requests).toBe(2);
  }
});

test("channels are told apart", async () => {
  const { frames } = await recognised([at("stereo.wav")], { channels: [0, 1] });
  expect(textsOf(frames("final")).map(({ text, channel, startSample }) => [text, channel, startSample])).toEqual([
    ["one two", 0, 0],
    ["one two", 1, 0],
    ["three", 0, 16_000],
    ["three", 1, 16_000],
  ]);
});

test("a recording in which nothing was said gives no text", async () => {
  const { frames, counters } = await recognised([at("a.wav")], {}, { workflow: hears([""]) });
  expect(frames()).toEqual([]);
  expect(counters.emptyRecordings).toBe(1);
});

test.each([
  ["one that is not there", at("none.wav"), "VENDOR_REFUSED", "InvalidFile.DownloadFailed"],
  ["one that cannot be read", at("bad.wav"), "VENDOR_REFUSED", "DECODE_ERROR"],
])("%s is the vendor's refusal", async (_, frame, code, vendorCode) => {
  const failing = recognised([frame]);
  expect(await rejectionOf(failing)).toMatchObject({ code, details: { vendorCode } });
});

test.each([
  ["a file", { kind: "recording", source: { path: "/talks/x.wav" } }],
  ["bytes", { kind: "recording", source: { bytes: new Uint8Array(10) } }],
  ["another kind of address", { kind: "recording", source: { url: "ftp://files.test/a.wav" } }],
] as [string, RecordingFrame][])("%s cannot be handed over, and nothing is sent", async (_, frame) => {
  expect(await rejectionOf(recognised([frame]))).toMatchObject({ code: "CONFIG_INVALID" });
});

test("hot words are given to the service as a list, which goes with the run", async () => {
  covers("S26");
  const { frames } = await recognised([at("a.wav")], { hotWords: [{ text: "Parlando" }] });
  expect(textsOf(frames("final"))).toHaveLength(2);
});

/** Drives the node against a service that answers calls as it is told. */
async function against(
  answers: Readonly<Record<string, (request: Incoming, nowMs: number) => Outgoing>>,
  config: Record<string, unknown> = {},
  more: Pick<DriveOptions, "desk" | "signal"> = {},
): Promise<Driven & { readonly calls: readonly { path: string; atMs: number; request: Incoming }[]; endedMs: number }> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const calls: { path: string; atMs: number; request: Incoming }[] = [];
  const listener = await network.listen(HOST, {
    request: async (request) => {
      const path = request.path.replace("/api/v1", "");
      calls.push({ path, atMs: clock.nowMs(), request });
      return (answers[path] ?? (() => ({ status: 404, body: "{}" })))(request, clock.nowMs());
    },
  });
  try {
    const driven = await driveNode(
      fileAsr,
      { ...CALLS, ...config },
      { frames: [at("a.wav")], clock, network, ...more },
    );
    return { ...driven, calls, endedMs: clock.nowMs() };
  } finally {
    await listener.close();
    stop();
  }
}

const json = (value: unknown, status = 200): Outgoing => ({ status, body: JSON.stringify(value) });
const SUBMIT = "/services/audio/asr/transcription";
const submitted = () => json({ request_id: "r", output: { task_id: "t1", task_status: "PENDING" } });
const state = (task_status: string, more = {}) =>
  json({ request_id: "r", output: { task_id: "t1", task_status, ...more } });
const done = () =>
  state("SUCCEEDED", {
    results: [{ file_url: "x", transcription_url: `${HTTP_URL}/r.json`, subtask_status: "SUCCEEDED" }],
    task_metrics: { TOTAL: 1, SUCCEEDED: 1, FAILED: 0 },
  });
const RESULT = {
  file_url: "https://example.com/a.wav",
  properties: {
    audio_format: "pcm_s16le",
    channels: [0],
    original_sampling_rate: 16000,
    original_duration_in_milliseconds: 3834,
  },
  transcripts: [
    {
      channel_id: 0,
      content_duration_in_milliseconds: 3720,
      text: "Hello world.",
      sentences: [
        {
          begin_time: 100,
          end_time: 3820,
          text: "Hello world.",
          sentence_id: 1,
          speaker_id: 0,
          words: [{ begin_time: 100, end_time: 596, text: "Hello ", punctuation: "" }],
        },
      ],
    },
  ],
};

describe("the service's own words", () => {
  test("a submission has all that was asked for", async () => {
    covers("S14", "S21", "S27");
    const config = {
      language: "zh-CN",
      otherLanguages: ["en"],
      channels: [1],
      speakers: true,
      speakerCount: 2,
      removeFillers: true,
      alignTimes: true,
      wordFilter: { filter_with_signed: { word_list: ["x"] } },
      vocabularyId: "v1",
      workspace: "ws-1",
    };
    const { calls, frames } = await against(
      { [SUBMIT]: submitted, "/tasks/t1": done, "/r.json": () => json(RESULT) },
      config,
    );
    const [submission, question, result] = calls;
    expect(JSON.parse(Buffer.from(submission!.request.body).toString())).toEqual({
      model: "paraformer-v2",
      input: { file_urls: ["http://files.test/a.wav"] },
      parameters: {
        channel_id: [1],
        language_hints: ["zh", "en"],
        disfluency_removal_enabled: true,
        timestamp_alignment_enabled: true,
        special_word_filter: '{"filter_with_signed":{"word_list":["x"]}}',
        diarization_enabled: true,
        speaker_count: 2,
        vocabulary_id: "v1",
      },
    });
    expect(submission?.request.headers).toMatchObject({
      authorization: "Bearer example-key.example-secret",
      "x-dashscope-async": "enable",
      "x-dashscope-workspace": "ws-1",
    });
    expect(question?.request.headers.authorization).toBe("Bearer example-key.example-secret");
    expect(result?.request.headers.authorization).toBeUndefined(); // the key is for the service only
    expect(textsOf(frames())).toMatchObject([
      {
        text: "Hello world.",
        speaker: "0",
        startSample: 1600,
        endSample: 61_120,
        words: [{ text: "Hello", startSample: 1600, endSample: 9536 }],
      },
    ]);
  });

  test("it is asked after a second, and less often the longer it takes", async () => {
    let asked = 0;
    const { calls } = await against({
      [SUBMIT]: submitted,
      "/tasks/t1": () => (++asked < 12 ? state(asked < 3 ? "PENDING" : "RUNNING") : done()),
      "/r.json": () => json(RESULT),
    });
    const times = calls.filter(({ path }) => path === "/tasks/t1").map(({ atMs }) => atMs);
    const waits = times.map((atMs, i) => Math.round((atMs - (times[i - 1] ?? 0)) / 1000));
    expect(waits).toEqual([1, 1, 1, 2, 2, 2, 4, 4, 4, 5, 5, 5]);
  });

  test("a question that fails for the moment is asked again", async () => {
    let asked = 0;
    const answers = { [SUBMIT]: submitted, "/r.json": () => json(RESULT) };
    const troubles = [json({ code: "Throttling.RateQuota", message: "slow" }, 429), json({}, 502)];
    const { counters, frames } = await against({ ...answers, "/tasks/t1": () => troubles[asked++] ?? done() });
    expect(counters.failedPolls).toBe(2);
    expect(frames()).toHaveLength(1);
  });

  test.each([
    ["the task's", state("FAILED", { code: "InternalError.Algo", message: "x" }), "VENDOR_FAILED"],
    [
      "the recording's",
      state("FAILED", {
        results: [{ file_url: "x", subtask_status: "FAILED", code: "UNSUPPORTED_FORMAT", message: "x" }],
      }),
      "VENDOR_REFUSED",
    ],
    ["that nobody names", state("CANCELED"), "VENDOR_FAILED"],
    ["of a task that is not known", state("UNKNOWN"), "VENDOR_FAILED"],
  ])("a failure %s is a coded error, and the task is not asked for again", async (_, answer, code) => {
    const failing = against({ [SUBMIT]: submitted, "/tasks/t1": () => answer });
    expect(await rejectionOf(failing)).toMatchObject({ code, details: { taskId: "t1" } });
  });

  test.each([
    [{ code: "InvalidApiKey", message: "x" }, 401, "VENDOR_KEY_REFUSED"],
    [{ code: "Arrearage", message: "x" }, 400, "VENDOR_QUOTA_EXHAUSTED"],
    [{ code: "Throttling", message: "x" }, 429, "VENDOR_RATE_LIMITED"],
    ["nonsense", 500, "VENDOR_FAILED"],
    ["nonsense", 418, "VENDOR_REFUSED"],
  ])("a submission answered with %j and HTTP %i is %s", async (body, status, code) => {
    covers("S37");
    const answer = { status, body: typeof body === "string" ? body : JSON.stringify(body) };
    expect(await rejectionOf(against({ [SUBMIT]: () => answer }))).toMatchObject({ code });
  });

  test.each([
    ["no JSON", { status: 200, body: "<html>" }],
    ["another form", json({ output: {} })],
  ])("an answer of %s is said to be garbled", async (_, answer) => {
    expect(await rejectionOf(against({ [SUBMIT]: () => answer }))).toMatchObject({ code: "VENDOR_PROTOCOL" });
  });

  test("a result that never comes is given up, and its task is called off", async () => {
    const cancelled: number[] = [];
    const failing = against(
      {
        [SUBMIT]: submitted,
        "/tasks/t1": () => state("PENDING"),
        "/tasks/t1/cancel": (_, nowMs) => {
          cancelled.push(nowMs);
          return json({ request_id: "r" });
        },
      },
      { resultMs: 10_000 },
    );
    expect(await rejectionOf(failing)).toMatchObject({ code: "RESULT_LATE" });
    expect(cancelled).toHaveLength(1);
  });
});

test("a restart waits on for the task that was submitted, and does not submit it again", async () => {
  const desk = await MemoryDesk.open(new MemoryNetwork(new VirtualClock()), "here.test:80");
  const killed = new AbortController();
  const first = against(
    {
      [SUBMIT]: submitted,
      "/tasks/t1": () => {
        killed.abort(new EngineError("RUN_CANCELLED", "the process is killed"));
        return state("RUNNING");
      },
    },
    {},
    { desk, signal: killed.signal },
  );
  expect(await rejectionOf(first)).toMatchObject({ code: "RUN_CANCELLED" });
  const { calls, events } = await against({ "/tasks/t1": done, "/r.json": () => json(RESULT) }, {}, { desk });
  expect(calls.map(({ path }) => path)).toEqual(["/tasks/t1", "/r.json"]);
  expect(events.map(({ type }) => type)).toEqual(["resumed"]);
  expect([...desk.kept]).toEqual([]);
});

test.each([
  ["a model of another kind", { model: "whisper-1" }, "model"],
  ["a channel twice", { channels: [0, 0] }, "channels"],
  ["speakers in several channels", { channels: [0, 1], speakers: true }, "speakers"],
  ["a number of speakers alone", { speakerCount: 2 }, "speakerCount"],
  ["too many speakers", { speakers: true, speakerCount: 101 }, "speakerCount"],
])("%s is a finding", (_, config, field) => {
  const parsed = fileAsr.config.safeParse({ apiKey: "k", ...config });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
});
