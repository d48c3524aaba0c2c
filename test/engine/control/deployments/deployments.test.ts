import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import type { Control } from "#engine/control";
import { SystemClock } from "#engine/runtime";
import { caller, openTestControl } from "#test/control";
import { gatewayTypes } from "#test/gateways";
import { rejectionOf } from "#test/rejection";
import { KeptLog } from "#test/served";
import { until } from "#test/until";

setDefaultTimeout(60_000); // stores and timers of the machine, which may be busy

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const call of cleanUp.splice(0)) call();
});

function home(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "parlando-deployed-"));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Says one sentence by itself. */
const ALONE = `
parlando: 1
name: alone
params: { word: { type: string, default: nothing } }
nodes:
  words: { use: core.script, with: { as: source, events: [{ atMs: 0, text: "it is \${params.word}" }] } }
outputs: { words: words }
`;

/** Hears two sentences in whatever it is given, a second each. */
const HEARS = `
parlando: 1
name: hears
inputs: { talk: { kind: audio } }
nodes:
  asr:
    use: core.script
    from: inputs.talk
    with: { as: asr, results: [{ text: one, untilMs: 1000 }, { text: two, untilMs: 2000 }] }
outputs: { texts: asr }
`;

const SECRET = `
parlando: 1
name: secret
inputs: { talk: { kind: audio } }
params: { key: { type: secret } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr: { use: aliyun.asr, from: vad, with: { appkey: a, token: "\${params.key}" } }
outputs: { texts: asr }
`;

const READS = `
parlando: 1
name: reads
inputs: { words: { kind: text } }
nodes: { text: { use: core.text, from: inputs.words } }
outputs: { words: text }
`;

const BOTH = `
parlando: 1
name: both
inputs: { talk: { kind: audio }, words: { kind: text } }
nodes:
  gain: { use: core.gain, from: inputs.talk, with: { gainDb: 3 } }
  text: { use: core.text, from: inputs.words }
outputs: { talk: gain, words: text }
`;

const sound = (ms: number) => encodeWav(new Int16Array(16 * ms).fill(50), { sampleRateHz: 16_000, channels: 1 });

/** A control whose time of day is shortly before the full hour, and stands still until everything is `ready`. */
async function opened(
  folder: string,
  deployments: unknown,
  { ready, log }: { ready?: (control: Control) => Promise<unknown>; log?: KeptLog } = {},
) {
  const clock = new SystemClock();
  const startMs = Date.UTC(2026, 4, 1, 12) - 50;
  let openMs: number | undefined;
  const opening = await openTestControl({
    folder,
    clock,
    epochMs: () => startMs + (openMs === undefined ? 0 : clock.nowMs() - openMs),
    types: gatewayTypes(),
    ...(log && { log }),
    config: { deployments, limits: { lateMs: 1000 } },
  });
  await ready?.(opening.control);
  openMs = clock.nowMs();
  return opening;
}

const runsOf = async (control: Awaited<ReturnType<typeof opened>>["control"], deployment: string) =>
  (await control.runs.list(caller, { labels: { deployment } })).items;

test("a schedule starts a run that is stored like others, and a restart at the same moment starts no second", async () => {
  const folder = home({ "alone.yaml": ALONE });
  const nightly = {
    workflow: "alone.yaml",
    params: { word: "twelve" },
    labels: { of: "test" },
    when: { schedule: "0 * * * *" },
  };
  for (const said of ["a scheduled run was started", "a scheduled run had been started before"]) {
    const log = new KeptLog();
    await using opening = await opened(folder, { nightly }, { log });
    const { control } = opening;
    await until(() => log.lines.some(({ message }) => message === said));
    await until(async () => (await runsOf(control, "nightly")).every((run) => run.endedAtMs !== undefined));
    const runs = await runsOf(control, "nightly");
    expect(runs).toMatchObject([
      { state: "done", project: "default", workflow: { name: "alone" }, labels: { of: "test", deployment: "nightly" } },
    ]);
    const finals = await control.runs.finals(caller, runs[0]?.id ?? "");
    expect(finals.map(({ text }) => text)).toEqual(["it is twelve"]);
  }
});

test("every file of a folder becomes a job; what it heard and where it went can be found", async () => {
  const folder = home({ "hears.yaml": HEARS });
  const inbox = { workflow: "hears.yaml", when: { folder: "in", lookSeconds: 0.1, quietSeconds: 0.1 } };
  await using opening = await opened(folder, { inbox });
  const { control } = opening;
  await until(() => existsSync(join(folder, "in/done")));
  writeFileSync(join(folder, "in/good.wav"), sound(2000));
  writeFileSync(join(folder, "in/bad.wav"), "this is no recording");
  await until(() => existsSync(join(folder, "in/done/good.wav")) && existsSync(join(folder, "in/failed/bad.wav")));
  expect(readdirSync(join(folder, "in/working"))).toEqual([]);
  const jobs = (await control.jobs.list(caller, {})).items;
  expect(jobs.map(({ state, labels }) => `${labels.deployment} ${labels.file} ${state}`).sort()).toEqual([
    "inbox bad.wav failed",
    "inbox good.wav done",
  ]);
  const good = (await runsOf(control, "inbox")).find(({ labels }) => labels.file === "good.wav");
  const finals = await control.runs.finals(caller, good?.id ?? "");
  expect(finals.map(({ text }) => text)).toEqual(["one", "two"]);
});

test("a stored workflow is taken as it is when it is due", async () => {
  const folder = home();
  {
    await using first = await openTestControl({ folder, types: gatewayTypes() });
    await first.control.workflows.save(caller, "alone", ALONE);
  }
  const hourly = { workflow: "alone", when: { every: "1h" } };
  await using opening = await opened(
    folder,
    { hourly },
    {
      ready: (control) => control.workflows.save(caller, "alone", ALONE.replace("it is", "it was")),
    },
  );
  const { control } = opening;
  await until(async () => (await runsOf(control, "hourly")).length > 0);
  const [run] = await runsOf(control, "hourly");
  expect(run?.workflow).toEqual({ name: "alone", version: 2 });
});

test.each([
  ["a file that is not there", { workflow: "none.yaml" }, /a: none\.yaml: no such file/],
  ["a name that nothing is stored under", { workflow: "none" }, /a: no workflow is stored as none/],
  ["a workflow that does not hold", { workflow: "broken.yaml" }, /a: broken\.yaml:\d+:\d+ \w+/],
  ["a param that the workflow has not", { workflow: "alone.yaml", params: { wort: "x" } }, /params\.wort/],
  ["a secret as a param", { workflow: "secret.yaml", params: { key: "word" } }, /secrets stand under secrets/],
  ["an input that no time brings", { workflow: "hears.yaml" }, /input talk of hears has no default/],
  ["a cron that is none", { workflow: "alone.yaml", when: { schedule: "at noon" } }, /when\.schedule: five fields/],
  ["a folder for a workflow without an input", { workflow: "alone.yaml", when: { folder: "in" } }, /when\.input/],
  [
    "an input that the workflow has not",
    { workflow: "hears.yaml", when: { folder: "in", input: "ear" } },
    /when\.input: one of talk was wanted/,
  ],
  ["a folder for a workflow that takes texts", { workflow: "reads.yaml", when: { folder: "in" } }, /takes a file, was/],
  [
    "a folder that is a file",
    { workflow: "hears.yaml", when: { folder: "alone.yaml" } },
    /when\.folder: alone\.yaml is no folder/,
  ],
  [
    "an input that no file brings",
    { workflow: "both.yaml", when: { folder: "in" } },
    /input words of both has no default, and a file is bound to talk only/,
  ],
  [
    "a gateway that is none",
    { workflow: "hears.yaml", when: { gateway: "nls" } },
    /no gateway of this file is called nls/,
  ],
])("%s is told before anything is started", async (_what, deployment, message) => {
  const files = {
    "alone.yaml": ALONE,
    "hears.yaml": HEARS,
    "broken.yaml": "parlando: 1\nnodes: { a: { use: no.such } }\n",
    "secret.yaml": SECRET,
    "reads.yaml": READS,
    "both.yaml": BOTH,
  };
  const folder = home(files);
  const config = { deployments: { a: { when: { every: "1h" }, ...deployment } } };
  expect(await rejectionOf(openTestControl({ folder, config, types: gatewayTypes() }))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});
