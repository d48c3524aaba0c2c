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
import { voice } from "#test/signals";
import { gateway } from "../../../plugins/modelstudio/gateway.ts";
import modelstudio from "../../../plugins/modelstudio/index.ts";
import { API_KEY, hears, KEY, SPEAKS, testTypes, textsOf } from "./service.ts";

setDefaultTimeout(60_000);

const root = join(import.meta.dir, "../../..");
const dir = mkdtempSync(join(tmpdir(), "parlando-modelstudio-"));
afterAll(() => rmSync(dir, { recursive: true }));

const types = new NodeTypes([...testTypes().plugins, modelstudio]);
const planned = (
  purpose: "lint" | "run",
  environment: Record<string, string>,
  params: Record<string, string> = {},
  talk?: string,
) =>
  planWorkflow(
    { path: "workflows/modelstudio-interpret.yaml" },
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

test("the example is sound with its key, and without it lint names what is missing", async () => {
  covers("S38");
  const { findings } = await planned("lint", { DASHSCOPE_API_KEY: API_KEY });
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const missing = (await planned("lint", {})).findings;
  expect(missing.map(({ message }) => message).join("\n")).toContain("apiKey");
});

test("what the environment says of rate, language and voice holds in a workflow", async () => {
  covers("S38");
  const environment = { DASHSCOPE_API_KEY: API_KEY, TTS_VOICE: "loongstella_v2", ASR_SAMPLE_RATE: "8000" };
  const { findings } = await planned("lint", environment);
  expect(findings.map(({ message }) => message).join("\n")).toContain("gummy-realtime-v1 takes 16000");
});

test("the example runs against the gateway: speech is translated, spoken and subtitled", async () => {
  covers("S1", "S5", "S23");
  const talk = join(dir, "talk.wav");
  await Bun.write(talk, encodeWav(voice({ ms: 2500 }), { sampleRateHz: 16000, channels: 1 }));
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const household = newHousehold({ network });
  const at = { network, types, keys: [KEY], household };
  const ears = await emulate(gateway, { ...at, web: "ears.test:80", workflow: hears(["go forward", "ten"], "es") });
  const mouth = await emulate(gateway, { ...at, web: "mouth.test:80", workflow: SPEAKS });
  try {
    const params = { hearAt: "ws://ears.test/api-ws/v1/inference", speakAt: "ws://mouth.test/api-ws/v1/realtime" };
    const { plan, findings } = await planned("run", { DASHSCOPE_API_KEY: API_KEY }, params, talk);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    if (!plan) throw new Error("no plan");
    const out: Frame[] = [];
    const options = { runId: "example", clock, onOutput: (_: string, frame: Frame) => void out.push(frame) };
    const report = await new AccountedRun(plan, options, household).done;
    expect(report.failures).toEqual([]);
    expect(report.state).toBe("done");
    const finals = textsOf(out).filter(({ final }) => final);
    expect(finals.map(({ text, role }) => [role, text])).toEqual([
      ["transcript", "go forward"],
      ["translation", "GO FORWARD"],
      ["transcript", "ten"],
      ["translation", "TEN"],
    ]);
    expect(readFileSync(join(dir, "speech.wav")).length).toBe(44 + 13 * 3200);
    const subtitles = readFileSync(join(dir, "subtitles.srt"), "utf8");
    expect(subtitles).toContain("go forward");
    expect(subtitles).toContain("TEN");
    await clock.sleep(2000); // sockets that were kept for others say goodbye
    expect([ears.doors.clients, mouth.doors.clients]).toEqual([0, 0]);
  } finally {
    await ears.close();
    await mouth.close();
    stop();
  }
});
