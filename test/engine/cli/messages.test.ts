import { expect, test } from "bun:test";
import { encodeWav } from "#engine/plugin";
import { callCommand } from "#test/called-command";
import { folderWith } from "#test/planning";

const BROKEN = `parlando: 1
inputs: { talk: { kind: audio } }
params: { voice: { type: string } }
nodes:
  vad: { use: webrtc.vat, from: inputs.talk }
  asr: { use: pocketsphinx.asr, from: vad, with: { final: 7, stepMs: 1, maxUtteranceMs: 1 } }
`;
const SPOKEN = `parlando: 1
nodes:
  talk: { use: core.script, with: { as: source, events: [{ atMs: 100, text: hello }] } }
  notes: { use: core.transcript, from: talk, with: { path: "\${run.dir}/notes.txt" } }
`;
const call = (args: readonly string[]) => callCommand(args, folderWith({ "w.yaml": BROKEN, "spoken.yaml": SPOKEN }));

test("what is wrong is followed by how to mend it, once for each code that shows no right answer", async () => {
  const { status, text } = await call(["run", "w.yaml"]);
  const codes = text.split("\n").map((line) =>
    line
      .replace(/^w\.yaml\S*/, "at")
      .split(" ")
      .slice(0, 2)
      .join(" "),
  );
  expect(status).toBe(1);
  expect(codes.slice(0, 6)).toEqual([
    "at INPUT_UNBOUND",
    "at PARAM_MISSING",
    "at NODE_TYPE_UNKNOWN",
    "at VALUE_NOT_ALLOWED",
    "at VALUE_OUT_OF_RANGE",
    "at VALUE_OUT_OF_RANGE",
  ]);
  expect(text.split("\n").slice(6)).toEqual([
    "INPUT_UNBOUND: Bind it with --in NAME=FILE, or write a default.",
    "PARAM_MISSING: Give it with --param NAME=VALUE, or declare a default.",
    "VALUE_NOT_ALLOWED: Choose one of those that are named.",
    "VALUE_OUT_OF_RANGE: Stay within the limits that are named.",
    "",
  ]);
});

test.each([
  [["nodes", "core.wave"], "no node type core.wave; did you mean core.wav?\n"],
  [["nodes", "telephone"], "no node type telephone; parlando nodes lists them\n"],
])("%p is answered with what there is", async (args, text) => {
  expect(await call(args)).toEqual({ status: 1, text });
});

test.each([
  ["w.yaml", "pitch=3", "no param is named pitch; there is voice"],
  ["w.yaml", "voise=3", "no param is named voise; did you mean voice?"],
  ["spoken.yaml", "pitch=3", "no param is named pitch; there is none"],
])("%s with --param %s: %s", async (file, param, message) => {
  expect((await call(["run", file, "--param", param])).text).toContain(`PARAM_UNKNOWN ${message}\n`);
});

test("a recording that cannot be opened as it is says why", async () => {
  const { text } = await call(["run", "w.yaml", "--param", "voice=x", "--in", "talk=a.raw"]);
  expect(text).toContain("cannot open what talk is bound to: a .raw file has no header: state encoding");
});

test("files that a run wrote are named from the folder in which it was called", async () => {
  const { status, text } = await call(["run", "spoken.yaml", "--out", "out", "--clock", "virtual"]);
  expect(status).toBe(0);
  expect(text).toContain("\nwrote out/notes.txt (");
});

test("a conversion that only cuts frames anew says that they come in any length", async () => {
  const cut =
    "parlando: 1\nnodes:\n  talk: { use: core.file, with: { path: a.wav, frameMs: 20.03 } }\n  vad: { use: webrtc.vad, from: talk }\n";
  const wav = encodeWav(new Int16Array(1600), { sampleRateHz: 16000, channels: 1 });
  const { text } = await callCommand(["lint", "cut.yaml"], folderWith({ "cut.yaml": cut, "a.wav": wav }));
  expect(text).toContain(
    "gives 16000 Hz mono in frames of any length; vad.audio takes 16000 Hz mono in frames of 20 ms\n",
  );
});
