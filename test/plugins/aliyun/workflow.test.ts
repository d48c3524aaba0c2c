import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { covers } from "#test/covers";
import { planExample, runExample } from "#test/example-run";
import { hears, speaks, typesWithTones } from "#test/service-workflows";
import { scratchFolder } from "#test/short-recording";
import { concat, silence, voice } from "#test/signals";
import { textsOf } from "#test/texts";
import aliyun from "../../../plugins/aliyun/index.ts";
import { KEY, openService } from "./service.ts";

setDefaultTimeout(60_000);

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLE = "aliyun-repeat";
const types = typesWithTones().with([aliyun]);
const environment = { NLS_APP_KEY: "example-appkey", ALIYUN_AK_ID: KEY.id, ALIYUN_AK_SECRET: KEY.secret };

test("the example is sound with its credentials, and without them lint names what is missing", async () => {
  const { findings } = await planExample(EXAMPLE, { types, environment });
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const missing = (await planExample(EXAMPLE, { types })).findings.filter(({ severity }) => severity === "error");
  expect(missing.map(({ message }) => message).join("\n")).toContain("appkey");
});

test("the example runs against the gateway: words are heard, spoken again, and subtitled", async () => {
  covers("A1", "A6", "A7");
  const talk = concat(
    silence({ ms: 500 }),
    voice({ ms: 1500 }),
    silence({ ms: 900 }),
    voice({ ms: 1500 }),
    silence({ ms: 900 }),
  );
  await using ears = await openService({ workflow: hears("go forward ten meters"), web: "ears.test:80" });
  await using mouth = await openService({ workflow: speaks(), web: "mouth.test:80", on: ears });
  const params = { hearAt: "ws://ears.test/ws/v1", speakAt: "ws://mouth.test/ws/v1", tokensAt: "http://ears.test/" };
  const { report, frames } = await runExample(EXAMPLE, { types, environment, params, talk, folder, on: ears });
  expect(report.failures).toEqual([]);
  expect(report.state).toBe("done");
  const finals = textsOf(frames).filter(({ final }) => final);
  expect(finals.map(({ text }) => text)).toEqual(["go forward ten meters", "go forward ten meters"]);
  expect(readFileSync(join(folder, "speech.wav")).length).toBe(44 + 2 * 2100 * 32);
  expect(readFileSync(join(folder, "speech.srt"), "utf8")).toContain("00:00:00,000 --> 00:00:02,");
  expect([ears, mouth].map(({ emulator }) => emulator.doors.clients)).toEqual([0, 0]);
});
