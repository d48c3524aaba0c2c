import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { builtInTypes } from "#test/built-in-types";
import { covers } from "#test/covers";
import { planExample, runExample } from "#test/example-run";
import { scratchFolder } from "#test/short-recording";
import plugin from "../../../plugins/tencent/index.ts";
import { ACCESS, finals, hearing, speaking, tencent } from "./service.ts";

setDefaultTimeout(60_000);

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLE = "tencent-repeat";
const types = builtInTypes().with([plugin]);
const environment = {
  TENCENTCLOUD_APP_ID: ACCESS.appId,
  TENCENTCLOUD_SECRET_ID: ACCESS.secretId,
  TENCENTCLOUD_SECRET_KEY: ACCESS.secretKey,
};
const talk = new Int16Array(3 * 16_000).fill(5);

test("the example is sound with its credentials, and without them lint names what is missing", async () => {
  const { findings } = await planExample(EXAMPLE, { types, environment });
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const missing = (await planExample(EXAMPLE, { types })).findings.filter(({ severity }) => severity === "error");
  expect(missing.map(({ message }) => message).join("\n")).toContain("secretKey");
});

test("a recording is handed over as it is, and what was said is written down", async () => {
  covers("T2", "T8");
  await using on = await tencent({
    workflow: hearing([{ text: "go forward ten meters", fromMs: 0, untilMs: 2000 }]),
  });
  const params = { address: "http://tencent.test/" };
  const { report, frames } = await runExample("tencent-recording", { types, environment, params, talk, folder, on });
  expect(report.state).toBe("done");
  expect(finals(frames)).toEqual(["go forward ten meters"]);
  for (const file of ["talk.txt", "talk.srt"])
    expect(readFileSync(join(folder, file), "utf8")).toContain("go forward ten meters");
});

test("the example runs against the gateway: words are heard, subtitled and spoken again", async () => {
  covers("T8");
  await using ears = await tencent({
    workflow: hearing([{ text: "go forward ten meters", words: "auto", partials: "auto", fromMs: 0, untilMs: 2000 }]),
  });
  const { network, clock } = ears;
  await using _mouth = await tencent({ workflow: speaking(), on: { network, clock }, web: "mouth.test:80" });
  const params = { hearAt: "ws://tencent.test/asr/v2", speakAt: "ws://mouth.test/stream_wsv2" };
  const { report, frames } = await runExample(EXAMPLE, { types, environment, params, talk, folder, on: ears });
  expect(report.failures).toEqual([]);
  expect(report.state).toBe("done");
  expect(finals(frames)).toEqual(["go forward ten meters"]);
  expect(readFileSync(join(folder, "speech.wav")).length).toBe(44 + 2 * 4 * 1600);
  expect(readFileSync(join(folder, "talk.srt"), "utf8")).toContain("go forward ten meters");
});
