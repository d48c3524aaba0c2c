import { describe, expect, test } from "bun:test";
import { EngineError } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { textsOf } from "#test/texts";
import type { Service } from "#test/vendor-service";
import { fileAsr } from "../../../../plugins/modelstudio/file-asr.ts";
import { at, serveFiles, wav } from "../recordings.ts";
import { ACCESS, AUTHORIZATION, HTTP_URL, hears, SPEAKS, TASKS_URL, withService } from "../service.ts";
import { dial } from "./task-client.ts";

describe("calls", () => {
  const call = (service: Pick<Service, "network">, method: string, path: string, body?: unknown, headers = {}) =>
    service.network.fetch({
      url: `${HTTP_URL}${path}`,
      method,
      headers: { authorization: AUTHORIZATION, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  const ASYNC = { "x-dashscope-async": "enable" };
  const SUBMIT = "/services/audio/asr/transcription";

  test("of several recordings one may fail; the task succeeds with the others", async () => {
    covers("S19");
    await withService({ workflow: hears(["one two"]) }, async (service) => {
      const close = await serveFiles(service, { "a.wav": wav(1000) });
      const urls = ["http://files.test/none.wav", "http://files.test/a.wav"];
      const submitted = await call(
        service,
        "POST",
        SUBMIT,
        { model: "paraformer-v2", input: { file_urls: urls } },
        ASYNC,
      );
      const { output } = (await submitted.json()) as { output: { task_id: string; task_status: string } };
      expect(output.task_status).toBe("PENDING");
      await service.clock.sleep(5000);
      const state = await (await call(service, "GET", `/tasks/${output.task_id}`)).json();
      expect(state).toMatchObject({
        output: {
          task_status: "SUCCEEDED",
          results: [
            { file_url: urls[0], subtask_status: "FAILED", code: "InvalidFile.DownloadFailed" },
            { file_url: urls[1], subtask_status: "SUCCEEDED" },
          ],
          task_metrics: { TOTAL: 2, SUCCEEDED: 1, FAILED: 1 },
        },
        usage: { duration: 1 },
      });
      expect(await (await call(service, "GET", "/tasks?page_size=1&status=SUCCEEDED")).json()).toMatchObject({
        total: 1,
      });
      expect((await call(service, "POST", `/tasks/${output.task_id}/cancel`)).status).toBe(400);
      await close();
    });
  });

  test("a task of another key, or of nobody, is not known", async () => {
    await withService({ workflow: SPEAKS }, async (service) => {
      expect(await (await call(service, "GET", "/tasks/nobody")).json()).toMatchObject({
        output: { task_status: "UNKNOWN" },
      });
      expect((await call(service, "GET", "/results/nobody")).status).toBe(404);
    });
  });

  test.each([
    ["no JSON", SUBMIT, "{", ASYNC, 400, "InvalidParameter"],
    ["no address", SUBMIT, { model: "paraformer-v2", input: { file_urls: ["x"] } }, ASYNC, 400, "InvalidParameter"],
    ["a submission that wants to wait", SUBMIT, {}, {}, 403, "AccessDenied"],
    [
      "a text without words",
      "/services/audio/tts/SpeechSynthesizer",
      { model: "cosyvoice-v2", input: { text: " ", voice: "v", format: "pcm", sample_rate: 16000 } },
      {},
      400,
      "InvalidParameter",
    ],
    [
      "a format that is not written",
      "/services/audio/tts/SpeechSynthesizer",
      { model: "cosyvoice-v2", input: { text: "x", voice: "v", format: "aac" } },
      {},
      400,
      "UNSUPPORTED_FORMAT",
    ],
    [
      "a model that does not speak",
      "/services/aigc/multimodal-generation/generation",
      { model: "qwen-max", input: { text: "x", voice: "v" } },
      {},
      404,
      "ModelNotFound",
    ],
    [
      "a prefix that is too long",
      "/services/audio/asr/customization",
      {
        model: "speech-biasing",
        input: { action: "create_vocabulary", target_model: "m", prefix: "tenletters", vocabulary: [{ text: "x" }] },
      },
      {},
      400,
      "InvalidParameter",
    ],
    [
      "an action that is not known",
      "/services/audio/asr/customization",
      { model: "speech-biasing", input: { action: "burn_vocabulary" } },
      {},
      400,
      "InvalidParameter",
    ],
  ])("%s is answered with a code", async (_, path, body, headers, status, code) => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const answer = await call(service, "POST", path, body, headers);
      expect([answer.status, await answer.json()]).toMatchObject([status, { code, request_id: expect.any(String) }]);
    });
  });

  test("without events, a text is answered with all of its audio", async () => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const input = { text: "Hi", voice: "v", format: "pcm", sample_rate: 16000 };
      const answer = await call(service, "POST", "/services/audio/tts/SpeechSynthesizer", {
        model: "cosyvoice-v2",
        input,
      });
      const { output, usage } = (await answer.json()) as {
        output: { audio: { data: string }; finish_reason: string };
        usage: unknown;
      };
      expect(Buffer.from(output.audio.data, "base64")).toHaveLength(2 * 1600 * 2);
      expect([output.finish_reason, usage]).toEqual(["stop", { characters: 2 }]);
    });
  });

  test.each([
    {
      what: "CosyVoice",
      path: "/services/audio/tts/SpeechSynthesizer",
      model: "cosyvoice-v2",
      more: { format: "pcm", sample_rate: 16000 },
      type: "application/octet-stream",
      bytes: 2 * 1600 * 2,
    },
    {
      what: "Qwen",
      path: "/services/aigc/multimodal-generation/generation",
      model: "qwen3-tts-flash",
      more: {},
      type: "audio/wav",
      bytes: 44 + 2 * 2400 * 2,
    },
  ])("what $what spoke can be fetched as a file", async ({ path, model, more, type, bytes }) => {
    await withService({ workflow: SPEAKS }, async (service) => {
      const answer = await call(service, "POST", path, { model, input: { text: "Hi", voice: "v", ...more } });
      const { url, expires_at } = ((await answer.json()) as { output: { audio: { url: string; expires_at: number } } })
        .output.audio;
      expect(expires_at).toBeGreaterThan(service.emulator.host.epochMs() / 1000);
      const file = await service.network.fetch({ url });
      expect([file.status, file.headers["content-type"], (await file.bytes()).length]).toEqual([200, type, bytes]);
      expect((await service.network.fetch({ url: `${url}0` })).status).toBe(404);
      await service.clock.sleep(86_400_000);
      expect((await service.network.fetch({ url })).status).toBe(404);
    });
  });

  test("lists of hot words are made, looked at, changed and deleted, each by its own key", async () => {
    covers("S26");
    await withService({ workflow: SPEAKS }, async (service) => {
      const act = async (input: object) =>
        (await call(service, "POST", "/services/audio/asr/customization", { model: "speech-biasing", input })).json();
      const vocabulary = [{ text: "Gummy", weight: 4, lang: "en" }];
      const made = await act({ action: "create_vocabulary", target_model: "m", prefix: "ex", vocabulary });
      const { vocabulary_id } = (made as { output: { vocabulary_id: string } }).output;
      expect(await act({ action: "list_vocabulary", prefix: "ex" })).toMatchObject({
        output: { vocabulary_list: [{ vocabulary_id }] },
      });
      await act({ action: "update_vocabulary", vocabulary_id, vocabulary: [{ text: "Other" }] });
      expect(await act({ action: "query_vocabulary", vocabulary_id })).toMatchObject({
        output: { vocabulary: [{ text: "Other" }] },
      });
      await act({ action: "delete_vocabulary", vocabulary_id });
      expect(await act({ action: "query_vocabulary", vocabulary_id })).toMatchObject({ code: "InvalidParameter" });
    });
  });

  test("a temporary key opens everything, and only for its time", async () => {
    await withService({ workflow: hears(["one"]) }, async (service) => {
      const made = await call(service, "POST", "/tokens?expire_in_seconds=60");
      const { token, expires_at } = (await made.json()) as { token: string; expires_at: number };
      expect(expires_at).toBe(Math.floor(service.emulator.host.epochMs() / 1000) + 60);
      (await dial(service, TASKS_URL, `Bearer ${token}`)).close();
      await service.clock.sleep(61_000);
      expect(await rejectionOf(dial(service, TASKS_URL, `Bearer ${token}`))).toBeInstanceOf(EngineError);
    });
  });
});

test("a recording in stereo, of which the second channel is wanted, and one that has none", async () => {
  await withService({ workflow: hears(["one two"]) }, async (service) => {
    const close = await serveFiles(service, { "stereo.wav": wav(1000, 2), "mono.wav": wav(1000) });
    const { clock, network } = service;
    const { url: _, ...calls } = ACCESS;
    const drive = (name: string) =>
      driveNode(fileAsr, { ...calls, channels: [1] }, { frames: [at(name)], clock, network });
    expect(textsOf((await drive("stereo.wav")).frames("final"))).toHaveLength(1);
    expect(await rejectionOf(drive("mono.wav"))).toMatchObject({ details: { vendorCode: "UNSUPPORTED_FORMAT" } });
    await close();
  });
});
