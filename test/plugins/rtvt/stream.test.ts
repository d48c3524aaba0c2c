import { describe, expect, test } from "bun:test";
import { type Frame, loadOpus, opusPacketSamples } from "#engine/plugin";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { type Driven, type DriveOptions, driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { counting, framesOf, silence } from "#test/signals";
import { textsOf } from "#test/texts";
import { asr } from "../../../plugins/rtvt/asr.ts";
import { interpret } from "../../../plugins/rtvt/interpret.ts";
import { STATUSES } from "../../../plugins/rtvt/status.ts";
import type { Values } from "../../../plugins/rtvt/wire/payload.ts";
import { PROJECT, STREAM_ID } from "./fixtures/vectors.ts";
import { type Answers, listenRaw, type RawEnd, result } from "./raw.ts";
import { ACCESS, TCP } from "./service.ts";

interface Driving {
  readonly definition?: typeof asr;
  readonly config?: Record<string, unknown>;
  readonly answers?: Answers;
  readonly frames?: DriveOptions["frames"];
  readonly formats?: NonNullable<DriveOptions["formats"]>;
}

/** Drives a node against a service that does what the test says. */
async function drive(options: Driving): Promise<Driven & { readonly ends: RawEnd[]; readonly clock: VirtualClock }> {
  const clock = new VirtualClock();
  const stop = clock.drive();
  try {
    const network = new MemoryNetwork(clock);
    const ends = await listenRaw(network, TCP, options.answers);
    const { definition = interpret, formats, frames = framesOf(silence({ ms: 100 })) } = options;
    const config = { ...ACCESS, ...(definition === interpret && { target: "es" }), ...options.config };
    const driven = await driveNode(definition, config, { clock, network, frames, ...(formats && { formats }) });
    return { ...driven, ends, clock };
  } finally {
    stop();
  }
}

const failure = async (work: Promise<unknown>): Promise<{ code?: string; details?: Values; message: string }> =>
  work.then(
    () => ({ message: "nothing was thrown" }),
    (error) => error,
  );

const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Pushes these with the answer to `voiceEnd`. */
const atTheEnd = (...pushes: readonly (readonly [string, Values])[]): Answers => ({
  voiceEnd: (_, end) => {
    for (const [method, values] of pushes) end.post(method, values);
    return {};
  },
});
const range = { startTs: EPOCH_MS + 20, endTs: EPOCH_MS + 60, recTs: EPOCH_MS + 500 };
const once = { link: { attempts: 1 } };

describe("login", () => {
  test("a login says project, time and token, and nothing of the key", async () => {
    covers("R1", "R2");
    const { ends } = await drive({ config: { uid: "somebody" } });
    const [login] = ends[0]?.calls("login") ?? [];
    expect(login).toEqual({
      pid: PROJECT.pid,
      token: expect.stringMatching(/^[\w+/]{43}=$/),
      ts: EPOCH_MS / 1000,
      uid: "somebody",
      version: "parlando-1",
    });
    expect(JSON.stringify(login)).not.toContain(PROJECT.key);
  });

  test.each([
    { what: "an answer that says no", answer: () => ({ successed: false }), code: "VENDOR_KEY_REFUSED" },
    { what: "an answer that says nothing", answer: () => ({}), code: "VENDOR_PROTOCOL" },
    { what: "a wrong token", answer: () => ({ refuse: 800102 }), code: "VENDOR_KEY_REFUSED" },
    { what: "a wrong project", answer: () => ({ refuse: 800103 }), code: "VENDOR_KEY_REFUSED" },
    { what: "a clock that is off", answer: () => ({ refuse: 800101 }), code: "VENDOR_TOKEN_EXPIRED" },
    { what: "no answer", answer: () => "nothing" as const, code: "VENDOR_LOST" },
  ])("$what is $code", async ({ answer, code }) => {
    covers("R2");
    expect((await failure(drive({ config: once, answers: { login: answer } }))).code).toBe(code);
  });

  test("each attempt has a token of its own time", async () => {
    covers("R2");
    const { ends } = await drive({
      answers: { login: (_, __, call) => (call < 3 ? { refuse: 800101 } : { successed: true }) },
      config: { link: { backoffMs: 4000 } },
    });
    const logins = ends.flatMap((end) => end.calls("login"));
    expect(logins).toHaveLength(3);
    expect(new Set(logins.map(({ token }) => token)).size).toBe(3);
  });
});

describe("streams", () => {
  const started = async (definition: typeof asr, config: Record<string, unknown>) =>
    (await drive({ definition, config })).ends[0]?.calls("voiceStart")[0];

  test("an interpreter asks for all kinds of results, a recogniser for its own", async () => {
    covers("R3", "R4");
    expect(await started(interpret, { alternatives: ["ja", "ko"], silenceMs: 400, userId: "u" })).toEqual({
      asrResult: true,
      asrTempResult: true,
      transResult: true,
      srcLanguage: "en",
      destLanguage: "es",
      srcAltLanguage: ["ja", "ko"],
      ttsResult: false,
      ttsSpeaker: "",
      userId: "u",
      codec: 0,
      vadSlienceTime: 400,
    });
    expect(await started(asr, {})).toMatchObject({ asrResult: true, transResult: false, destLanguage: "" });
  });

  test.each([
    { config: { partials: false }, values: { asrTempResult: false } },
    { config: { transcripts: false }, values: { asrResult: false, transResult: true } },
    { config: { speech: true, speaker: "anna" }, values: { ttsResult: true, ttsSpeaker: "anna" } },
    { config: { codec: "opus" }, values: { codec: 1 } },
    { config: { silenceMs: -1 }, values: { vadSlienceTime: -1 } },
    { config: { target: ["es", "fr"] }, values: { destLanguage: "" } },
  ])("$config is sent as $values", async ({ config, values }) => {
    covers("R4", "R10");
    expect(await started(interpret, config)).toMatchObject(values);
  });

  test.each([
    { alternatives: ["ja", "ko", "fr", "de"] },
    { silenceMs: 100 },
    { key: "no base64!" },
    { url: "http://rtvt.test" },
    { pid: 0 },
    { target: [] },
    { encryption: { publicKey: "none" } },
  ])("%p is refused before anything runs", (wrong) => {
    covers("R3");
    expect(interpret.config.safeParse({ ...ACCESS, target: "es", ...wrong }).success).toBe(false);
    expect(interpret.config.safeParse({ ...ACCESS, target: "es" }).success).toBe(true);
  });

  test("audio goes out in pieces of 640 bytes, numbered and timed, and the tail is filled up and counted", async () => {
    covers("R5", "R7");
    const pcm = counting(3 * 320 + 50);
    const { ends, counters, usage } = await drive({ frames: framesOf(pcm, { frameMs: 13 }) });
    const pieces = ends[0]?.calls("voiceData") ?? [];
    expect(pieces.map(({ seq, ts, streamId }) => ({ seq, ts, streamId }))).toEqual(
      [0, 1, 2, 3].map((i) => ({ seq: i + 1, ts: EPOCH_MS + 20 * i, streamId: STREAM_ID })),
    );
    const sent = new Uint8Array(Buffer.concat(pieces.map(({ data }) => data as Uint8Array)));
    expect(sent.length).toBe(4 * 640);
    expect([...new Int16Array(sent.buffer)]).toEqual([...pcm, ...new Int16Array(270)]);
    expect(counters.paddedSamples).toBe(270);
    expect(usage.audioSeconds).toBeCloseTo((3 * 320 + 50) / 16_000);
  });

  test("audio does not wait for the answers to earlier audio", async () => {
    covers("R6");
    const seqs: number[] = [];
    const { ends } = await drive({
      frames: framesOf(silence({ ms: 2000 })),
      answers: {
        voiceData: (values, end) => {
          seqs.push(Number(values.seq));
          if (seqs.length === 100) for (const { seq } of end.seen) if (seq && seq > 2) end.answer(seq, {});
          return "nothing";
        },
      },
    });
    expect(seqs).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(ends).toHaveLength(1);
  });

  test("audio that is not acknowledged in time means that the service is lost", async () => {
    covers("R5", "R6");
    const lost = await failure(
      drive({ frames: framesOf(silence({ ms: 20_000 })), answers: { voiceData: () => "nothing" } }),
    );
    expect(lost).toMatchObject({ code: "VENDOR_LOST", message: "RTVT gave no answer to voiceData in 5000 ms" });
  });

  test("a stream that the service does not know any more is to be made again", async () => {
    covers("R11");
    const lost = await failure(drive({ answers: { voiceData: () => ({ refuse: 800200 }) } }));
    expect(lost).toMatchObject({ code: "VENDOR_LOST", details: { vendorCode: 800200, method: "voiceData" } });
  });

  test("the end names the stream exactly", async () => {
    covers("R12", "R13");
    const { ends } = await drive({});
    expect(ends[0]?.calls("voiceEnd")).toEqual([{ streamId: STREAM_ID }]);
    expect(await ends[0]?.connection.closed).toMatchObject({ by: "peer" });
  });

  test("Opus goes out in packets of 20 ms, and packets that come in pass as they are", async () => {
    covers("R10");
    const { ends } = await drive({ config: { codec: "opus" }, frames: framesOf(counting(1000)) });
    const coded = (ends[0]?.calls("voiceData") ?? []).map(({ data }) => data as Uint8Array);
    expect(coded.map((packet) => opusPacketSamples(packet, 16_000))).toEqual([320, 320, 320, 320]);
    const encoder = (await loadOpus()).encoder({ sampleRateHz: 16_000, channels: 1 });
    const packets = [0, 1, 2].map((i) => encoder.encode(counting(320).map((v) => v * i)));
    encoder.close();
    const frames = packets.map(
      (packet, i): Frame => ({
        kind: "encoded",
        codec: "opus",
        packet,
        startSample: i * 320,
        sampleCount: 320,
        sampleRateHz: 16_000,
        channels: 1,
      }),
    );
    const format = { audio: { sampleRateHz: 16_000, channels: 1 } };
    const passed = await drive({ config: { codec: "opus" }, frames, formats: format });
    expect(passed.ends[0]?.calls("voiceData").map(({ data }) => data)).toEqual(packets);
    expect(passed.ends[0]?.calls("voiceData").map(({ ts }) => Number(ts) - EPOCH_MS)).toEqual([0, 20, 40]);
    expect((await failure(drive({ frames, formats: format }))).code).toBe("CODEC_UNSUPPORTED");
  });

  test("several languages are named beside each piece of audio", async () => {
    covers("R10");
    const { ends } = await drive({ config: { target: ["es", "fr"] } });
    expect(ends[0]?.calls("voiceData").map(({ destLangs }) => destLangs)).toEqual(Array(5).fill(["es", "fr"]));
    expect((await drive({})).ends[0]?.calls("voiceData")[0]).not.toHaveProperty("destLangs");
  });

  test("while nothing is sent the service is asked for a sign, and silence is a loss", async () => {
    covers("R14");
    // the voiceEnd of this service takes long, and it answers pings meanwhile
    const late: Answers = { voiceEnd: (_, end) => answerLater(end) };
    const config = { link: { finishMs: 60_000 } };
    const timers: (() => void)[] = [];
    const answerLater = (end: RawEnd) => {
      timers.push(() =>
        end.answer(end.seen.findLast((seen) => seen.kind === "quest" && seen.method === "voiceEnd")?.seq, {}),
      );
      return "nothing" as const;
    };
    let pings = 0;
    const { ends } = await drive({
      config,
      answers: {
        ...late,
        "*ping": () => {
          if (++pings === 3) timers.shift()?.();
          return { ts: 1 };
        },
      },
    });
    expect(ends[0]?.calls("*ping")).toEqual([{}, {}, {}]);
    const silent: Answers = { voiceEnd: () => "nothing", "*ping": () => "nothing" };
    const lost = await failure(drive({ config: { ...config, answerMs: 60_000 }, answers: silent }));
    expect(lost.code).toBe("VENDOR_LOST");
  });
});

describe("results", () => {
  test("each has a port, the vendor's ids and times, and a place in the run", async () => {
    covers("R8", "R13");
    const { frames, counters } = await drive({
      answers: atTheEnd(
        ["recognizedTempResult", result({ asr: "go" }, { ...range, endTs: EPOCH_MS + 40 })],
        ["translatedTempResult", result({ trans: "ve" }, { ...range, endTs: EPOCH_MS + 40 })],
        ["recognizedResult", result({ asr: "go on" }, range)],
        ["translatedResult", result({ trans: "sigue" }, range)],
      ),
    });
    const [heard] = textsOf(frames("transcript"));
    expect(heard).toEqual({
      kind: "text",
      role: "transcript",
      text: "go on",
      utterance: "node-1",
      revision: 2,
      final: true,
      stableChars: 5,
      startSample: 320,
      endSample: 960,
      sampleRateHz: 16_000,
      language: "en",
      vendor: { streamId: STREAM_ID, ...range, taskId: 1, lang: "en" },
    });
    const [translated] = textsOf(frames("translation"));
    expect(translated).toMatchObject({
      role: "translation",
      text: "sigue",
      utterance: "node-1",
      startSample: 320,
      endSample: 960,
      language: "es",
      madeFrom: { text: "go on", language: "en" },
      vendor: { streamId: STREAM_ID, ...range, taskId: 1, lang: "es" },
    });
    expect(textsOf(frames("transcriptPartial"))).toMatchObject([
      { text: "go", revision: 1, final: false, endSample: 640 },
    ]);
    expect(textsOf(frames("translationPartial"))).toMatchObject([{ text: "ve", madeFrom: { text: "go" } }]);
    expect(counters).toMatchObject({ recognitionDelays: 2, recognitionDelayMs: 2 * 440 });
  });

  test("a recogniser has its own ports", async () => {
    covers("R8");
    const pushes = [
      ["recognizedTempResult", result({ asr: "go" }, range)],
      ["recognizedResult", result({ asr: "go on" }, range)],
    ] as const;
    const { emitted } = await drive({ definition: asr, answers: atTheEnd(...pushes) });
    expect(emitted.map(({ port, frame }) => [port, frame.kind === "text" && frame.text])).toEqual([
      ["partial", "go"],
      ["final", "go on"],
    ]);
  });

  test("results are acknowledged, calls that nobody knows refused, one-way ones taken without an answer", async () => {
    covers("R9");
    const { ends, frames, counters } = await drive({
      answers: {
        voiceEnd: (_, end) => {
          end.oneWay("recognizedTempResult", result({ asr: "go" }, range));
          end.post("recognizedResult", result({ asr: "go on" }, range));
          end.post("translatedResult", result({ trans: "sigue" }, range));
          end.post("somethingNew", { a: 1 });
          end.post("ping", {});
          end.oneWay("somethingNew", {});
          end.post("recognizedResult", result({ asr: "of another stream" }, { streamId: 7 }));
          return {};
        },
      },
    });
    const answers = ends[0]?.seen.flatMap((seen) => (seen.kind === "answer" ? [seen] : [])) ?? [];
    expect(answers.map(({ seq, ok, values }) => ({ seq, ok, values }))).toEqual([
      { seq: 1, ok: true, values: {} },
      { seq: 2, ok: true, values: {} },
      { seq: 3, ok: false, values: { code: 20004, ex: "unknown method" } },
      { seq: 4, ok: true, values: {} },
      { seq: 5, ok: true, values: {} },
    ]);
    expect(frames()).toHaveLength(3);
    expect(counters).toMatchObject({ unknownPushes: 2, strayResults: 1 });
  });

  test("a push that is not understood ends the connection, acknowledged or not", async () => {
    covers("R9");
    const wrong = atTheEnd(["recognizedResult", { streamId: STREAM_ID, asr: 5 }]);
    expect((await failure(drive({ answers: wrong }))).code).toBe("VENDOR_PROTOCOL");
  });

  test("results after the answer to voiceEnd are waited for, as long as they keep coming", async () => {
    covers("R8", "R12");
    let timer: (() => void) | undefined;
    const clock = new VirtualClock();
    const stop = clock.drive();
    const network = new MemoryNetwork(clock);
    await listenRaw(network, TCP, {
      voiceEnd: (_, end) => {
        timer = clock.after(900, () => {
          end.post("recognizedResult", result({ asr: "go on" }, range));
          timer = clock.after(900, () => end.post("translatedResult", result({ trans: "sigue" }, range)));
        });
        return {};
      },
    });
    const frames = framesOf(silence({ ms: 100 }));
    const driven = await driveNode(interpret, { ...ACCESS, target: "es" }, { clock, network, frames });
    stop();
    timer?.();
    expect(textsOf(driven.frames()).map(({ text }) => text)).toEqual(["go on", "sigue"]);
  });
});

describe("codes", () => {
  const codes: Readonly<Record<string, readonly number[]>> = {
    VENDOR_PROTOCOL: [10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 20005, 20006, 20009, 30001, 30002],
    VENDOR_REFUSED: [10009, 10010, 10011, 10012, 20004, 20013, 200099, 300002, 800003, 800106],
    VENDOR_FAILED: [20001, 20010, 20015, 800000],
    VENDOR_LOST: [20002, 20003, 20007, 20008, 20014, 300003, 800001, 800002, 800200],
    VENDOR_UNREACHABLE: [20012],
    VENDOR_RATE_LIMITED: [20011, 800107],
    VENDOR_KEY_REFUSED: [300001, 800005, 800102, 800103],
    VENDOR_TOKEN_EXPIRED: [800101],
    LANGUAGE_UNSUPPORTED: [800105],
  };

  test("every code that the vendor documents is one of ours", () => {
    covers("R17");
    const found = Object.entries(STATUSES).map(([vendor, { code }]) => `${vendor} ${code}`);
    const wanted = Object.entries(codes).flatMap(([code, vendors]) => vendors.map((vendor) => `${vendor} ${code}`));
    expect(found.sort()).toEqual(wanted.sort());
  });

  test.each([800105, 800106, 800107, 800003, 800000, 20004, 812345])(
    "voiceStart refused with %p",
    async (vendorCode) => {
      covers("R17");
      const refused = await failure(drive({ config: once, answers: { voiceStart: () => ({ refuse: vendorCode }) } }));
      expect(refused.code).toBe(STATUSES[vendorCode]?.code ?? "VENDOR_FAILED");
      expect(refused.details).toMatchObject({ vendorCode, method: "voiceStart" });
      expect(refused.message).toContain(`${vendorCode}`);
    },
  );
});
