import { expect, test } from "bun:test";
import { type DriveOptions, driveNode } from "#engine/testing";
import { subtitles } from "../../../plugins/core/subtitles.ts";
import { textFrame, textOf } from "./texts.ts";

async function write(config: Record<string, unknown>, frames: NonNullable<DriveOptions["frames"]>): Promise<string> {
  const path = config.path ?? "out.srt";
  const { artifacts } = await driveNode(subtitles, { path, ...config }, { frames });
  return textOf(artifacts, String(path));
}

const hello = textFrame({ text: "hello there", atMs: [1000, 2500] });
const hola = textFrame({ text: "hola", role: "translation", language: "es", atMs: [1000, 2500] });
const later = textFrame({ text: "and later", utterance: "u2", atMs: [5000, 6500] });

test("a transcript and its translation stand in one cue, the transcript above", async () => {
  expect(await write({}, [hello, hola, later])).toBe(
    "1\n00:00:01,000 --> 00:00:02,500\nhello there\nhola\n\n2\n00:00:05,000 --> 00:00:06,500\nand later\n",
  );
});

test.each([
  {
    name: "the translation comes above when asked",
    config: { order: ["translation", "transcript"] },
    lines: ["hola", "hello there"],
  },
  { name: "only the transcript", config: { only: "transcript" }, lines: ["hello there"] },
  { name: "only the translation", config: { only: "translation" }, lines: ["hola"] },
  { name: "only a language and its regions", config: { languages: ["es"] }, lines: ["hola"] },
])("$name", async ({ config, lines }) => {
  expect(await write(config, [hello, hola])).toBe(`1\n00:00:01,000 --> 00:00:02,500\n${lines.join("\n")}\n`);
});

test("several translations stand in the order of the languages asked for", async () => {
  const salut = textFrame({ text: "salut", role: "translation", language: "fr-CA", atMs: [1000, 2500] });
  expect(await write({ only: "translation", languages: ["fr", "es"] }, [hola, salut])).toContain("salut\nhola\n");
  expect(await write({ only: "translation" }, [salut, hola])).toContain("hola\nsalut\n");
});

test("the order of arrival makes no difference", async () => {
  const inOrder = await write({}, [hello, hola, later]);
  expect(await write({}, [later, hola, hello])).toBe(inOrder);
  const together = { ...later, startSample: hello.startSample, endSample: hello.endSample };
  expect(await write({}, [together, hello])).toBe(await write({}, [hello, together]));
});

test("a revision of a final replaces it, an older one that comes late does not, and an empty one takes the cue away", async () => {
  const better = { ...hello, text: "hello where", revision: 2 };
  expect(await write({}, [hello, better])).toContain("hello where\n");
  expect(await write({}, [better, hello])).toContain("hello where\n");
  expect(await write({}, [better, { ...hello, text: " ", revision: 3 }])).toBe("");
});

test("partials are not shown", async () => {
  expect(await write({}, [{ ...hello, final: false }])).toBe("");
});

test.each([
  { path: "out.srt", text: "" },
  { path: "out.vtt", text: "WEBVTT\n" },
])("a run without text leaves a valid $path", async ({ path, text }) => {
  expect(await write({ path }, [])).toBe(text);
});

test("WebVTT has its own times, escapes and voice tags", async () => {
  const odd = textFrame({ text: "a < b --> c & d", speaker: "R&D", atMs: [363_661_007, 363_663_000] });
  expect(await write({ path: "out.VTT", speakers: "voice" }, [odd])).toBe(
    "WEBVTT\n\n101:01:01.007 --> 101:01:03.000\n<v R&amp;D>a &lt; b --&gt; c &amp; d\n",
  );
});

test("SubRip text never looks like a line of times, nor ends its own cue", async () => {
  const odd = textFrame({ text: "one -->\n\n two", atMs: [0, 2000] });
  expect(await write({}, [odd])).toBe("1\n00:00:00,000 --> 00:00:02,000\none -> two\n");
});

test("a speaker is named before the first words of an utterance only", async () => {
  const long = textFrame({
    text: "The first sentence is here. The second one follows it.",
    speaker: "Ann Lee",
    atMs: [0, 6000],
  });
  const text = await write({ speakers: "prefix" }, [long]);
  expect(text).toContain("\nAnn Lee: The first sentence is here.\n");
  expect(text).toContain("\nThe second one follows it.\n");
});

test("frames at another rate give the same times", async () => {
  const at8k = { ...hello, startSample: 8000, endSample: 20_000, sampleRateHz: 8000 };
  expect(await write({}, [at8k])).toBe(await write({}, [hello]));
});

test.each([
  { with: { path: "out.txt" }, message: "neither .srt nor .vtt" },
  { with: { path: "out.srt", speakers: "voice" }, message: "voice tags are WebVTT" },
  { with: { path: "out.srt", order: ["transcript", "transcript"] }, message: "names one role twice" },
  { with: { path: "out.srt", minMs: 9000 }, message: "9000 is more than maxMs" },
  { with: { path: "out.srt", lineLength: 3 }, message: "lineLength" },
])("a config is refused: $message", ({ with: given, message }) => {
  const problems = subtitles.config.safeParse(given).error?.issues.map((issue) => issue.message) ?? [];
  expect(problems.join("\n")).toContain(message);
});

test("its input takes the roles that are shown", () => {
  const rolesFor = (only: string) => subtitles.inputs(subtitles.config.parse({ path: "a.srt", only })).text?.textRoles;
  expect(rolesFor("translation")).toEqual(["translation"]);
  expect(rolesFor("both")).toEqual(["transcript", "translation"]);
});
