import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import type { JobView } from "#engine/control";
import { builtInTypes } from "#test/built-in-types";
import { CHECKOUT } from "#test/command-line";
import { caller, openTestControl, type TestControl } from "#test/control";
import { enginesMissing, NEEDS_ENGINES } from "#test/engines";
import { sampleStart, TWO_COMMANDS } from "#test/short-recording";

setDefaultTimeout(240_000); // a thousand runs, on a machine that may be busy

const SUBTITLE = readFileSync(join(CHECKOUT, "workflows/subtitle.yaml"), "utf8");

const wav = (pcm: Int16Array) =>
  new Blob([encodeWav(pcm, { sampleRateHz: 16_000, channels: 1 }) as Uint8Array<ArrayBuffer>]).stream();

async function ended({ control }: TestControl, id: string): Promise<JobView> {
  for (;;) {
    const job = await control.jobs.get(caller, id);
    if (job.endedAtMs !== undefined) return job;
    await Bun.sleep(20); // as a client of a job looks again and again
  }
}

/** The subtitles of each item, as they are downloaded. */
async function subtitlesOf({ control }: TestControl, id: string): Promise<string[]> {
  const texts: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await control.jobs.items(caller, id, { limit: 200, ...(cursor !== undefined && { cursor }) });
    for (const { runId } of page.items) {
      const made = await control.runs.artifacts(caller, runId ?? "");
      const srt = made.find(({ name }) => name === "subtitles.srt");
      texts.push(srt ? readFileSync((await control.runs.artifact(caller, runId ?? "", srt.name)).path, "utf8") : "");
    }
    cursor = page.next;
    if (cursor === undefined) return texts;
  }
}

const all = { config: { limits: { lateMs: 1000 } }, types: builtInTypes() };

test.skipIf(enginesMissing.length > 0)(
  `a job subtitles each recording, by the recogniser itself${NEEDS_ENGINES}`,
  async () => {
    await using opened = await openTestControl(all);
    const { jobs, uploads } = opened.control;
    const said = await sampleStart(TWO_COMMANDS.seconds);
    const recordings = [said.slice(0, 4 * 16_000), said.slice(4 * 16_000), new Int16Array(16_000)];
    const items = await Promise.all(
      recordings.map(async (pcm) => ({ upload: (await uploads.create(caller, wav(pcm))).id })),
    );
    const job = await jobs.start(caller, { workflow: { text: SUBTITLE }, items, concurrency: 2 });
    expect(await ended(opened, job.id)).toMatchObject({ state: "done", done: 3, failed: 0 });
    const [first, second, silent] = await subtitlesOf(opened, job.id);
    expect(first).toContain(TWO_COMMANDS.said[0]);
    expect(second).toContain("go somewhere");
    expect(silent).toBe("");
  },
);

const FILES = 1000;

test("a thousand files are a thousand subtitles, each of its own recording", async () => {
  await using opened = await openTestControl(all);
  const { jobs, uploads } = opened.control;
  // utterances of a script, told apart by what is heard of them: the recogniser is all that is not real
  const scripted = SUBTITLE.replace(
    /use: pocketsphinx\.asr, from: vad, with: \{[^}]*\}/,
    "use: core.script, from: vad, with: { as: asr, results: [{ text: one }, { text: two }, { text: three }], afterLast: error }",
  );
  expect(scripted).not.toBe(SUBTITLE);
  const command = (await sampleStart(4)).subarray(16_000);
  const uploaded = await Promise.all(
    [1, 2, 3].map(async (times) => {
      const pcm = new Int16Array(command.length * times);
      for (let i = 0; i < times; i++) pcm.set(command, command.length * i);
      return (await uploads.create(caller, wav(pcm))).id;
    }),
  );
  const items = Array.from({ length: FILES }, (_, i) => ({ upload: uploaded[i % 3] ?? "", labels: { file: `${i}` } }));
  const job = await jobs.start(caller, { workflow: { text: scripted }, items, concurrency: 8 });
  expect(await ended(opened, job.id)).toMatchObject({ state: "done", done: FILES, failed: 0 });
  const subtitles = await subtitlesOf(opened, job.id);
  expect(subtitles).toHaveLength(FILES);
  const wrong = subtitles.flatMap((srt, i) =>
    srt.split("\n\n").filter((cue) => cue.includes("-->")).length === (i % 3) + 1 ? [] : [i],
  );
  expect(wrong).toEqual([]);
});
