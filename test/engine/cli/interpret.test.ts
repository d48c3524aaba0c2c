import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { levelDbfs } from "#engine/audio";
import { runCommand, startCommand } from "#test/command-line";
import { covers } from "#test/covers";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { type Deadly, pathWithKilled } from "#test/killed-programs";
import { scratchFolder, TWO_COMMANDS, twoCommands } from "#test/short-recording";
import { finalsOf, srtCues, toldEvents, toldReport, wholeWav } from "#test/told-events";

setDefaultTimeout(120_000); // a busy machine takes its time over real recognition

const { said, inSpanish } = TWO_COMMANDS;
const BOTH: string[][] = [
  [said[0], inSpanish[0]],
  [said[1], inSpanish[1]],
];
const folders: string[] = [];

/** The workflow as it is delivered, over the two commands. */
async function interpret(args: readonly string[], killed: { tagger?: Deadly; espeak?: Deadly } = {}) {
  const folder = scratchFolder();
  folders.push(folder);
  const out = join(folder, "out");
  const all = ["run", "workflows/interpret.yaml", "--in", `talk=${await twoCommands(folder)}`, "--out", out, ...args];
  const ended = await runCommand(all, { limitMs: 110_000, env: { PATH: pathWithKilled(folder, killed) } });
  return { ...ended, dir: out, wav: join(out, "speech.wav"), srt: join(out, "subtitles.srt") };
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(enginesMissing.length > 0)(`the interpret workflow${NEEDS_ENGINES}`, () => {
  test("gives finals, translations, speech and subtitles, tells each event in a line, and its accounts balance", async () => {
    covers("E1", "E2", "E10");
    const { status, out, err, dir, wav, srt } = await interpret(["--json"]);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const events = toldEvents(out);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.flatMap(({ type, state }) => (type === "run.state" ? [state] : []))).toEqual([
      "starting",
      "running",
      "draining",
      "done",
    ]);
    expect(finalsOf(events, "transcript")).toEqual([...said]);
    expect(finalsOf(events, "translation")).toEqual([...inSpanish]);
    const partials = events.filter(({ frame }) => frame?.role === "transcript" && !frame.final);
    expect(partials.length).toBeGreaterThan(3);

    const report = toldReport(events);
    expect(report).toMatchObject({ state: "done", drained: false, failures: [], imbalances: [] });
    expect(report.artifacts.map(({ path, partial }) => ({ path, partial }))).toEqual([
      { path: wav, partial: false },
      { path: srt, partial: false },
    ]);
    expect(readdirSync(dir).sort()).toEqual(["speech.wav", "subtitles.srt"]);
    const speech = wholeWav(wav);
    expect(speech.length).toBeGreaterThan(2 * 22_050);
    expect(levelDbfs(speech)).toBeWithin(-40, -5);
    expect(srtCues(srt)).toEqual(BOTH);
  });

  test("shows people the finals, the translations and what was written", async () => {
    const { status, out, err } = await interpret(["--clock", "virtual", "--param", "final=fast"]);
    expect(status).toBe(0);
    const finals = out.split("\n").filter((line) => line !== "" && !line.endsWith("…"));
    expect(finals.map((line) => line.replace(/^\d:[\d.]+-\d:[\d.]+ /, ""))).toEqual([
      `[en-US] ${said[0]}`,
      `[translation es] ${inSpanish[0]}`,
      `[en-US] ${said[1]}`,
      `[translation es] ${inSpanish[1]}`,
    ]);
    expect(out).toMatch(/ \[en-US\] go forward …\n/); // a partial
    expect(err).toMatch(/^wrote .*speech\.wav \(\d+ kB\)$/m);
    expect(err).toMatch(/^wrote .*subtitles\.srt \(\d+ bytes\)$/m);
    expect(err).toMatch(/^interpret: done in [\d.]+ s, [\d.]+ × real time$/m);
    expect(err).not.toContain("balance");
  });

  test("drains at a terminal's Ctrl-C, which every process of the group gets, without losing its engines", async () => {
    const folder = scratchFolder();
    folders.push(folder);
    const out = join(folder, "out");
    const args = ["run", "workflows/interpret.yaml", "--json", "--param", "final=fast", "--out", out];
    const command = startCommand(args, { limitMs: 110_000, group: true });
    // not with the translation itself: a program that is just being started belongs to the terminal's group for a moment
    let stage: "before" | "translated" | "pressed" = "before";
    for await (const line of command.lines) {
      if (stage === "before" && line.includes('"role":"translation"')) stage = "translated";
      else if (stage === "translated" && line.includes('"role":"transcript"')) {
        stage = "pressed";
        command.kill("SIGINT");
      }
    }
    const ended = await command.ended;
    const events = toldEvents(ended.out);
    expect(ended.status).toBe(0);
    expect(retries(ended.out)).toEqual([]);
    expect(toldReport(events)).toMatchObject({ state: "done", drained: true, failures: [] });
    expect(toldReport(events).artifacts.map(({ partial }) => partial)).toEqual([true, true]);
    expect(finalsOf(events, "translation")).toHaveLength(finalsOf(events, "transcript").length);
    expect(wholeWav(join(out, "speech.wav")).length).toBeGreaterThan(22_050);
    expect(srtCues(join(out, "subtitles.srt"))[0]).toEqual(BOTH[0]!);
  });

  test.each([
    { engine: "a stage of apertium", killed: { tagger: { from: 3, to: 3 } }, node: "apertium.translate" },
    { engine: "espeak", killed: { espeak: { from: 3, to: 3 } }, node: "espeak.tts" },
  ])(
    "$engine that is killed over the second sentence is started again, and the sentence retried",
    async ({ killed, node }) => {
      const { status, out, wav, srt } = await interpret(
        ["--json", "--clock", "virtual", "--param", "final=fast"],
        killed,
      );
      const events = toldEvents(out);
      expect(status).toBe(0);
      expect(retries(out)).toEqual([`ENGINE_FAILED ${node}`]);
      expect(finalsOf(events, "translation")).toEqual([...inSpanish]);
      expect(toldReport(events)).toMatchObject({ state: "done", failures: [], imbalances: [] });
      expect(wholeWav(wav).length).toBeGreaterThan(2 * 22_050);
      expect(srtCues(srt)).toEqual(BOTH);
    },
  );

  test.each([
    {
      engine: "a stage of apertium",
      killed: { tagger: { from: 3, to: 99 } },
      node: "apertium.translate",
      failed: "translate",
      cues: [BOTH[0]!, [said[1]]] as string[][],
      partial: [true, true] as boolean[],
    },
    {
      engine: "espeak",
      killed: { espeak: { from: 3, to: 99 } },
      node: "espeak.tts",
      failed: "voice",
      cues: BOTH,
      partial: [true, false] as boolean[],
    },
  ])(
    "$engine that is killed each time fails the run after three attempts, and leaves shorter, valid files",
    async (each) => {
      const { status, out, dir, wav, srt } = await interpret(
        ["--json", "--clock", "virtual", "--param", "final=fast"],
        each.killed,
      );
      expect(status).toBe(1);
      expect(retries(out)).toEqual([`ENGINE_FAILED ${each.node}`, `ENGINE_FAILED ${each.node}`]);
      const report = toldReport(toldEvents(out));
      expect(report).toMatchObject({
        state: "failed",
        error: { code: "ENGINE_FAILED" },
        failures: [{ node: each.failed, code: "ENGINE_FAILED" }],
        imbalances: [],
      });
      expect(report.artifacts.map(({ partial }) => partial)).toEqual(each.partial);
      expect(readdirSync(dir).sort()).toEqual(["speech.wav", "subtitles.srt"]);
      expect(wholeWav(wav).length / 22_050).toBeWithin(0.5, 2.5); // the first sentence, and not the second
      expect(srtCues(srt)).toEqual(each.cues);
    },
  );
});

const retries = (out: string): string[] =>
  toldEvents(out).flatMap(({ event }) => (event?.type === "retry" ? [`${event.code} ${event.from}`] : []));
