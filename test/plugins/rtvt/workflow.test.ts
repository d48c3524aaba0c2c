import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Frame, NodeTypes, type TextFrame } from "#engine/plugin";
import { MemoryNetwork, newHousehold, VirtualClock } from "#engine/runtime";
import { emulate, wordErrors } from "#engine/testing";
import { type PlanOptions, planWorkflow } from "#engine/workflow";
import rtvt from "#plugins/rtvt";
import { AccountedRun } from "#test/accounted-run";
import { builtInTypes } from "#test/built-in-types";
import { covers } from "#test/covers";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { gateway } from "../../../plugins/rtvt/gateway.ts";
import { PROJECT } from "./fixtures/vectors.ts";
import { hears, KEY, seconds, textsOf } from "./service.ts";

setDefaultTimeout(60_000); // real engines, on a machine that may be busy

const cwd = join(import.meta.dir, "../../..");
const dir = mkdtempSync(join(tmpdir(), "parlando-rtvt-"));
afterAll(() => rmSync(dir, { recursive: true }));

const types = new NodeTypes([...builtInTypes().plugins, rtvt]);
const environment = { RTVT_PID: `${PROJECT.pid}`, RTVT_KEY: PROJECT.key };
const plan = (options: Partial<PlanOptions> = {}) =>
  planWorkflow(
    { path: "workflows/rtvt-interpret.yaml" },
    { types, purpose: "lint", environment, secret: () => undefined, cwd, ...options },
  );

/** What the machine itself can do, behind the gateway. */
const OWN_ENGINES = `
parlando: 1
name: own-engines
inputs: { talk: { kind: audio } }
params: { source: { type: language, default: en }, target: { type: language, default: es } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad }
  translate: { use: apertium.translate, from: asr, with: { source: "\${params.source}", target: "\${params.target}" } }
outputs: { texts: [asr.partial, asr.final, translate] }
`;

/** Runs the example in virtual time, against a gateway with that workflow behind it. */
async function interpreted(workflow: string) {
  const clock = new VirtualClock();
  const stop = clock.drive();
  const network = new MemoryNetwork(clock);
  const household = newHousehold({ network });
  const emulator = await emulate(gateway, { network, tcp: "rtvt.test:14001", types, workflow, keys: [KEY], household });
  const letGo = clock.hold(); // planning takes no time
  const { plan: made, findings } = await plan({
    purpose: "run",
    params: { service: "tcp://rtvt.test:14001" },
    run: { id: "r", dir },
  });
  if (!made) throw new Error(findings.map(({ message }) => message).join("; "));
  const frames: Frame[] = [];
  const run = new AccountedRun(made, { runId: "r", clock, onOutput: (_, frame) => frames.push(frame) }, household);
  letGo();
  const report = await run.done;
  await emulator.close();
  stop();
  return { report, texts: textsOf(frames), sockets: network.sockets, served: emulator.host.reports };
}

const finals = (texts: readonly TextFrame[], role: string) =>
  texts.filter((text) => text.final && text.role === role).map(({ text }) => text);

test("the example is sound, and says what it needs", async () => {
  const { findings } = await plan();
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const bare = await plan({ environment: {} });
  expect(bare.findings.filter(({ severity }) => severity !== "note").map(({ message }) => message)).toEqual([
    expect.stringContaining("RTVT_PID is not set"),
    expect.stringContaining("RTVT_KEY is not set"),
  ]);
});

test("the example runs against the gateway, and its accounts balance", async () => {
  covers("R3", "R8", "R12");
  const { report, texts, sockets, served } = await interpreted(hears(seconds("go forward", "ten meters")));
  expect(report.error).toBeUndefined();
  expect(finals(texts, "transcript")).toEqual(["go forward", "ten meters"]);
  expect(finals(texts, "translation")).toEqual(["GO FORWARD", "TEN METERS"]);
  expect(await Bun.file(join(dir, "subtitles.srt")).text()).toContain("TEN METERS");
  expect(sockets).toBe(0);
  expect(served.map(({ state, imbalances }) => ({ state, imbalances }))).toEqual([{ state: "done", imbalances: [] }]);
});

test.skipIf(enginesMissing.length > 0)(
  `with the machine's own engines behind the gateway it hears a real recording${NEEDS_ENGINES}`,
  async () => {
    covers("R8");
    const { report, texts } = await interpreted(OWN_ENGINES);
    expect(report.error).toBeUndefined();
    const wanted = await Bun.file(join(cwd, "workflows/samples/recording.txt")).text();
    const { errors, words } = wordErrors(wanted, finals(texts, "transcript").join(" "));
    expect(errors / words).toBeLessThan(0.3);
    expect(finals(texts, "translation")[0]?.toLowerCase()).toContain("diez metros");
  },
);
