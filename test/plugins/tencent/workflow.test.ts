import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, type Frame, NodeTypes } from "#engine/plugin";
import { newHousehold } from "#engine/runtime";
import { planWorkflow } from "#engine/workflow";
import { AccountedRun } from "#test/accounted-run";
import { builtInTypes } from "#test/built-in-types";
import { covers } from "#test/covers";
import { ACCESS, finals, hearing, speaking, tencent } from "#test/tencent";
import plugin from "../../../plugins/tencent/index.ts";

setDefaultTimeout(60_000);

const ENVIRONMENT = {
  TENCENTCLOUD_APP_ID: ACCESS.appId,
  TENCENTCLOUD_SECRET_ID: ACCESS.secretId,
  TENCENTCLOUD_SECRET_KEY: ACCESS.secretKey,
};
const root = join(import.meta.dir, "../../..");
const dir = mkdtempSync(join(tmpdir(), "parlando-tencent-"));
afterAll(() => rmSync(dir, { recursive: true }));
const types = new NodeTypes([...builtInTypes().plugins, plugin]);

const planned = (
  purpose: "lint" | "run",
  environment: Record<string, string>,
  params: Record<string, string> = {},
  talk?: string,
) =>
  planWorkflow(
    { path: "workflows/tencent-repeat.yaml" },
    {
      types,
      purpose,
      environment,
      secret: () => undefined,
      cwd: root,
      params,
      run: { id: "example", dir },
      ...(talk && { bindings: { talk: { location: talk } } }),
    },
  );

test("the example is sound with its credentials, and without them lint names what is missing", async () => {
  const { findings } = await planned("lint", ENVIRONMENT);
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const missing = (await planned("lint", {})).findings.filter(({ severity }) => severity === "error");
  expect(missing.map(({ message }) => message).join("\n")).toContain("secretKey");
});

test("a recording is handed over as it is, and what was said is written down", async () => {
  covers("T2", "T8");
  const recording = join(dir, "recording.wav");
  await Bun.write(recording, encodeWav(new Int16Array(3 * 16_000).fill(5), { sampleRateHz: 16_000, channels: 1 }));
  await using service = await tencent({
    workflow: hearing([{ text: "go forward ten meters", fromMs: 0, untilMs: 2000 }]),
  });
  const { network, clock } = service;
  const { plan, findings } = await planWorkflow(
    { path: "workflows/tencent-recording.yaml" },
    {
      types,
      purpose: "run",
      environment: ENVIRONMENT,
      secret: () => undefined,
      cwd: root,
      params: { address: "http://tencent.test/" },
      run: { id: "example", dir },
      bindings: { talk: { location: recording } },
    },
  );
  if (!plan) throw new Error(findings.map(({ message }) => message).join("; "));
  const out: Frame[] = [];
  const onOutput = (_output: string, frame: Frame) => void out.push(frame);
  const run = new AccountedRun(plan, { runId: "example", clock, onOutput }, newHousehold({ network }));
  expect((await run.done).state).toBe("done");
  expect(finals(out)).toEqual(["go forward ten meters"]);
  for (const file of ["talk.txt", "talk.srt"])
    expect(readFileSync(join(dir, file), "utf8")).toContain("go forward ten meters");
});

test("the example runs against the gateway: words are heard, subtitled and spoken again", async () => {
  covers("T8");
  const talk = join(dir, "talk.wav");
  await Bun.write(talk, encodeWav(new Int16Array(3 * 16_000).fill(5), { sampleRateHz: 16_000, channels: 1 }));
  await using ears = await tencent({
    workflow: hearing([{ text: "go forward ten meters", words: "auto", partials: "auto", fromMs: 0, untilMs: 2000 }]),
  });
  const { network, clock } = ears;
  await using _mouth = await tencent({ workflow: speaking(), on: { network, clock, address: "mouth.test:80" } });
  const params = { hearAt: "ws://tencent.test/asr/v2", speakAt: "ws://mouth.test/stream_wsv2" };
  const { plan, findings } = await planned("run", ENVIRONMENT, params, talk);
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  if (!plan) throw new Error("no plan");
  const out: Frame[] = [];
  const run = new AccountedRun(
    plan,
    { runId: "example", clock, onOutput: (_output, frame) => void out.push(frame) },
    newHousehold({ network }),
  );
  const report = await run.done;
  expect(report.failures).toEqual([]);
  expect(report.state).toBe("done");
  expect(finals(out)).toEqual(["go forward ten meters"]);
  expect(readFileSync(join(dir, "speech.wav")).length).toBe(44 + 2 * 4 * 1600);
  expect(readFileSync(join(dir, "talk.srt"), "utf8")).toContain("go forward ten meters");
});
