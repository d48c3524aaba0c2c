import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { covers } from "#test/covers";
import { planExample, runExample } from "#test/example-run";
import { typesWithTones } from "#test/service-workflows";
import { scratchFolder } from "#test/short-recording";
import { voice } from "#test/signals";
import { textsOf } from "#test/texts";
import modelstudio from "../../../plugins/modelstudio/index.ts";
import { API_KEY, hears, openService, SPEAKS } from "./service.ts";

setDefaultTimeout(60_000);

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLE = "modelstudio-interpret";
const types = typesWithTones().with([modelstudio]);
const environment = { DASHSCOPE_API_KEY: API_KEY };

test("the example is sound with its key, and without it lint names what is missing", async () => {
  covers("S38");
  const { findings } = await planExample(EXAMPLE, { types, environment });
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const missing = (await planExample(EXAMPLE, { types })).findings;
  expect(missing.map(({ message }) => message).join("\n")).toContain("apiKey");
});

test("what the environment says of rate, language and voice holds in a workflow", async () => {
  covers("S38");
  const told = { ...environment, TTS_VOICE: "loongstella_v2", ASR_SAMPLE_RATE: "8000" };
  const { findings } = await planExample(EXAMPLE, { types, environment: told });
  expect(findings.map(({ message }) => message).join("\n")).toContain("gummy-realtime-v1 takes 16000");
});

test("the example runs against the gateway: speech is translated, spoken and subtitled", async () => {
  covers("S1", "S5", "S23");
  const talk = voice({ ms: 2500 });
  await using ears = await openService({ workflow: hears(["go forward", "ten"], "es"), web: "ears.test:80" });
  await using mouth = await openService({ workflow: SPEAKS, web: "mouth.test:80", on: ears });
  const params = { hearAt: "ws://ears.test/api-ws/v1/inference", speakAt: "ws://mouth.test/api-ws/v1/realtime" };
  const { report, frames } = await runExample(EXAMPLE, { types, environment, params, talk, folder, on: ears });
  expect(report.failures).toEqual([]);
  expect(report.state).toBe("done");
  const finals = textsOf(frames).filter(({ final }) => final);
  expect(finals.map(({ text, role }) => [role, text])).toEqual([
    ["transcript", "go forward"],
    ["translation", "GO FORWARD"],
    ["transcript", "ten"],
    ["translation", "TEN"],
  ]);
  expect(readFileSync(join(folder, "speech.wav")).length).toBe(44 + 13 * 3200);
  const subtitles = readFileSync(join(folder, "subtitles.srt"), "utf8");
  expect(subtitles).toContain("go forward");
  expect(subtitles).toContain("TEN");
  await ears.clock.sleep(2000); // sockets that were kept for others say goodbye
  expect([ears, mouth].map(({ emulator }) => emulator.doors.clients)).toEqual([0, 0]);
});
