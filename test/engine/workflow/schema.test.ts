import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT, runCommand } from "#test/command-line";
import { LanguageServer } from "#test/language-server";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(60_000); // a language server is started, on a machine that may be busy

const folder = scratchFolder();
let server: LanguageServer;

beforeAll(async () => {
  const { status, out } = await runCommand(["schema", "--out", "parlando.schema.json"], { cwd: folder });
  expect({ status, out }).toEqual({ status: 0, out: FIRST_LINE });
  server = await LanguageServer.start(folder);
});
afterAll(() => server.stop());

const FIRST_LINE = "# yaml-language-server: $schema=./parlando.schema.json\n";

let files = 0;

/** Opens a workflow whose place of interest is marked by `|`. @returns what is wrong, and the place */
async function openAt(text: string) {
  const name = `w${files++}.yaml`;
  const at = text.lastIndexOf("|"); // a workflow may have others of its own
  const before = `${FIRST_LINE}${text.slice(0, at)}`.split("\n");
  const place = { line: before.length - 1, character: before.at(-1)!.length };
  return { name, place, wrong: await server.open(name, FIRST_LINE + text.slice(0, at) + text.slice(at + 1)) };
}

const NODES = "parlando: 1\ninputs: { talk: { kind: audio } }\nnodes:\n";

describe("completion offers", () => {
  test.each([
    ["every node type, with what it does", `${NODES}  vad:\n    use: |\n`, "webrtc.vad", /Cuts audio into utterances/],
    [
      "the settings of the type that is used",
      `${NODES}  vad:\n    use: webrtc.vad\n    with:\n      preRollMs: 300\n      |\n`,
      "endpointMs",
      /Silence that ends an utterance/,
    ],
    [
      "the values of a setting",
      `${NODES}  asr:\n    use: pocketsphinx.asr\n    with:\n      final: |\n`,
      "accurate",
      /^/,
    ],
    ["the words beside use", `${NODES}  vad:\n    use: webrtc.vad\n    |\n`, "fallback", /takes over/],
    ["the words of an edge", `${NODES}  vad:\n    use: webrtc.vad\n    from:\n      from: x\n      |\n`, "buffer", /^/],
    ["the kinds of an input", "parlando: 1\ninputs:\n  talk:\n    kind: |\nnodes: {}\n", "encoded", /^/],
    ["settings by type under defaults", "parlando: 1\ndefaults:\n  |\nnodes: {}\n", "webrtc.vad", /^/],
    ["the words of a test", `${NODES}  {}\ntests:\n  - name: a\n    |\n`, "mock", /takes the place/],
    ["what a test may expect", `${NODES}  {}\ntests:\n  - name: a\n    expect:\n      |\n`, "ports", /^/],
    [
      "pieces of a recording",
      `${NODES}  {}\ntests:\n  - name: a\n    in:\n      talk:\n        - |\n`,
      "silence",
      /zeros/,
    ],
    ["who may barge in", `${NODES}  {}\nbargeIn:\n  |\n`, "flush", /fall silent/],
    ["the limits of a run", `${NODES}  {}\nlimits:\n  |\n`, "drainMs", /end of input/],
  ])("%s", async (_what, text, label, about) => {
    const { name, place } = await openAt(text);
    const offered = await server.complete(name, place);
    expect([...offered.keys()]).toContain(label);
    expect(offered.get(label)).toMatch(about);
  });

  test("no setting of another type", async () => {
    const { name, place } = await openAt(`${NODES}  vad:\n    use: webrtc.vad\n    with:\n      |\n`);
    expect([...(await server.complete(name, place)).keys()]).not.toContain("final");
  });
});

describe("hovering explains", () => {
  test.each([
    ["a node type", `${NODES}  vad:\n    use: webrtc|.vad\n`, /Cuts audio into utterances/],
    [
      "a setting",
      `${NODES}  vad:\n    use: webrtc.vad\n    with:\n      preRo|llMs: 1\n`,
      /before the first voiced frame/,
    ],
    ["a word of the format", `${NODES}  vad:\n    use: webrtc.vad\n    fall|back: []\n`, /takes over/],
    [
      "where a setting comes from that is left out, and that it is secret",
      `${NODES}  a:\n    use: aliyun.asr\n    with:\n      access|KeySecret: x\n`,
      /secret.*Taken from/is,
    ],
  ])("%s", async (_what, text, about) => {
    const { name, place } = await openAt(text);
    expect(await server.hover(name, place)).toMatch(about);
  });
});

describe("wrong in an editor is", () => {
  test.each([
    [
      "a misspelt setting",
      `${NODES}  vad:\n    use: webrtc.vad\n    with: { |agresiveness: 3 }\n`,
      /^7: .*agresiveness/,
    ],
    ["a number out of range", `${NODES}  vad:\n    use: webrtc.vad\n    with: { preRollMs: |9999 }\n`, /^7: .*maximum/],
    ["a type that is none", `${NODES}  vad:\n    use: |webrtc.vdd\n`, /^6: /],
    ["a word of the format", `${NODES}  vad:\n    use: webrtc.vad\n    |retrry: {}\n`, /^7: .*retrry/],
    ["a node id", `${NODES}  |Vad: { use: webrtc.vad }\n`, /^5: .*Vad/],
    ["another version of the format", "|parlando: 2\nnodes: {}\n", /^2: /],
    [
      "a setting under defaults",
      "parlando: 1\ndefaults: { webrtc.vad: { |preRoll: 1 } }\nnodes: {}\n",
      /^3: .*preRoll/,
    ],
    [
      "what a fallback takes",
      `${NODES}  a:\n    use: webrtc.vad\n    fallback: [{ use: core.mix, |form: x }]\n`,
      /^7: .*form/,
    ],
  ])("%s", async (_what, text, said) => {
    const { wrong } = await openAt(text);
    expect(wrong.join("\n")).toMatch(new RegExp(said.source, "m"));
  });
});

describe("sound in an editor is", () => {
  test.each([
    ["a setting that is filled in", `${NODES}  vad: { use: webrtc.vad, with: { preRollMs: "\${params.ms}|" } }\n`],
    [
      "a list of references and edges",
      `${NODES}  v: { use: core.print, from: [a, { from: b.c, buffer: { frames: 1 } }]| }\n`,
    ],
    ["another workflow", `${NODES}  v: { use: ./other.yaml|, with: { voice: es } }\n`],
    ["what has its secrets from the environment", `${NODES}  v: { use: aliyun.asr|, from: inputs.talk }\n`],
  ])("%s", async (_what, text) => {
    expect((await openAt(text)).wrong).toEqual([]);
  });

  const examples = readdirSync(join(CHECKOUT, "workflows")).filter((name) => name.endsWith(".yaml"));
  test.each(examples)("workflows/%s", async (name) => {
    const text = await Bun.file(join(CHECKOUT, "workflows", name)).text();
    const own = text.replace(/^# yaml-language-server:.*\n/, "");
    expect((await openAt(`${own}|`)).wrong).toEqual([]);
  });
});
