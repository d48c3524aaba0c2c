import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TextFrame } from "#engine/plugin";
import { wordErrors } from "#engine/testing";
import rtvt from "#plugins/rtvt";
import { builtInTypes } from "#test/built-in-types";
import { CHECKOUT } from "#test/command-line";
import { covers } from "#test/covers";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { planExample, runExample } from "#test/example-run";
import { scratchFolder } from "#test/short-recording";
import { textsOf } from "#test/texts";
import { PROJECT } from "./fixtures/vectors.ts";
import { hears, openService, seconds, TCP } from "./service.ts";

setDefaultTimeout(60_000); // real engines, on a machine that may be busy

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLE = "rtvt-interpret";
const types = builtInTypes().with([rtvt]);
const environment = { RTVT_PID: `${PROJECT.pid}`, RTVT_KEY: PROJECT.key };

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
  const service = await openService({ workflow });
  const params = { service: `tcp://${TCP}` };
  const { report, frames } = await runExample(EXAMPLE, { types, environment, params, folder, on: service });
  await service.close();
  const { network, emulator } = service;
  return { report, texts: textsOf(frames), sockets: network.sockets, served: emulator.host.reports };
}

const finals = (texts: readonly TextFrame[], role: string) =>
  texts.filter((text) => text.final && text.role === role).map(({ text }) => text);

test("the example is sound, and says what it needs", async () => {
  const { findings } = await planExample(EXAMPLE, { types, environment });
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
  const bare = await planExample(EXAMPLE, { types });
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
  expect(await Bun.file(join(folder, "subtitles.srt")).text()).toContain("TEN METERS");
  expect(sockets).toBe(0);
  expect(served.map(({ state, imbalances }) => ({ state, imbalances }))).toEqual([{ state: "done", imbalances: [] }]);
});

test.skipIf(enginesMissing.length > 0)(
  `with the machine's own engines behind the gateway it hears a real recording${NEEDS_ENGINES}`,
  async () => {
    covers("R8");
    const { report, texts } = await interpreted(OWN_ENGINES);
    expect(report.error).toBeUndefined();
    const wanted = await Bun.file(join(CHECKOUT, "workflows/samples/recording.txt")).text();
    const { errors, words } = wordErrors(wanted, finals(texts, "transcript").join(" "));
    expect(errors / words).toBeLessThan(0.3);
    expect(finals(texts, "translation")[0]?.toLowerCase()).toContain("diez metros");
  },
);
