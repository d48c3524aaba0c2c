import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Frame } from "#engine/plugin";
import { SystemClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { callCommand } from "#test/called-command";
import { MAIN } from "#test/command-line";
import { folderOf } from "#test/gateway-server";
import { gatewayTypes, hearing, said, talk } from "#test/gateways";
import { rejectionOf } from "#test/rejection";

setDefaultTimeout(60_000); // programs are started, on a machine that may be busy

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const call of cleanUp.splice(0).reverse()) await call();
});

const folder = (files: Readonly<Record<string, string>> = {}): string => folderOf(files, cleanUp);

/** `parlando emulate` in a process of its own, once it has told everything: its last line is what to write into a workflow. */
async function emulating(args: readonly string[], last: string, cwd = folder()) {
  mkdirSync(join(cwd, "temporary"));
  const child = Bun.spawn([process.execPath, MAIN, "emulate", ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", TMPDIR: join(cwd, "temporary") },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  cleanUp.push(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  let out = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    out += decoder.decode(bytes, { stream: true });
    if (new RegExp(`^${last}:.*\n`, "m").test(out)) break;
  }
  /** As somebody who copies it reads it. */
  const settings = (type: string): Record<string, unknown> =>
    parse(new RegExp(`^${type}:  with: (.*)$`, "m").exec(out)?.[1] ?? "");
  return { child, out, settings, left: () => readdirSync(join(cwd, "temporary")) };
}

const drive = (type: string, settings: unknown, frames: Frame[]) => {
  const definition = gatewayTypes().get(type);
  if (!definition) throw new Error(`no ${type}`);
  return driveNode(definition, settings, { clock: new SystemClock(), frames });
};

test("what it prints is enough to talk to it: a script answers, and nothing of it stays", async () => {
  const { child, out, settings, left } = await emulating(["aliyun"], "aliyun.tts");
  expect(out).toMatch(/^aliyun is at http:\/\/127\.0\.0\.1:\d+ and ws:\/\/127\.0\.0\.1:\d+$/m);
  expect(out).toContain("credentials, made up: id example-key, secret example-secret, appkey example-appkey");
  expect(out).toContain('recognition: a script: "scripted sentence 1", 2, 3, …');
  const heard = await drive("aliyun.asr", { ...settings("aliyun.asr"), mode: "continuous" }, talk(4000));
  expect(said(heard.frames("final"))).toEqual(["scripted sentence 1", "scripted sentence 2"]);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(left()).toEqual([]);
});

const voiceless = Bun.which("espeak-ng") === null;
test.skipIf(voiceless)("this machine's voice speaks, whatever voice of the vendor's is asked for", async () => {
  const { settings } = await emulating(["aliyun"], "aliyun.tts");
  const prompt = {
    kind: "text" as const,
    role: "prompt" as const,
    text: "Hello.",
    utterance: "u1",
    revision: 1,
    final: true,
    stableChars: 6,
    startSample: 0,
    endSample: 0,
    sampleRateHz: 16_000,
  };
  const spoken = await drive("aliyun.tts", { ...settings("aliyun.tts"), voice: "xiaoyun" }, [prompt]);
  expect(spoken.frames("audio").length).toBeGreaterThan(0);
});

test("a script of one's own, with translations, over TCP", async () => {
  const script = `
results: [{ text: good morning, untilMs: 1000 }, { text: bye, untilMs: 2000 }]
table: { good morning: buenos días }
`;
  const { settings } = await emulating(
    ["rtvt", "--script", "script.yaml"],
    "rtvt.asr",
    folder({ "script.yaml": script }),
  );
  const config = { ...settings("rtvt.interpret"), source: "en", target: "es" };
  expect(String(settings("rtvt.interpret").url)).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  const heard = await drive("rtvt.interpret", config, talk(2000));
  expect(said(heard.frames("translation"))).toEqual(["buenos días", "BYE"]);
});

test("workflows of one's own, and faults: a clock that is off, and then a connection that is lost", async () => {
  const files = {
    "mine.yaml": hearing("mine"),
    "off.yaml": "faults: [{ on: clock, do: { skewMs: 7200000 } }]",
    "lost.yaml": "faults: [{ on: handshake, connections: 1, do: { refuse: 503 } }]",
  };
  const cwd = folder(files);
  const off = await emulating(["tencent", "--workflow", "mine.yaml", "--faults", "off.yaml"], "tencent.tts", cwd);
  expect(off.out).toContain("its clock is off by 7200000 ms");
  expect(off.out).toContain("nothing is behind it for synthesis");
  const asked = (settings: unknown) => ({ ...Object(settings), engine: "16k_en", link: { attempts: 2, backoffMs: 1 } });
  expect(await rejectionOf(drive("tencent.asr", asked(off.settings("tencent.asr")), talk(1000)))).toMatchObject({
    details: { vendorCode: 4002 },
  });
  const lost = await emulating(
    ["tencent", "--workflow", "mine.yaml", "--faults", "lost.yaml"],
    "tencent.tts",
    folder(files),
  );
  const heard = await drive("tencent.asr", asked(lost.settings("tencent.asr")), talk(1000));
  expect(said(heard.frames("final"))).toEqual(["mine"]);
  expect(heard.events.filter(({ type }) => type === "opened")).toMatchObject([{ attempt: 2 }]);
});

test.each([
  ["no vendor", [], {}, 2, /aliyun {2}Answers clients of Aliyun NLS[\s\S]*rtvt {2}[\s\S]*tencent {2}/],
  ["a vendor that nobody is", ["acme"], {}, 2, /one of .*aliyun.* was wanted[\s\S]*usage: parlando emulate VENDOR/],
  ["two vendors", ["aliyun", "tencent"], {}, 2, /was wanted/],
  ["a port that is none", ["aliyun", "--port", "70000"], {}, 2, /a port is a number/],
  ["a level that is none", ["aliyun", "--log", "loud"], {}, 2, /--log loud/],
  ["faults that are not there", ["aliyun", "--faults", "f.yaml"], {}, 1, /FILE_NOT_FOUND f\.yaml/],
  [
    "faults that are none",
    ["aliyun", "--faults", "f.yaml"],
    { "f.yaml": "faults:\n  - { on: lunch, do: { delay: 1 } }\n" },
    1,
    /CONFIG_INVALID f\.yaml:2:\d+ /,
  ],
  [
    "a script without results",
    ["aliyun", "--script", "s.yaml"],
    { "s.yaml": "table: {}\n" },
    1,
    /CONFIG_INVALID s\.yaml:1:1 /,
  ],
  [
    "a workflow that does not hold",
    ["aliyun", "--workflow", "w.yaml"],
    { "w.yaml": "nodes: {}" },
    1,
    /CONFIG_INVALID gateways\.emulated\.workflows\[0\]/,
  ],
] as const)("%s is told, and nothing is started", async (_what, args, files, status, message) => {
  const called = await callCommand(["emulate", ...args], folder(files));
  expect({ status: called.status, text: called.text }).toEqual({ status, text: expect.stringMatching(message) });
});

test("help says what it is", async () => {
  const { status, text } = await callCommand(["emulate", "--help"], folder());
  expect({ status, text }).toMatchObject({ status: 0, text: expect.stringContaining("--faults FILE") });
});
