import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, type Frame, NodeTypes } from "#engine/plugin";
import { MemoryNetwork, newHousehold, VirtualClock } from "#engine/runtime";
import { emulate } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import { AccountedRun } from "#test/accounted-run";
import { covers } from "#test/covers";
import { concat, silence, voice } from "#test/signals";
import { gateway } from "../../../plugins/aliyun/gateway.ts";
import aliyun from "../../../plugins/aliyun/index.ts";
import { hears, KEY, speaks, textsOf, typesWithTones } from "./service.ts";

setDefaultTimeout(60_000);

const ENVIRONMENT = { NLS_APP_KEY: "example-appkey", ALIYUN_AK_ID: KEY.id, ALIYUN_AK_SECRET: KEY.secret };
const root = join(import.meta.dir, "../../..");
const dir = mkdtempSync(join(tmpdir(), "parlando-aliyun-"));
afterAll(() => rmSync(dir, { recursive: true }));

const types = new NodeTypes([...typesWithTones().plugins, aliyun]);
const planned = (
  purpose: "lint" | "run",
  environment: Record<string, string>,
  params: Record<string, string> = {},
  talk?: string,
) =>
  planWorkflow(
    { path: "workflows/aliyun-repeat.yaml" },
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
  expect(missing.map(({ message }) => message).join("\n")).toContain("appkey");
});

test("the example runs against the gateway: words are heard, spoken again, and subtitled", async () => {
  covers("A1", "A6", "A7");
  const pcm = concat(
    silence({ ms: 500 }),
    voice({ ms: 1500 }),
    silence({ ms: 900 }),
    voice({ ms: 1500 }),
    silence({ ms: 900 }),
  );
  const talk = join(dir, "talk.wav");
  await Bun.write(talk, encodeWav(pcm, { sampleRateHz: 16000, channels: 1 }));
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const household = newHousehold({ network });
  const at = { network, types, keys: [KEY], household };
  const ears = await emulate(gateway, { ...at, web: "ears.test:80", workflow: hears("go forward ten meters") });
  const mouth = await emulate(gateway, { ...at, web: "mouth.test:80", workflow: speaks() });
  try {
    const params = { hearAt: "ws://ears.test/ws/v1", speakAt: "ws://mouth.test/ws/v1", tokensAt: "http://ears.test/" };
    const { plan, findings } = await planned("run", ENVIRONMENT, params, talk);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    if (!plan) throw new Error("no plan");
    const out: Frame[] = [];
    const run = new AccountedRun(
      plan,
      { runId: "example", clock, onOutput: (_, frame) => void out.push(frame) },
      household,
    );
    const report = await run.done;
    expect(report.failures).toEqual([]);
    expect(report.state).toBe("done");
    expect(
      textsOf(out)
        .filter(({ final }) => final)
        .map(({ text }) => text),
    ).toEqual(["go forward ten meters", "go forward ten meters"]);
    expect(readFileSync(join(dir, "speech.wav")).length).toBe(44 + 2 * 2100 * 32);
    expect(readFileSync(join(dir, "speech.srt"), "utf8")).toContain("00:00:00,000 --> 00:00:02,");
    expect([ears.doors.clients, mouth.doors.clients]).toEqual([0, 0]);
  } finally {
    await ears.close();
    await mouth.close();
    stop();
  }
});
