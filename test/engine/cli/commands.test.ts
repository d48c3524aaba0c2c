import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deliveredTypes } from "#test/built-in-types";
import { callCommand } from "#test/called-command";
import { CHECKOUT, runCommand } from "#test/command-line";
import { largeWorkflow } from "#test/large-workflow";
import { folderWith, marked } from "#test/planning";
import { descendants } from "#test/processes";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(60_000);

const INTERPRET = join(CHECKOUT, "workflows/interpret.yaml");

const BROKEN = marked(`parlando: 1
nodes:
  talk: { use: «INPUT_FAULTY»core.file, with: { path: recording.wav, «KEY_UNKNOWN»pase: realtime } }
  vad: { use: «NODE_TYPE_UNKNOWN»webrtc.vat, from: talk }
  asr: { use: pocketsphinx.asr, from: «NODE_UNKNOWN»vda, with: { final: «VALUE_NOT_ALLOWED»soon } }
  «INPUT_UNFED»voice: { use: espeak.tts, with: { voice: es, rate: «VALUE_OUT_OF_RANGE»5000 } }
  speech: { use: core.wav, from: voice, with: { path: «YAML_UNQUOTED»\${run.dir}/x.wav } }
  loop-a: { use: core.convert, from: «GRAPH_CYCLE»loop-b }
  loop-b: { use: core.convert, from: loop-a }
  «YAML_DUPLICATE_KEY»speech: { use: core.wav, from: voice }
`);
const SOUND = `parlando: 1
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  copy: { use: core.wav, from: vad, with: { path: "\${run.dir}/copy.wav" } }
`;

/** A folder with these workflows and a file that its checks may look at. */
const folder = () =>
  folderWith({ "broken.yaml": BROKEN.text, "sound.yaml": SOUND, "recording.wav": new Uint8Array(3) });

/** `line:column CODE` of each line that is about a file, in order. */
const findingsIn = (text: string, file: string): string[] =>
  text.split("\n").flatMap((line) => new RegExp(`^${file}:(\\d+:\\d+ [A-Z_]+) .`).exec(line)?.[1] ?? []);

test("lint shows every finding of every file at its place, and errors make its exit status 1", async () => {
  const { status, text } = await callCommand(["lint", "sound.yaml", "broken.yaml"], folder());
  expect(status).toBe(1);
  expect(findingsIn(text, "broken.yaml")).toEqual(BROKEN.expected);
  expect(findingsIn(text, "sound.yaml").every((finding) => finding.endsWith("AUDIO_CONVERTED"))).toBe(true);
  expect(text).toContain("did you mean webrtc.vad?");
  expect(text).toMatch(/^2 files: \d+ errors, 1 warning, 1 note$/m);
});

test("lint --json gives the findings as data", async () => {
  const { status, text } = await callCommand(["lint", "broken.yaml", "--json"], folder());
  const findings: { code: string; line: number; column: number; severity: string }[] = JSON.parse(text);
  const wrong = findings.filter(({ severity }) => severity !== "note");
  expect(status).toBe(1);
  expect(wrong.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual(BROKEN.expected);
});

test.each([{ more: [] }, { more: ["--json"] }])(
  "a broken workflow is not run, and nothing is started: %p",
  async ({ more }) => {
    const cwd = folder();
    const before = new Set(descendants().map(({ pid }) => pid));
    const { status, text } = await callCommand(["run", "broken.yaml", "--out", "out", ...more], cwd);
    expect(status).toBe(1);
    for (const finding of BROKEN.expected) expect(text).toContain(finding.split(" ")[1]!);
    expect(existsSync(join(cwd, "out"))).toBe(false);
    expect(descendants().filter(({ pid }) => !before.has(pid))).toEqual([]);
  },
);

test("lint needs no engine, and opens and builds nothing", async () => {
  const nowhere = scratchFolder();
  writeFileSync(join(nowhere, "large.yaml"), largeWorkflow(40));
  mkdirSync(join(nowhere, "home"));
  const env = {
    PATH: "/nowhere",
    HOME: join(nowhere, "home"),
    XDG_CACHE_HOME: undefined,
    PARLANDO_DEBIAN_ROOT: undefined,
  };
  const { status, err } = await runCommand(["lint", INTERPRET, "large.yaml"], { cwd: nowhere, env });
  expect({ status, err }).toEqual({ status: 0, err: "2 files: 1 note\n" });
  expect(existsSync(join(nowhere, "home/.cache"))).toBe(false);
  rmSync(nowhere, { recursive: true });
});

test("graph draws the nodes, queues and outputs", async () => {
  const mermaid = await callCommand(["graph", INTERPRET], CHECKOUT);
  const dot = await callCommand(["graph", INTERPRET, "--format", "dot"], CHECKOUT);
  expect([mermaid.status, dot.status]).toEqual([0, 0]);
  expect(mermaid.text).toStartWith("flowchart LR\n");
  expect(dot.text).toMatch(/^digraph "interpret" \{[\s\S]+\}\n$/);
  for (const { text } of [mermaid, dot])
    for (const word of ["webrtc.vad", "pocketsphinx.asr", "1 frame, coalesce", "16000 Hz", "outputs.captions"])
      expect(text).toContain(word);
});

test("graph draws no broken workflow, but says what is wrong with it", async () => {
  const { status, text } = await callCommand(["graph", "broken.yaml"], folder());
  expect(status).toBe(1);
  expect(text).not.toContain("flowchart");
  expect(findingsIn(text, "broken.yaml")).toEqual(BROKEN.expected);
});

test("nodes lists each type with what it does, and shows one with its ports, settings and effects", async () => {
  const list = await callCommand(["nodes"], CHECKOUT);
  const types = deliveredTypes()
    .all()
    .map(({ type }) => type);
  expect(list.status).toBe(0);
  expect(list.text.split("\n").flatMap((line) => line.split(" ")[0] || [])).toEqual([...types]);
  const page = await callCommand(["nodes", "core.wav"], CHECKOUT);
  for (const words of ["core.wav (sink)", "inputs\n", "audio: audio", "path: string, required", "effects\n  files"])
    expect(page.text).toContain(words);
  const json: { type: string }[] = JSON.parse((await callCommand(["nodes", "--json"], CHECKOUT)).text);
  expect(json.map(({ type }) => type)).toEqual([...types]);
});

test("doctor names each engine, what was found, what is missing and the command that mends it", async () => {
  const home = scratchFolder();
  const env = { PATH: "/nowhere", HOME: home, PARLANDO_DEBIAN_ROOT: undefined };
  const people = await runCommand(["doctor"], { env });
  const programs = await runCommand(["doctor", "--json"], { env });
  rmSync(home, { recursive: true });
  expect([people.status, programs.status]).toEqual([1, 1]);
  const answer: { engines: { name: string; found: boolean; mend?: string }[] } = JSON.parse(programs.out);
  const names = answer.engines.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["audio", "webrtc-vad", "cc", "pocketsphinx", "apertium", "espeak-ng", "ffmpeg"]),
  );
  expect(new Set(names).size).toBe(names.length);
  for (const { name, mend } of [
    { name: "apertium", mend: "apt-get install apertium-eng-spa" },
    { name: "espeak-ng", mend: "apt-get install espeak-ng" },
  ]) {
    expect(answer.engines).toContainEqual(expect.objectContaining({ name, found: false, mend }));
    expect(people.out).toMatch(new RegExp(`MISSING ${name}: .*\\n +missing: .*\\n +mend: +${mend}\\n`));
  }
  expect(people.err).toMatch(new RegExp(`^\\d+ of ${names.length} missing`));
});

test.each([
  { args: [], says: "parlando run" },
  { args: ["rum"], says: "no command rum; did you mean run?" },
  { args: ["run"], says: "name one workflow file" },
  { args: ["run", "a.yaml", "b.yaml"], says: "name one workflow file" },
  { args: ["run", "sound.yaml", "--clock", "sand"], says: "--clock sand: it is one of system, virtual" },
  { args: ["run", "sound.yaml", "--in", "talk"], says: "--in and --param take NAME=VALUE" },
  { args: ["run", "sound.yaml", "--quietly"], says: "--quietly" },
  { args: ["lint"], says: "name at least one workflow file" },
  { args: ["graph", "sound.yaml", "--format", "png"], says: "--format png: it is one of text, mermaid, dot, svg" },
  { args: ["doctor", "--fix"], says: "--fix" },
])("wrong usage has exit status 2 and says what is wanted: $args", async ({ args, says }) => {
  const { status, text } = await callCommand(args, folder());
  expect(status).toBe(2);
  expect(text).toContain(says);
});

test.each(["run", "lint", "graph", "nodes", "doctor"])("%s --help says how it goes", async (command) => {
  const { status, text } = await callCommand([command, "--help"], CHECKOUT);
  expect(status).toBe(0);
  expect(text).toStartWith(`parlando ${command} `);
});
