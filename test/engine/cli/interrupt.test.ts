import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startCommand } from "#test/command-line";
import { SAMPLES_DIR } from "#test/make-recording";
import { scratchFolder } from "#test/short-recording";
import { finalsOf, srtCues, type ToldEvent, toldEvents, toldReport, wholeWav } from "#test/told-events";

setDefaultTimeout(60_000);

/** A recording of 38 s at real time, and beside it a text at once. `drainMs` is more than a test waits. */
const workflow = (translations: string) => `parlando: 1
name: paced
nodes:
  talk: { use: core.file, with: { path: ${join(SAMPLES_DIR, "recording.wav")}, pace: realtime } }
  copy: { use: core.wav, from: talk, with: { path: "\${run.dir}/copy.wav" } }
  said:
    use: core.script
    with: { as: source, pace: realtime, events: [{ atMs: 200, text: hello, startMs: 0, endMs: 200, language: en }] }
  translate: { use: core.script, from: said, with: { as: translate, language: es, table: ${translations} } }
  subtitles: { use: core.subtitles, from: [said, translate], with: { path: "\${run.dir}/subtitles.srt" } }
outputs: { texts: [said, translate] }
limits: { drainMs: 120000 }
`;

/** Runs it and presses Ctrl-C at each of these events, in order. */
async function interrupted(translations: string, at: readonly ((event: ToldEvent) => boolean)[]) {
  const folder = scratchFolder();
  writeFileSync(join(folder, "paced.yaml"), workflow(translations));
  const out = join(folder, "out");
  const command = startCommand(["run", join(folder, "paced.yaml"), "--json", "--out", out], { limitMs: 50_000 });
  const waiting = [...at];
  for await (const line of command.lines) {
    const [event] = toldEvents(line);
    if (event && waiting[0]?.(event)) {
      waiting.shift();
      command.kill("SIGINT");
    }
  }
  const ended = await command.ended;
  const events = toldEvents(ended.out);
  const files = {
    names: readdirSync(out).sort(),
    copy: wholeWav(join(out, "copy.wav")),
    cues: srtCues(join(out, "subtitles.srt")),
  };
  rmSync(folder, { recursive: true });
  return { ...ended, events, report: toldReport(events), files };
}

const aSecondRead = ({ event }: ToldEvent) => event?.type === "progress";
const draining = ({ state }: ToldEvent) => state === "draining";

test("Ctrl-C ends the input, lets what is under way come out, and leaves shorter, valid files", async () => {
  const { status, err, events, report, files } = await interrupted("{ hello: hola }", [aSecondRead]);
  expect(status).toBe(0);
  expect(err).toBe("ending: the input stops, what is under way comes out; once more ends at once\n");
  expect(finalsOf(events, "translation")).toEqual(["hola"]);
  expect(report).toMatchObject({ state: "done", drained: true, failures: [], imbalances: [] });
  expect(report.artifacts.map(({ partial }) => partial)).toEqual([true, true]);
  expect(files.names).toEqual(["copy.wav", "subtitles.srt"]);
  expect(files.copy.length / 16_000).toBeWithin(0.9, 30);
  expect(files.cues).toEqual([["hello", "hola"]]);
});

test("a second Ctrl-C ends a run at once in which something still hangs, and its files are valid too", async () => {
  const { status, events, report, files } = await interrupted("{ hello: { hang: true } }", [aSecondRead, draining]);
  expect(status).toBe(130);
  expect(finalsOf(events, "translation")).toEqual([]);
  expect(report).toMatchObject({ state: "cancelled", imbalances: [] });
  expect(report.artifacts.map(({ partial }) => partial)).toEqual([true, true]);
  expect(files.names).toEqual(["copy.wav", "subtitles.srt"]);
  expect(files.copy.length / 16_000).toBeWithin(0.9, 30);
  expect(files.cues).toEqual([["hello"]]);
});
