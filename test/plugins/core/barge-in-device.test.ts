import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AudioFrame, NodeDefinition } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import core from "#plugins/core";
import { inline, planOf, startPlan, task } from "#test/doubles";
import { framesOf, tone } from "#test/signals";
import { fileDevice, speakOver } from "#test/spoken-over";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-barge-in-"));
const before = { PATH: process.env.PATH, ALSA_CONFIG_PATH: process.env.ALSA_CONFIG_PATH };
afterEach(() => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts programs in front of all others. */
function programs(scripts: Readonly<Record<string, string>>): void {
  const bin = mkdtempSync(join(folder, "bin-"));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  process.env.PATH = `${bin}:${before.PATH}`;
}

const alsa = existsSync("/usr/bin/aplay") && existsSync("/usr/share/alsa/alsa.conf");

describe.skipIf(!alsa)(`on a device that writes into a file${alsa ? "" : ": alsa-utils is not installed"}`, () => {
  test("the machine falls silent, and how long that took is told from the trigger and from the first voiced frame", async () => {
    const raw = join(folder, "heard.raw");
    writeFileSync(`${raw}.conf`, fileDevice(raw));
    process.env.ALSA_CONFIG_PATH = `/usr/share/alsa/alsa.conf:${raw}.conf`;
    const { report, silences, triggers, played } = await speakOver({
      times: 2,
      settings: { device: "parlando_out", through: "alsa" },
    });
    expect(report.state).toBe("done");
    expect(triggers.slice(0, 2).map(({ utterance }) => utterance)).toEqual(["user-0", "user-1"]);
    expect(silences.length).toBeGreaterThanOrEqual(2);
    for (const { afterMs, triggerMs } of silences) {
      expect(triggerMs).toBeGreaterThanOrEqual(0);
      expect(afterMs).toBeGreaterThan(triggerMs + 199.9); // minMs lies between, but for the rounding of positions
    }
    expect(played.filter((event) => event.cut === true).length).toBeGreaterThanOrEqual(2);
    expect(statSync(raw).size).toBeGreaterThan(0);
    const counters = report.nodes.find(({ node }) => node === "speaker")?.counters;
    expect(counters).toMatchObject({ bargeIns: silences.length });
    expect(counters?.bargeInToSilenceMs).toBeGreaterThanOrEqual(200 * silences.length);
  });
});

test("what is protected is heard to its end, and no silence is told", async () => {
  programs({ aplay: "exec cat >/dev/null" });
  const { report, silences, triggers, played } = await speakOver({ times: 1, settings: {}, protected: true });
  expect(report.state).toBe("done");
  expect(triggers).toHaveLength(1);
  expect(silences).toEqual([]);
  expect(played).toMatchObject([{ utterance: "machine-0", cut: false }]);
});

/** A node type of the core with its settings filled in, and ports as the doubles' plans name them. */
function settled(type: string, settings: object): NodeDefinition {
  const definition = core.nodes.find((node) => node.type === type)!;
  const config = definition.config.parse(settings);
  const anything = { kinds: ["audio"] as const };
  return {
    ...definition,
    inputs: () => (type === "core.speaker" ? { in: anything } : {}),
    outputs: () => (type === "core.speaker" ? {} : { out: anything }),
    create: (_, ctx) => definition.create(config, ctx),
  };
}

/** What a microphone hears beside a loudspeaker that speaks once in its run: a letter for each change. */
async function beside(settings: { readonly halfDuplex?: boolean; readonly tailMs?: number }) {
  const { halfDuplex } = settings;
  // a microphone that hears something all the time
  programs({ arecord: "tr '\\000' '\\001' </dev/zero", aplay: "exec cat >/dev/null" });
  const heard: string[] = [];
  const [speech] = framesOf(tone({ hz: 440, ms: 20 })) as AudioFrame[];
  const begun = Promise.withResolvers<void>();
  let spokenFrames = 0;
  const voice: NodeDefinition = {
    ...task(async (_input, emit, signal, ctx) => {
      await begun.promise;
      // it goes on until the microphone has had its time, where the machine is busy
      while (spokenFrames < 15 || (halfDuplex && !heard.includes("silent"))) {
        await emit({ ...speech!, startSample: spokenFrames++ * 320, utterance: "machine" });
        await ctx.clock.sleep(20, signal);
      }
    }),
    inputs: () => ({}),
  };
  let over = false;
  const ear = inline({
    onFrame(frame) {
      if (frame.kind !== "audio") return;
      const kind = frame.pcm.every((sample) => sample === 0) ? "silent" : "heard";
      if (heard.at(-1) !== kind) heard.push(kind);
      begun.resolve();
      if (over && kind === "heard") run.drain();
    },
  });
  const nodes = {
    mic: settled("core.microphone", settings),
    ear,
    voice,
    speaker: settled("core.speaker", {}),
  };
  const { run } = startPlan(
    planOf(nodes, [
      ["mic", "ear"],
      ["voice", "speaker"],
    ]),
    {
      clock: new SystemClock(),
      onEvent(event) {
        if (event.type === "node" && event.event.type === "played") over = true;
      },
    },
  );
  const report = await run.done;
  return { heard, report, muted: report.nodes.find(({ node }) => node === "mic")?.counters.mutedSamples };
}

describe("a microphone beside the machine's own loudspeaker", () => {
  test("hears nothing while it speaks, and the user again afterwards, where half-duplex was asked for", async () => {
    const { heard, report, muted } = await beside({ halfDuplex: true, tailMs: 100 });
    expect(report.state).toBe("done");
    expect(heard).toEqual(["heard", "silent", "heard"]);
    expect(muted).toBeGreaterThan(0);
  });

  test("hears all the time where it was not", async () => {
    const { heard, muted } = await beside({});
    expect(heard).toEqual(["heard"]);
    expect(muted).toBeUndefined();
  });
});
