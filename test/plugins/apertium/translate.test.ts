import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  findProgram,
  hostEnvironment,
  type NodeContext,
  type TaskNode,
  type TextFrame,
  withRetry,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { descendants, groupOf, processes } from "#test/processes";
import { rejectionOf } from "#test/rejection";
import plugin from "../../../plugins/apertium/index.ts";
import { installedModes } from "../../../plugins/apertium/modes.ts";
import { chooseMode, translate } from "../../../plugins/apertium/translate.ts";
import { type Translator, translatorOf } from "../../../plugins/apertium/translator.ts";

setDefaultTimeout(60_000); // a busy machine starts eleven processes slowly

const env = hostEnvironment();
const installed = installedModes(env).some(({ name }) => name === "eng-spa");

function texts(lines: readonly string[], more: Partial<TextFrame> = {}): TextFrame[] {
  return lines.map((text, i) => ({
    kind: "text",
    role: "transcript",
    text,
    utterance: `vad-${i + 1}`,
    revision: 2,
    final: true,
    stableChars: text.length,
    startSample: i * 16_000,
    endSample: i * 16_000 + 8000,
    sampleRateHz: 16_000,
    language: "en",
    ...more,
  }));
}

const SENTENCES = [
  { text: "go forward ten meters", spanish: "Va de frente diez metros" },
  { text: "Go somewhere and do something", spanish: "Va a algún lugar y algo" },
  { text: "The weather is nice today", spanish: "El tiempo es bueno hoy" },
  {
    text: "Speech recognition is difficult in noisy rooms",
    spanish: "Reconocimiento de habla es difícil en salas ruidosas",
  },
  { text: "Can you help me find the train station?", spanish: "Puede me ayudo encontrar la canal de tren?" },
  { text: "no", spanish: "No" },
  { text: "a [b] {c} ^d$ /e\\ @f <g>", spanish: "Un [b] {c} ^d$ /e\\ @f <g>" },
  { text: "a ~ b & c * d # e", spanish: "Un ~ b & c * d # e" },
  { text: "hello zzyxx", spanish: "Hola zzyxx" },
  { text: "price: 5€, 日本語 😀", spanish: "Precio: 5€, 日本語 😀" },
  { text: "one\0two\nthree", spanish: "Uno dos tres" },
  { text: "", spanish: "" },
  { text: " \0 ", spanish: "" },
];

const said = (frames: readonly { kind: string }[]) => frames.map((frame) => (frame as TextFrame).text);

/** Those of the process ids that are still there, zombies included. */
const running = (pids: readonly number[]): number[] =>
  processes()
    .map(({ pid }) => pid)
    .filter((pid) => pids.includes(pid));

async function withTranslator(use: (translator: Translator) => Promise<void>, from = env): Promise<void> {
  const resource = translatorOf(chooseMode("en", "es", from), from);
  const translator = await resource.open();
  try {
    await use(translator);
  } finally {
    await resource.close(translator);
  }
}

describe.skipIf(!installed)("with apertium-eng-spa installed", () => {
  test("sentences come out as apertium says them, special characters as they are", async () => {
    const driven = await driveNode(
      translate,
      { source: "en", target: "es" },
      { frames: texts(SENTENCES.map(({ text }) => text)) },
    );
    expect(said(driven.frames("text"))).toEqual(SENTENCES.map(({ spanish }) => spanish));
  });

  test("a translation stands where its text stood and says what it was made from", async () => {
    const [frame] = texts(["hello"], { speaker: "B", channel: 1, protected: true });
    const driven = await driveNode(translate, { source: "eng", target: "spa" }, { frames: [frame!] });
    expect(driven.frames()).toEqual([
      {
        ...frame!,
        role: "translation",
        text: "Hola",
        stableChars: 4,
        language: "es",
        madeFrom: { text: "hello", language: "en" },
      },
    ]);
    expect(driven.usage).toEqual({ characters: 5 });
  });

  test.each([
    { partials: false, revisions: [3] },
    { partials: true, revisions: [1, 2, 3] },
  ])("partials are translated: $partials", async ({ partials, revisions }) => {
    const lines = ["go", "go forward", "go forward"];
    const frames = texts(lines).map((frame, i) => ({ ...frame, utterance: "vad-1", revision: i + 1, final: i === 2 }));
    const driven = await driveNode(translate, { source: "en", target: "es", partials }, { frames });
    const out = driven.frames() as TextFrame[];
    expect(out.map(({ revision }) => revision)).toEqual([...revisions]);
    for (const { final, text, stableChars } of out) expect(stableChars).toBe(final ? text.length : 0);
  });

  test("a pair that is not installed is named, with those that are and the package", async () => {
    const create = (target: string) => driveNode(translate, { source: "en", target });
    expect(await rejectionOf(create("gl"))).toMatchObject({
      code: "LANGUAGE_UNSUPPORTED",
      message: expect.stringMatching(/from en to gl .*eng-spa.*apt-get install apertium-en-gl/),
    });
    expect(await rejectionOf(create("zh"))).toMatchObject({
      message: expect.stringContaining("Debian has no such pair"),
    });
  });

  test("a thousand sentences leave no process behind, and come out alike whatever came before them", async () => {
    const lines = ["go forward ten meters", "he was not an ill disposed young man", "hello", "the red house is hers"];
    await withTranslator(async (translator) => {
      const first: string[] = [];
      for (const line of lines) first.push(await translator.translate(line, 10_000));
      const stages = groupOf(translator.group!).map(({ pid }) => pid);
      expect(stages.length).toBe(12); // the shell and eleven stages
      for (let i = 0; i < 1000; i++) {
        const which = (i * i + (i >> 3)) % lines.length;
        expect(await translator.translate(lines[which]!, 10_000)).toBe(first[which]!);
      }
      expect(groupOf(translator.group!).map(({ pid }) => pid)).toEqual(stages);
    });
    expect(descendants().filter(({ command }) => /lt-proc|apertium|lrx/.test(command))).toEqual([]);
  });

  test("requests made at once are answered in the order of asking", async () => {
    await withTranslator(async (translator) => {
      const order: string[] = [];
      const ask = (text: string) => translator.translate(text, 10_000).then((answer) => void order.push(answer));
      await Promise.all(["one", "two", "three", "four"].map(ask));
      expect(order).toEqual(["Uno", "Dos", "Tres", "Cuatro"]);
    });
  });

  test.each([
    { stage: 1, name: "the first stage" },
    { stage: 6, name: "one in the middle" },
    { stage: 11, name: "the last stage" },
  ])("when $name is killed under work the request fails, and the next one gets a fresh pipeline", async ({ stage }) => {
    await withTranslator(async (translator) => {
      const old = groupOf(translator.group!).map(({ pid }) => pid);
      const victim = old[stage]!;
      process.kill(victim, "SIGSTOP"); // so that no answer can come before the kill
      const answer = translator.translate("the weather is nice today", 10_000);
      const second = translator.translate("hello", 10_000);
      process.kill(victim, "SIGKILL");
      expect(await rejectionOf(answer)).toMatchObject({
        code: "ENGINE_FAILED",
        traits: { retryable: true, usable: true },
        message: expect.stringContaining("has ended without an answer"), // and was not waited for
      });
      expect(await second).toBe("Hola");
      expect(running(old)).toEqual([]);
      expect(groupOf(translator.group!).length).toBe(12);
    });
  });

  test("when the shell is killed the stages do not go on without it", async () => {
    await withTranslator(async (translator) => {
      const [shell, , stage] = groupOf(translator.group!);
      process.kill(stage!.pid, "SIGSTOP"); // so that no answer can come before the kill
      const answer = translator.translate("hello", 10_000);
      process.kill(shell!.pid, "SIGKILL");
      expect(await rejectionOf(answer)).toMatchObject({
        message: expect.stringContaining("has ended without an answer"),
      });
      expect(await translator.translate("hello", 10_000)).toBe("Hola");
      expect(groupOf(shell!.pid).filter(({ state }) => state !== "Z")).toEqual([]);
    });
  });

  test("a pipeline that hangs is ended after the time allowed, stopped stages too", async () => {
    await withTranslator(async (translator) => {
      const old = groupOf(translator.group!).map(({ pid }) => pid);
      process.kill(old[4]!, "SIGSTOP");
      expect(await rejectionOf(translator.translate("hello", 100))).toMatchObject({
        code: "ENGINE_FAILED",
        message: expect.stringContaining("no answer in 100 ms"),
      });
      expect(await translator.translate("hello", 10_000)).toBe("Hola");
      expect(running(old)).toEqual([]);
    });
  });

  test("who gives up waiting does not disturb the others", async () => {
    await withTranslator(async (translator) => {
      const group = translator.group;
      const [running, waiting] = [new AbortController(), new AbortController()];
      const first = translator.translate("go forward", 10_000, running.signal);
      const second = translator.translate("two", 10_000, waiting.signal);
      const third = translator.translate("three", 10_000);
      running.abort(new Error("gone"));
      waiting.abort(new Error("gone too"));
      expect(await rejectionOf(first)).toHaveProperty("message", expect.stringContaining("gone"));
      expect(await rejectionOf(second)).toHaveProperty("message", expect.stringContaining("gone too"));
      expect(await third).toBe("Tres");
      expect(translator.group).toBe(group);
    });
  });

  test("closing it under work ends every stage and fails what waits", async () => {
    const resource = translatorOf(chooseMode("en", "es", env), env);
    const translator = await resource.open();
    const old = groupOf(translator.group!).map(({ pid }) => pid);
    process.kill(old[3]!, "SIGSTOP");
    const answer = translator.translate("hello", 10_000);
    const [outcome] = await Promise.all([answer.catch((error) => error.code), resource.close(translator)]);
    expect(outcome).toBe("ENGINE_FAILED");
    expect(running(old)).toEqual([]);
  });

  test("a node with retries loses no sentence to killed stages", async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `the house has ${i} rooms`);
    const config = { source: "en", target: "es" };
    const calm = await driveNode(translate, config, { frames: texts(lines) });
    let kills = 0;
    const killer = {
      ...translate,
      async create(settings: unknown, ctx: NodeContext) {
        const node = (await translate.create(settings, ctx)) as TaskNode;
        return {
          run: node.run.bind(node),
          onControl() {
            const stages = descendants().filter(({ command, state }) => command === "apertium-transf" && state !== "Z");
            process.kill(stages[kills++ % stages.length]!.pid, "SIGKILL");
          },
        };
      },
    };
    const frames = texts(lines).flatMap((frame, i) => (i % 60 === 30 ? [{ kind: "flush" } as const, frame] : [frame]));
    const shaken = await driveNode(withRetry(killer, 3), config, { frames });
    expect(kills).toBe(3);
    expect(shaken.frames()).toEqual(calm.frames());
    expect(calm.frames().length).toBe(200);
  });

  // Where it lies in the user's own folder, every other test shows it.
  const inSystem = existsSync("/usr/share/apertium/modes/eng-spa.mode");
  test.if(inSystem)("a pair in the user's own Debian folder is found and run from there", async () => {
    const root = mkdtempSync(join(tmpdir(), "parlando-root-"));
    try {
      mkdirSync(join(root, "usr"));
      symlinkSync("/usr/bin", join(root, "usr/bin"));
      symlinkSync("/usr/share", join(root, "usr/share"));
      const own = { PARLANDO_DEBIAN_ROOT: root, PATH: "" };
      const mode = installedModes(own).find(({ name }) => name === "eng-spa");
      expect(mode?.root).toBe("/"); // the system's comes first
      const resource = translatorOf({ ...mode!, root, file: join(root, mode!.file) }, own);
      const translator = await resource.open();
      const stage = groupOf(translator.group!).find(({ command }) => command === "lrx-proc");
      const line = await Bun.file(`/proc/${stage!.pid}/cmdline`).text();
      expect(line.split("\0").filter((word) => word.startsWith("/"))).toEqual([
        join(root, "usr/bin/lrx-proc"),
        join(root, "usr/share/apertium/apertium-eng-spa/eng-spa.autolex.bin"),
      ]);
      expect(await translator.translate("hello", 10_000)).toBe("Hola");
      await resource.close(translator);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("doctor names version, place and pairs", async () => {
    expect(await plugin.engines?.[0]?.find()).toMatchObject({
      found: true,
      version: expect.stringMatching(/^\d+\.\d+/),
      path: findProgram("apertium", env)!.path,
      note: expect.stringContaining("eng-spa"),
    });
  });
});

test.each([
  { config: { source: "en" }, path: ["target"] },
  { config: { source: "english language", target: "es" }, path: ["source"] },
  { config: { source: "en", target: "es", partial: true }, path: [] },
])("a wrong config is refused without looking for apertium: $config", ({ config, path }) => {
  expect(translate.config.safeParse(config).error?.issues.map((issue) => issue.path)).toEqual([[...path]]);
});

test("without any pair the message says where it looked and what to install", () => {
  const nowhere = { PARLANDO_DEBIAN_ROOT: "/nonexistent" };
  const modes = installedModes(nowhere);
  if (modes.length > 0) return expect(modes.every(({ root }) => root === "/")).toBe(true);
  expect(() => chooseMode("en", "es", nowhere)).toThrow("apt-get install apertium-eng-spa");
});

test("a pair whose programs are missing names them", async () => {
  const mode = {
    name: "eng-spa",
    source: "eng",
    target: "spa",
    root: "/",
    file: join(import.meta.dir, "eng-spa.mode"),
  };
  expect(await rejectionOf(translatorOf(mode, { PATH: "/nonexistent" }).open())).toMatchObject({
    code: "ENGINE_MISSING",
    message: expect.stringContaining("needs lt-proc, apertium-tagger, found neither"),
  });
});
