import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "#engine/errors";
import {
  type AudioFrame,
  decodeSamples,
  encodeS16le,
  type Frame,
  type NodeDefinition,
  type NodeEvent,
} from "#engine/plugin";
import { SystemClock, VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import core from "#plugins/core";
import { covers } from "#test/covers";
import { inline, planOf, sourceOf, startPlan } from "#test/doubles";
import { concat, counting, framesOf, tone } from "#test/signals";
import { devicesIn } from "../../../plugins/core/devices/engines.ts";
import { Played, type PlayedFacts } from "../../../plugins/core/devices/played.ts";

setDefaultTimeout(60_000);

const nodeType = (type: string): NodeDefinition => core.nodes.find((node) => node.type === type)!;
const microphone = nodeType("core.microphone");
const speaker = nodeType("core.speaker");

const folder = mkdtempSync(join(tmpdir(), "parlando-devices-"));
const before = { PATH: process.env.PATH, ALSA_CONFIG_PATH: process.env.ALSA_CONFIG_PATH };
afterEach(() => {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Puts a program of that name in front of all others; `$N` in it is which call it is, from 1. */
function program(name: string, script: string): void {
  const bin = join(folder, `bin${++files}`);
  mkdirSync(bin);
  const count = `N=$(($(cat ${bin}/n 2>/dev/null || echo 0) + 1)); echo $N > ${bin}/n`;
  writeFileSync(join(bin, name), `#!/bin/sh\n${count}\n${script.replaceAll("BIN", bin)}\n`);
  chmodSync(join(bin, name), 0o755);
  process.env.PATH = `${bin}:${before.PATH}`;
}

/** A node type with its settings filled in, and ports as the doubles' plans name them. */
function settled(definition: NodeDefinition, settings: object): NodeDefinition {
  const config = definition.config.parse(settings);
  const anything = { kinds: ["audio"] as const };
  return {
    ...definition,
    inputs: () => (definition.role(config) === "sink" ? { in: anything } : {}),
    outputs: () => (definition.role(config) === "sink" ? {} : { out: anything }),
    create: (_, ctx) => definition.create(config, ctx),
  };
}

/** Listens until `enough` says so, or the microphone ends by itself. */
async function listen(
  settings: object,
  enough: (frames: readonly AudioFrame[], events: readonly NodeEvent[]) => boolean,
) {
  const frames: AudioFrame[] = [];
  const events: NodeEvent[] = [];
  const look = () => {
    if (enough(frames, events)) run.drain();
  };
  const sink = inline({
    onFrame(frame: Frame) {
      if (frame.kind === "audio") frames.push(frame);
      look();
    },
  });
  const plan = planOf({ mic: settled(microphone, settings), sink }, [["mic", "sink"]]);
  const { run } = startPlan(plan, {
    clock: new SystemClock(),
    onEvent(event) {
      if (event.type !== "node" || event.node !== "mic") return;
      events.push(event.event);
      look();
    },
  });
  const report = await run.done;
  return { frames, events, report };
}

/** Plays frames, and hands the node a control when something is asked of it. */
async function play(
  settings: object,
  frames: readonly AudioFrame[],
  everyMs = 0,
  control?: (events: readonly NodeEvent[], node: string) => boolean,
) {
  const events: NodeEvent[] = [];
  const plan = planOf({ from: sourceOf(frames, everyMs), speaker: settled(speaker, settings) }, [["from", "speaker"]]);
  const { run } = startPlan(plan, {
    clock: new SystemClock(),
    onEvent(event) {
      if (event.type !== "node" || event.node !== "speaker") return;
      events.push(event.event);
      if (control?.(events, event.node)) run.control({ kind: "barge-in", utterance: "mine" });
    },
  });
  const report = await run.done;
  return { events, report, played: events.filter(({ type }) => type === "played") };
}

const samplesOf = (path: string) => decodeSamples(readFileSync(path), "s16le");
const codeOf = (error: unknown): string => (error instanceof EngineError ? error.code : String(error));
const states = (events: readonly NodeEvent[]) =>
  events.filter(({ type }) => type === "device").map(({ state }) => state);

describe("a microphone through a program", () => {
  test("gives frames of one length, asked for as the settings say", async () => {
    covers("S35");
    program("arecord", 'echo "$@" > BIN/args; cat /dev/zero');
    const { frames, report } = await listen(
      { sampleRateHz: 8000, frameMs: 30, device: "front" },
      ({ length }) => length >= 4,
    );
    expect(report.state).toBe("done");
    expect(frames.slice(0, 4).map(({ startSample, pcm }) => [startSample, pcm.length])).toEqual([
      [0, 240],
      [240, 240],
      [480, 240],
      [720, 240],
    ]);
    const args = readFileSync(join(process.env.PATH!.split(":")[0]!, "args"), "utf8");
    expect(args).toContain("-t raw -f S16_LE -r 8000 -c 1 ");
    expect(args).toContain("-D front -");
  });

  test("that is lost is told with a code, opened again, and its gap is a gap", async () => {
    covers("S41");
    program(
      "arecord",
      '[ $N = 2 ] || { head -c 6400 /dev/zero; [ $N = 3 ] && exec cat /dev/zero; }; echo "arecord: pcm_read: Input/output error" >&2; exit 1',
    );
    const { frames, events, report } = await listen({ reopenEveryMs: 60 }, (_, told) =>
      states(told).includes("reopened"),
    );
    expect(report.state).toBe("done");
    expect(states(events)).toEqual(["open", "lost", "reopened"]);
    expect(events.find(({ state }) => state === "lost")).toEqual({
      type: "device",
      state: "lost",
      code: "DEVICE_LOST",
      reason: "arecord: pcm_read: Input/output error",
    });
    const after = frames.find(({ startSample }, i) => i > 0 && startSample !== frames[i - 1]!.startSample + 320);
    if (after) expect(after.startSample).toBeGreaterThan(3200); // two pauses of 60 ms lie between
  });

  test("that falls silent without a word is lost, too", async () => {
    program("arecord", "head -c 3200 /dev/zero; [ $N = 1 ] && exec sleep 600; exec cat /dev/zero");
    const { events } = await listen({ stallMs: 300, reopenEveryMs: 50 }, (_, told) =>
      states(told).includes("reopened"),
    );
    expect(events.find(({ state }) => state === "lost")).toMatchObject({
      code: "DEVICE_LOST",
      reason: "nothing came for 300 ms",
    });
  });

  test.each([
    { name: "does not come back", script: "[ $N = 1 ] && head -c 6400 /dev/zero; exit 1", code: "DEVICE_LOST" },
    {
      name: "is busy",
      script: 'echo "arecord: main:830: audio open error: Device or resource busy" >&2; exit 1',
      code: "DEVICE_UNAVAILABLE",
    },
  ])("that $name fails with $code", async ({ script, code }) => {
    program("arecord", script);
    const { report } = await listen({ reopenEveryMs: 50, reopenForMs: 120 }, () => false);
    expect(report).toMatchObject({ state: "failed", error: { code } });
  });
});

describe("a loudspeaker through a program", () => {
  const frames = (ms: number, utterance: string): AudioFrame[] =>
    framesOf(counting(ms * 16), { utterance }) as AudioFrame[];

  test("gets every sample, and what was heard is told", async () => {
    covers("S35");
    program("aplay", "cat > BIN/heard");
    const heard = join(process.env.PATH!.split(":")[0]!, "heard");
    const { played, report } = await play({}, frames(300, "u1"));
    expect(report.state).toBe("done");
    expect(samplesOf(heard)).toEqual(counting(300 * 16));
    const atMs = expect.any(Number);
    expect(played).toEqual([{ type: "played", utterance: "u1", atMs, playedMs: 300, ofMs: 300, cut: false }]);
  });

  test("is silenced by a barge-in, and tells how much was heard", async () => {
    covers("S34");
    program("aplay", "exec cat > /dev/null");
    const { played, report } = await play({}, frames(2000, "u1"), 0, (events) => states(events).at(-1) === "open");
    expect(report.state).toBe("done");
    expect(played).toMatchObject([{ utterance: "u1", ofMs: 20 }]); // one piece was handed over, and nothing after
    expect(report.nodes.find(({ node }) => node === "speaker")!.counters).toMatchObject({
      silencedSamples: (2000 - 20) * 16,
    });
  });

  test("tells on an output what was heard of it, and nothing of what a barge-in cut off", async () => {
    program("aplay", "exec cat > /dev/null");
    const [sent, later] = [counting(200 * 16), tone({ hz: 440, ms: 60 })];
    const { frames, events } = await driveNode(
      speaker,
      { played: true },
      {
        frames: [
          ...framesOf(sent, { utterance: "u1" }),
          { kind: "barge-in", utterance: "mine" },
          ...framesOf(later, { utterance: "u2" }),
        ],
        clock: new SystemClock(),
      },
    );
    const told = frames("played").filter((frame) => frame.kind === "audio");
    expect(told.map(({ startSample }) => startSample)).toEqual(told.map((_, i) => i * 320));
    const heard = concat(...told.map(({ pcm }) => pcm)).filter((sample) => sample !== 0);
    // of the first as much as was heard before the barge-in, then all of the second
    const second = later.filter((sample) => sample !== 0);
    const first = heard.subarray(0, heard.length - second.length);
    expect(first).toEqual(sent.filter((sample) => sample !== 0).subarray(0, first.length));
    expect(heard.subarray(first.length)).toEqual(second);
    const [cut, whole] = events.filter(({ type }) => type === "played");
    expect(cut).toMatchObject({ utterance: "u1", ofMs: 200 });
    expect(whole).toMatchObject({ utterance: "u2", playedMs: 60, ofMs: 60, cut: false });
    expect(Math.abs(first.length - Number(cut!.playedMs) * 16)).toBeLessThanOrEqual(16); // a millisecond
    expect(Number(whole!.atMs)).toBeGreaterThanOrEqual(Number(cut!.atMs) + Math.floor(Number(cut!.playedMs)));
  });

  test("has that output only where it is asked for", () => {
    const outputs = (settings: object) => Object.keys(speaker.outputs(speaker.config.parse(settings)));
    expect(outputs({})).toEqual([]);
    expect(outputs({ played: true })).toEqual(["played"]);
  });

  test("that is lost is told with a code, and opened again", async () => {
    covers("S41");
    program(
      "aplay",
      '[ $N = 1 ] && { head -c 3200 > /dev/null; echo "aplay: pcm_write: No such device" >&2; exit 1; }; exec cat > /dev/null',
    );
    const { events, report } = await play({ reopenEveryMs: 50 }, frames(600, "u1"));
    expect(report.state).toBe("done");
    expect(states(events)).toEqual(["open", "lost", "reopened"]);
    expect(events.find(({ state }) => state === "lost")).toMatchObject({
      code: "DEVICE_LOST",
      reason: "aplay: pcm_write: No such device",
    });
  });

  test("that hangs is lost after its time", async () => {
    // a pipe holds 64 kB, so a device that takes nothing shows with the first write beyond
    program("aplay", "[ $N = 1 ] && exec sleep 600; exec cat > /dev/null");
    const long = Array.from({ length: 4 }, (_, i) =>
      framesOf(counting(96_000), { rateHz: 96_000, startSample: i * 96_000, utterance: "u1" }),
    ).flat() as AudioFrame[];
    const { events } = await play({ stallMs: 300, reopenEveryMs: 50, leadMs: 2000 }, long);
    expect(events.find(({ state }) => state === "lost")).toMatchObject({
      code: "DEVICE_LOST",
      reason: "it took nothing for 300 ms",
    });
  });

  test("that cannot be opened fails with a code", async () => {
    program("aplay", 'echo "aplay: main:830: audio open error: No such file or directory" >&2; exit 1');
    const { report } = await play({ reopenForMs: 0 }, frames(400, "u1"));
    expect(report.state).toBe("failed");
    expect(["DEVICE_UNAVAILABLE", "DEVICE_LOST"]).toContain(report.error!.code);
  });
});

const alsa = existsSync("/usr/bin/arecord") && existsSync("/usr/share/alsa/alsa.conf");

describe.skipIf(!alsa)(`ALSA's own devices without hardware${alsa ? "" : ": alsa-utils is not installed"}`, () => {
  function devices(): string {
    const raw = join(folder, `alsa${++files}.raw`);
    const conf = `${raw}.conf`;
    writeFileSync(
      conf,
      [
        `pcm.parlando_in { type file slave.pcm "null" file "/dev/null" infile "${raw}.in" format "raw" }`,
        `pcm.parlando_out { type file slave.pcm "null" file "${raw}" format "raw" }`,
      ].join("\n"),
    );
    process.env.ALSA_CONFIG_PATH = `/usr/share/alsa/alsa.conf:${conf}`;
    return raw;
  }

  test("the null device is a microphone that gives no more than real time", async () => {
    const from = performance.now();
    const { frames, report } = await listen({ device: "null" }, ({ length }) => length >= 50);
    expect(report.state).toBe("done");
    expect(frames.length).toBeGreaterThanOrEqual(50);
    expect(performance.now() - from).toBeGreaterThan(300); // a second, less the burst that is allowed
  });

  test("a file device is heard as it is", async () => {
    const raw = devices();
    writeFileSync(`${raw}.in`, encodeS16le(counting(32_000)));
    const { frames } = await listen({ device: "parlando_in" }, ({ length }) => length >= 20);
    expect(frames.slice(0, 20).flatMap(({ pcm }) => [...pcm])).toEqual([...counting(6400)]);
  });

  test("a file device keeps what was played", async () => {
    const raw = devices();
    const { report, played } = await play({ device: "parlando_out" }, framesOf(counting(6400)) as AudioFrame[]);
    expect(report.state).toBe("done");
    expect(played).toMatchObject([{ playedMs: 400, ofMs: 400, cut: false }]);
    expect(samplesOf(raw).subarray(0, 6400)).toEqual(counting(6400));
  });

  test("what its output tells is what a file device kept", async () => {
    const raw = devices();
    const sent = tone({ hz: 440, ms: 400 });
    const settings = { device: "parlando_out", played: true };
    const { frames } = await driveNode(speaker, settings, { frames: framesOf(sent), clock: new SystemClock() });
    const told = frames("played").flatMap((frame) => (frame.kind === "audio" ? [frame.pcm] : []));
    const spoken = (pcm: Int16Array) => pcm.filter((sample) => sample !== 0);
    expect(spoken(concat(...told))).toEqual(spoken(sent));
    expect(spoken(samplesOf(raw))).toEqual(spoken(sent));
  });

  test.each([
    { name: "microphone", use: () => listen({ device: "parlando_none" }, () => false) },
    {
      name: "loudspeaker",
      use: () => play({ device: "parlando_none", reopenForMs: 0 }, framesOf(counting(6400)) as AudioFrame[]),
    },
  ])("a $name that is not there is a code", async ({ use }) => {
    const { report } = await use();
    expect(report.state).toBe("failed");
    expect(["DEVICE_UNAVAILABLE", "DEVICE_LOST"]).toContain(report.error!.code);
  });
});

test.each([microphone, speaker])("$type refuses a virtual clock", async (definition) => {
  expect(await driveNode(definition, {}, { clock: new VirtualClock() }).catch(codeOf)).toBe("CLOCK_REFUSES");
});

test.each([microphone, speaker])("$type says what to install where no program is found", async (definition) => {
  process.env.PATH = folder;
  const frames = framesOf(counting(320)) as AudioFrame[];
  const settings = { through: "alsa" };
  const { report } = definition === speaker ? await play(settings, frames) : await listen(settings, () => false);
  expect(report).toMatchObject({ state: "failed", error: { code: "ENGINE_MISSING" } });
  expect(report.error!.message).toContain("alsa-utils");
});

test.each([microphone, speaker])(
  "$type: by its defaults a device that moves nothing is told as lost within two seconds",
  (definition) => {
    expect(definition.config.parse({})).toMatchObject({ stallMs: 1500, reopenEveryMs: 500 });
  },
);

test("the devices that ALSA lists are named", () => {
  covers("S41");
  expect(devicesIn("null\n    Discard all samples\nhw:CARD=PCH,DEV=0\n    HDA Intel PCH\n    Direct\ndefault\n")).toBe(
    "devices: hw:CARD=PCH,DEV=0, default",
  );
  expect(devicesIn("null\n    Discard all samples\n")).toBe("no devices");
});

describe("what was heard", () => {
  function follow() {
    let nowMs = 0;
    const told: PlayedFacts[] = [];
    const played = new Played(
      () => nowMs,
      (facts) => told.push(facts),
    );
    return {
      played,
      told,
      at: (ms: number) => {
        nowMs = ms;
      },
    };
  }
  const owner = (utterance: string, kept = false) => ({ utterance, kept });

  test("follows the clock from the first sample, and stands still where the device runs dry", () => {
    const { played, told, at } = follow();
    at(1000);
    played.wrote(owner("a"), 100);
    at(1050);
    expect(played.aheadMs()).toBe(50);
    at(5000);
    expect(played.aheadMs()).toBe(0);
    played.wrote(owner("b"), 200);
    at(5060);
    played.cut(() => false);
    expect(told).toEqual([
      { utterance: "a", fromMs: 1000, playedMs: 100, ofMs: 100, cut: false },
      { utterance: "b", fromMs: 5000, playedMs: 60, ofMs: 200, cut: true },
    ]);
  });

  test("what is cut off before it began was not heard at all", () => {
    const { played, told, at } = follow();
    played.wrote(owner("a"), 100);
    played.wrote(owner("b"), 100);
    at(40);
    played.cut(() => false);
    expect(told).toEqual([
      { utterance: "a", fromMs: 0, playedMs: 40, ofMs: 100, cut: true },
      { utterance: "b", fromMs: 100, playedMs: 0, ofMs: 100, cut: true },
    ]);
  });

  test("a protected voice that is not heard yet is known", () => {
    const { played, at } = follow();
    played.wrote(owner("a", true), 100);
    expect(played.waits(({ kept }) => kept)).toBe(true);
    at(100);
    expect(played.waits(({ kept }) => kept)).toBe(false);
  });
});
