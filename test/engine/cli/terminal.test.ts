import { expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { MAIN, runCommand } from "#test/command-line";
import { scratchFolder } from "#test/short-recording";
import { silence } from "#test/signals";

setDefaultTimeout(60_000);

/** Makes a terminal for a command; in Debian it is part of what every system has. */
const script = Bun.which("script");

const WORKFLOW = `parlando: 1
name: shown
nodes:
  talk: { use: core.file, with: { path: talk.wav } }
  copy: { use: core.wav, from: talk, with: { path: "\${run.dir}/copy.wav" } }
  said:
    use: core.script
    with:
      as: source
      events:
        - { atMs: 100, text: hello, utterance: u1, final: false, startMs: 0, endMs: 100, language: en }
        - { atMs: 200, text: hello there, utterance: u1, startMs: 0, endMs: 200, language: en }
outputs: { texts: said }
`;

function folderToRun(): string {
  const folder = scratchFolder();
  writeFileSync(join(folder, "shown.yaml"), WORKFLOW);
  writeFileSync(join(folder, "broken.yaml"), WORKFLOW.replace("talk.wav }", "talk.wav, pase: fast }"));
  writeFileSync(join(folder, "talk.wav"), encodeWav(silence({ ms: 4000 }), { sampleRateHz: 16_000, channels: 1 }));
  return folder;
}

/** What a person sees of a command at a terminal, control characters included. */
async function atTerminal(args: readonly string[], cwd: string): Promise<string> {
  const line = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  const env = { ...process.env, TERM: "xterm", NO_COLOR: undefined };
  const child = Bun.spawn([script ?? "script", "-qec", line, "/dev/null"], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
  });
  return new Response(child.stdout).text();
}

test.skipIf(!script)("a terminal shows progress, speed and partials in one line that is written over", async () => {
  const folder = folderToRun();
  const seen = await atTerminal(["run", "shown.yaml", "--out", "out"], folder);
  rmSync(folder, { recursive: true });
  const status = seen.split("\r\u001b[2K");
  expect(status.length).toBeGreaterThan(4);
  expect(seen).toMatch(/█{10}░{10} {2}50 % 0:02\.0 of 0:04\.0, [\d.]+ × real time/);
  expect(seen).toMatch(/█{20} 100 % 0:04\.0 of 0:04\.0, [\d.]+ × real time/);
  expect(status.some((line) => line.includes("[en] hello …") && !line.includes("\n"))).toBe(true);
  expect(seen).toContain("0:00.0-0:00.2 [en] hello there\r\n");
  expect(seen).toContain("wrote out/copy.wav (128 kB)\r\n");
});

test("elsewhere there are plain lines", async () => {
  const folder = folderToRun();
  const { out, err } = await runCommand(["run", "shown.yaml", "--out", "out"], { cwd: folder });
  rmSync(folder, { recursive: true });
  for (const sign of ["█", "░", "\r", "\u001b"]) expect(out + err).not.toContain(sign);
  expect(out).toBe("0:00.0-0:00.1 [en] hello …\n0:00.0-0:00.2 [en] hello there\n");
});

test.skipIf(!script)("a terminal shows the line that a finding is about, and a mark below the place", async () => {
  const folder = folderToRun();
  const seen = await atTerminal(["lint", "broken.yaml"], folder);
  rmSync(folder, { recursive: true });
  const plain = Bun.stripANSI(seen).split("\r\n");
  const at = plain.findIndex((line) => line.startsWith("broken.yaml:4:51 error KEY_UNKNOWN"));
  expect(plain[at + 1]).toBe("4 |   talk: { use: core.file, with: { path: talk.wav, pase: fast } }");
  expect(plain[at + 2]?.indexOf("^")).toBe(plain[at + 1]?.indexOf("pase"));
});
