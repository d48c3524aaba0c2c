import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caller, live, openTestControl } from "#test/control";
import { NUMBERS } from "#test/spoken-numbers";
import { confinement } from "../../../../engine/control/security/folders.ts";

setDefaultTimeout(60_000); // on a busy machine

describe("paths", () => {
  const home = mkdtempSync(join(tmpdir(), "parlando-folders-"));
  for (const folder of ["read", "write", "outside"]) mkdirSync(join(home, folder));
  writeFileSync(join(home, "outside", "secret.txt"), "x");
  symlinkSync(join(home, "outside"), join(home, "read", "link"));
  symlinkSync(join(home, "outside", "secret.txt"), join(home, "read", "file"));
  symlinkSync(join(home, "outside", "later.txt"), join(home, "write", "later"));
  symlinkSync(join(home, "write", "loop"), join(home, "write", "loop"));
  symlinkSync(join(home, "read"), join(home, "read-too"));
  const { refusePath } = confinement({ read: [join(home, "read-too")], write: [join(home, "write")] });

  test.each([
    ["read/a.wav", "read", true],
    ["read-too/a.wav", "read", true],
    ["write/a.wav", "read", true],
    ["write/deep/er/a.wav", "write", true],
    ["read/a.wav", "write", false],
    ["read", "read", false],
    ["outside/secret.txt", "read", false],
    ["read/../outside/secret.txt", "read", false],
    ["read/link/secret.txt", "read", false],
    ["read/link/../../read/a.wav", "read", true],
    ["read/file", "read", false],
    ["write/later", "write", false],
    ["write/loop", "write", true],
    ["readable/a.wav", "read", false],
    ["read/a\u0000.wav", "read", false],
  ] as const)("%s to %s: %p", (path, use, allowed) => {
    expect(refusePath(`${home}/${path}`, use) === undefined).toBe(allowed);
  });

  test("that are not absolute are refused", () => {
    expect(refusePath("a.wav", "read")).toBeDefined();
    expect(refusePath("http://example.org/a.wav", "read")).toBeDefined();
  });
});

describe("a workflow from elsewhere", () => {
  const file = (path: string) => `parlando: 1
name: thief
nodes:
  in: { use: core.file, with: { path: ${JSON.stringify(path)} } }
  out: { use: core.wav, from: in, with: { path: "\${run.dir}/out.wav" } }
`;

  test.each([
    { what: "a file of the machine", text: file("/etc/passwd"), code: "PATH_FORBIDDEN" },
    { what: "a file of the machine that is not there", text: file("/etc/none"), code: "PATH_FORBIDDEN" },
    { what: "a file beside its folder", text: file("../../parlando.yaml"), code: "PATH_FORBIDDEN" },
    {
      what: "a file by a param",
      text: file("x")
        .replace("name: thief", "name: thief\nparams: { p: { type: file, default: /etc/passwd } }")
        .replace('"x"', '"${params.p}"'),
      code: "PATH_FORBIDDEN",
    },
    {
      what: "a workflow of the machine",
      text: "parlando: 1\nname: a\nnodes: { a: { use: ../../../../etc/passwd.yaml } }\n",
      code: "PATH_FORBIDDEN",
    },
    {
      what: "a default outside",
      text: NUMBERS.replace("{ kind: audio }", "{ kind: audio, default: /etc/passwd }"),
      code: "PATH_FORBIDDEN",
    },
    {
      what: "somewhere else to write to",
      text: NUMBERS.replace(
        "outputs:",
        "  file: { use: core.wav, from: vad, with: { path: /elsewhere/out.wav } }\noutputs:",
      ),
      code: "PATH_FORBIDDEN",
    },
    {
      what: "the microphone",
      text: "parlando: 1\nname: a\nnodes:\n  m: { use: numbers.microphone }\n  v: { use: numbers.vad, from: m }\n",
      code: "EFFECT_FORBIDDEN",
    },
    {
      what: "a variable that is not listed",
      text: NUMBERS.replace('delayMs: "', 'key: "${env:HIDDEN}", delayMs: "'),
      code: "ENV_MISSING",
    },
    {
      what: "a variable that is listed, in a field that is not secret",
      text: NUMBERS.replace('delayMs: "', 'key: "${env:SHOWN}", delayMs: "'),
      code: "SECRET_EXPOSED",
    },
    {
      what: "a secret that is not listed",
      text: NUMBERS.replace('delayMs: "', 'key: "${secret:hidden}", delayMs: "'),
      code: "SECRET_MISSING",
    },
    {
      what: "a secret that is listed, in a field that is not secret",
      text: NUMBERS.replace('delayMs: "', 'key: "${secret:shown}", delayMs: "'),
      code: "SECRET_EXPOSED",
    },
  ])("may not use $what", async ({ text, code }) => {
    await using opened = await openTestControl({
      environment: { HIDDEN: "h", SHOWN: "s", PARLANDO_SECRET_HIDDEN: "h" },
      config: { environment: ["SHOWN"], secrets: { shown: { env: "SHOWN" } } },
    });
    const { workflows, runs } = opened.control;
    const linted = (await workflows.lint(caller, text)).map((finding) => finding.code as string);
    expect(linted).toContain(code);
    const refused = await runs
      .start(caller, { workflow: { text }, inputs: /talk: \{ kind: audio \}/.test(text) ? { talk: live } : {} })
      .catch((error) => error);
    expect(refused.code).toBe("WORKFLOW_INVALID");
    expect(JSON.stringify(refused.details)).not.toContain("root:");
    expect(await Bun.file(`${opened.folder}/out.wav`).exists()).toBe(false);
  });

  test("is told where a server has its secrets and variables, and not of a variable that it does not read", async () => {
    await using opened = await openTestControl();
    const text = NUMBERS.replace('delayMs: "', 'key: "${secret:azure}${env:AZURE}", delayMs: "');
    const messages = (await opened.control.workflows.lint(caller, text)).map(({ message }) => message).join("\n");
    expect(messages).toContain("the secret azure is not set (secrets of parlando.yaml, or of the request)");
    expect(messages).toContain("AZURE is not set, or not listed under environment of parlando.yaml");
  });

  test("lint says the same of a name that is set and of one that is not", async () => {
    const text = NUMBERS.replace('delayMs: "', 'key: "${env:MAYBE}", delayMs: "');
    await using bare = await openTestControl({ environment: {} });
    await using full = await openTestControl({ environment: { MAYBE: "yes" } });
    expect(await full.control.workflows.lint(caller, text)).toEqual([
      ...(await bare.control.workflows.lint(caller, text)),
    ]);
  });
});
