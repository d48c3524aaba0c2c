import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { HEARING_FAILS, speaks } from "#test/service-workflows";
import { audio, type RawClient, type Scene, START, scene } from "./raw-client.ts";

describe("what is wrong is told in the vendor's terms, and the socket is closed", () => {
  interface Wrong {
    readonly what: string;
    readonly status: number;
    readonly options?: Parameters<typeof scene>[0];
    play(client: RawClient): void;
  }
  const started = (client: RawClient, ...more: (() => void)[]) => {
    client.send("StartRecognition", START);
    for (const call of more) call();
  };
  const tts = { namespace: "SpeechSynthesizer", workflow: speaks() };
  const flowing = { namespace: "FlowingSpeechSynthesizer", workflow: speaks() };

  test.each<Wrong>([
    {
      what: "an unknown service",
      status: 40010001,
      play: (c) => c.send("StartRecognition", START, { namespace: "DialogAssistant" }),
    },
    { what: "no appkey", status: 40000003, play: (c) => c.send("StartRecognition", START, { appkey: "" }) },
    {
      what: "another's appkey",
      status: 40020105,
      play: (c) => c.send("StartRecognition", START, { appkey: "another" }),
    },
    {
      what: "a short message id",
      status: 40000002,
      play: (c) => c.send("StartRecognition", START, { message_id: "1" }),
    },
    { what: "a short task id", status: 40000002, play: (c) => c.send("StartRecognition", START, { task_id: "1" }) },
    { what: "no JSON", status: 40000002, play: (c) => c.connection.send("hello") },
    { what: "a stop without a start", status: 40000002, play: (c) => c.send("StopRecognition") },
    { what: "an unknown directive", status: 40010003, play: (c) => started(c, () => c.send("Sing")) },
    { what: "a second start", status: 40000002, play: (c) => started(c, () => c.send("StartRecognition", START)) },
    { what: "audio before the start", status: 40000002, play: (c) => started(c, () => c.connection.send(audio(100))) },
    { what: "capitals", status: 40010003, play: (c) => c.send("StartRecognition", { format: "PCM" }) },
    { what: "speex", status: 41010100, play: (c) => c.send("StartRecognition", { format: "speex" }) },
    { what: "a rate of 44,100 Hz", status: 41010101, play: (c) => c.send("StartRecognition", { sample_rate: 44100 }) },
    { what: "no text", status: 40010003, options: tts, play: (c) => c.send("StartSynthesis", { voice: "xiaoyun" }) },
    {
      what: "speech in opus, which is not offered",
      status: 41010100,
      options: tts,
      play: (c) => c.send("StartSynthesis", { text: "x", format: "opus" }),
    },
    {
      what: "a volume of 200",
      status: 40000003,
      options: tts,
      play: (c) => c.send("StartSynthesis", { text: "x", volume: 200 }),
    },
    {
      what: "text before it was started",
      status: 40000002,
      options: flowing,
      play: (c) => c.send("RunSynthesis", { text: "x" }),
    },
  ])("$what: $status", async ({ status, options = {}, play }) => {
    covers("A2", "A9");
    await scene(options, async ({ client, pass }) => {
      play(client);
      await pass();
      const failed = client.events.at(-1)?.header;
      expect(failed).toMatchObject({ name: "TaskFailed", namespace: "Default", status });
      client.connection.send(audio(100)); // late, and to be borne
      expect(await client.connection.closed).toMatchObject({ code: 1000 });
    });
  });

  const flow = async ({ client, pass }: Scene) => {
    client.send("StartSynthesis", {});
    await pass();
  };
  test("SSML in a second text of flowing synthesis", async () => {
    await scene(flowing, async ({ client, pass }) => {
      client.send("StartSynthesis", { enable_ssml: true });
      await pass();
      client.send("RunSynthesis", { text: "<speak>one</speak>" });
      client.send("RunSynthesis", { text: "<speak>two</speak>" });
      await pass();
      expect(client.events.at(-1)?.header.status).toBe(40000003);
    });
  });

  test("limits of flowing text", async () => {
    await scene(flowing, async (stage) => {
      await flow(stage);
      stage.client.send("RunSynthesis", { text: "字".repeat(1001) });
      await stage.pass();
      expect(stage.client.events.at(-1)?.header.status).toBe(40000003);
    });
  });

  test("more than a minute of one sentence", async () => {
    covers("A9");
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      for (let i = 0; i < 61; i++) client.connection.send(audio(1000));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({ name: "TaskFailed", status: 41010104 });
    });
  });

  test("a stop while stopping, and audio that is not of its format", async () => {
    await scene({ namespace: "SpeechTranscriber" }, async ({ client, pass }) => {
      client.send("StartTranscription", START);
      await pass();
      client.send("StopTranscription");
      client.send("StopTranscription");
      await pass();
      expect(client.events.at(-1)?.header.status).toBe(40010005);
    });
    await scene({}, async ({ client, pass }) => {
      client.send("StartRecognition", { ...START, format: "wav" });
      await pass();
      client.connection.send(new TextEncoder().encode("this is no recording at all"));
      await pass();
      expect(client.events.at(-1)?.header.status).toBe(40270003);
    });
  });

  test("a workflow that fails is a server error that tells a code and nothing of the server", async () => {
    covers("A9");
    await scene({ workflow: HEARING_FAILS }, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      client.connection.send(audio(2000));
      await pass();
      expect(client.events.at(-1)?.header).toMatchObject({
        name: "TaskFailed",
        status: 50000000,
        status_text: "Gateway:SERVER_ERROR:NODE_FAILED",
      });
    });
  });

  test("a client that falls silent is sent away after 10 s; pings keep it, in flowing synthesis up to 23 s", async () => {
    covers("A9");
    const silentAfter = (options: Parameters<typeof scene>[0], name: string, pings: boolean) =>
      scene(options, async ({ client, clock, pass }) => {
        client.send(name, {});
        await pass();
        for (let i = 0; i < 40 && !client.names.includes("TaskFailed"); i++) {
          if (pings) client.connection.ping();
          await pass(1000);
        }
        const failed = client.events.find(({ header }) => header.name === "TaskFailed");
        return { status: failed?.header.status, seconds: Math.round(clock.nowMs() / 1000) };
      });
    const transcribing = { namespace: "SpeechTranscriber" };
    expect(await silentAfter(transcribing, "StartTranscription", false)).toEqual({ status: 40000004, seconds: 11 });
    expect(await silentAfter(transcribing, "StartTranscription", true)).toEqual({ status: undefined, seconds: 40 });
    expect(await silentAfter(flowing, "StartSynthesis", false)).toMatchObject({ status: 40000004, seconds: 11 });
    expect(await silentAfter(flowing, "StartSynthesis", true)).toMatchObject({ status: 40000004, seconds: 23 });
  });

  test("the word beside the status may have its other name", async () => {
    await scene({ gatewayConfig: { statusWord: "status_message" } }, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      expect(client.events[0]?.header).toHaveProperty("status_message");
      expect(client.events[0]?.header).not.toHaveProperty("status_text");
    });
  });

  test("a client that goes away leaves no run behind", async () => {
    covers("A1");
    const emulator = await scene({}, async ({ client, pass, emulator }) => {
      client.send("StartRecognition", START);
      await pass();
      client.connection.send(audio(500));
      await pass();
      expect(emulator.host.running).toBe(1);
      client.connection.destroy();
      client.connection.destroy();
      await pass();
      return emulator;
    });
    expect(emulator.host.reports.map(({ state }) => state)).toEqual(["cancelled"]);
    expect([emulator.host.running, emulator.doors.clients]).toEqual([0, 0]);
  });
});
