import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { HandClock } from "#test/hand-clock";
import { type FileJobs, WatchedFolder } from "../../../../engine/control/deployments/watched-folder.ts";

setDefaultTimeout(60_000); // on a busy machine

const log = { debug() {}, info() {}, warn() {} };
const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const call of cleanUp.splice(0)) call();
});

/** Jobs as a store would keep them: they outlast whoever looks at the folder. */
class Jobs implements FileJobs {
  readonly started: string[] = [];
  readonly #byPath = new Map<string, string>();
  readonly ends = new Map<string, "done" | "failed">();

  async jobOf(path: string, name: string): Promise<string> {
    const before = this.#byPath.get(path);
    if (before !== undefined) return before;
    if (!existsSync(path)) throw new Error("a job for a file that is not there");
    const job = `${name} ${this.started.length + 1}`;
    this.started.push(name);
    this.#byPath.set(path, job);
    return job;
  }

  async endOf(job: string) {
    return this.ends.get(job);
  }

  async forget(path: string): Promise<void> {
    this.#byPath.delete(path);
  }

  get claims(): number {
    return this.#byPath.size;
  }
}

function watching(more: { concurrency?: number; folder?: string; jobs?: Jobs } = {}) {
  const folder = more.folder ?? mkdtempSync(join(tmpdir(), "parlando-watched-"));
  if (!more.folder) cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const jobs = more.jobs ?? new Jobs();
  const clock = new HandClock();
  const watched = new WatchedFolder({
    name: "inbox",
    folder,
    done: join(folder, "done"),
    failed: join(folder, "failed"),
    files: "*.{wav,mp3}",
    lookMs: 1000,
    quietMs: 2000,
    concurrency: more.concurrency ?? 4,
    jobs,
    clock,
    log,
  });
  /** Looks, and again after so long. */
  const rounds = async (...ms: number[]) => {
    await watched.look();
    for (const each of ms) {
      clock.now += each;
      await watched.look();
    }
  };
  const put = (name: string, text = "sound") => writeFileSync(join(folder, name), text);
  const there = (sub: string) =>
    readdirSync(join(folder, sub)).filter((name) => statSync(join(folder, sub, name)).isFile());
  return { folder, jobs, clock, watched, rounds, put, there };
}

test("a file that is complete has one job, and its place says what became of it", async () => {
  const { jobs, rounds, put, there } = watching();
  put("a.wav");
  await rounds(1999);
  expect(jobs.started).toEqual([]);
  await rounds(1);
  expect(jobs.started).toEqual(["a.wav"]);
  expect(there("")).toEqual([]);
  expect(there("working")).toEqual([expect.stringMatching(/^[0-9a-f]{32}-a\.wav$/)]);
  await rounds(1000, 1000);
  jobs.ends.set("a.wav 1", "done");
  await rounds();
  expect([there("working"), there("done"), there("failed")]).toEqual([[], ["a.wav"], []]);
  expect([jobs.started, jobs.claims]).toEqual([["a.wav"], 0]);
});

test("a file that still grows waits until it is quiet", async () => {
  const { jobs, rounds, put } = watching();
  put("a.wav", "1");
  await rounds(1500);
  put("a.wav", "12");
  await rounds(1500);
  put("a.wav", "123");
  await rounds(1999);
  expect(jobs.started).toEqual([]);
  await rounds(1);
  expect(jobs.started).toEqual(["a.wav"]);
});

test("a file that is written anew in the same length is seen by its time", async () => {
  const { folder, jobs, rounds, put } = watching();
  put("a.wav", "1");
  await rounds(1500);
  utimesSync(join(folder, "a.wav"), 1, 1);
  await rounds(1999);
  expect(jobs.started).toEqual([]);
});

test("what is empty, hidden, on its way, of another kind or a folder is left alone", async () => {
  const { folder, jobs, rounds, put } = watching();
  for (const name of ["empty.wav", ".hidden.wav", "a.wav.part", "a.wav.tmp", "notes.txt"])
    put(name, name === "empty.wav" ? "" : "x");
  mkdirSync(join(folder, "dir.wav"));
  await rounds(5000, 5000);
  expect(jobs.started).toEqual([]);
});

test("a failed job's file is kept apart, and two of one name do not take each other's place", async () => {
  const { jobs, rounds, put, there } = watching();
  for (const end of ["failed", "failed", "done"] as const) {
    put("a.wav");
    await rounds(2000);
    jobs.ends.set(`a.wav ${jobs.started.length}`, end);
    await rounds();
  }
  expect([there("failed").sort(), there("done")]).toEqual([["a.2.wav", "a.wav"], ["a.wav"]]);
});

test("the same file brought again is worked on again", async () => {
  const { folder, jobs, rounds, put } = watching();
  put("a.wav");
  await rounds(2000);
  jobs.ends.set("a.wav 1", "done");
  await rounds();
  renameSync(join(folder, "done/a.wav"), join(folder, "a.wav"));
  await rounds(2000);
  expect(jobs.started).toEqual(["a.wav", "a.wav"]);
});

test("not more than so many at once", async () => {
  const { jobs, rounds, put, there } = watching({ concurrency: 2 });
  for (const name of ["a.wav", "b.wav", "c.wav", "d.mp3"]) put(name);
  await rounds(2000, 1000);
  expect(jobs.started.length).toBe(2);
  jobs.ends.set(`${jobs.started[0]} 1`, "done");
  await rounds();
  expect([jobs.started.length, there("").length]).toEqual([3, 1]);
});

/** A process dies at any of the steps between a file's coming and its going, and another one begins. */
test.each([
  "before it is claimed",
  "after it was moved, before it has a job",
  "while its job runs",
  "after its job, before it is moved",
])("a process that dies %s loses no file and starts none twice", async (moment) => {
  const first = watching();
  first.put("a.wav");
  const { folder, jobs } = first;
  if (moment.startsWith("before")) await first.rounds(1000);
  else if (moment.startsWith("after it was moved")) {
    const broken = Object.assign(new Jobs(), { jobOf: () => Promise.reject(new Error("the process is gone")) });
    await watching({ folder, jobs: broken }).rounds(2000);
    expect(first.there("working").length).toBe(1);
  } else await first.rounds(2000);
  if (moment.startsWith("after its job")) jobs.ends.set("a.wav 1", "done");
  const second = watching({ folder, jobs });
  await second.rounds(2000);
  jobs.ends.set("a.wav 1", "done");
  await second.rounds(1000);
  expect([jobs.started, second.there("done"), second.there("working")]).toEqual([["a.wav"], ["a.wav"], []]);
});

test("a folder that cannot be read now is looked at again later", async () => {
  const { folder, jobs, rounds, put } = watching();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "in the way");
  await rounds();
  rmSync(folder);
  await rounds();
  put("a.wav");
  await rounds(2000);
  expect(jobs.started).toEqual(["a.wav"]);
  expect(basename(folder)).toStartWith("parlando-watched-");
});

test("it looks by itself, until it is stopped", async () => {
  const { jobs, clock, watched, put } = watching();
  put("a.wav");
  watched.begin();
  const looked = async () => {
    while (clock.pending === 0) await Bun.sleep(0); // the file system answers when it does
  };
  for (let i = 0; i < 4; i++) {
    await looked();
    await clock.pass(1000);
  }
  await looked();
  expect(jobs.started).toEqual(["a.wav"]);
  await watched.stop();
  expect(clock.pending).toBe(0);
});
