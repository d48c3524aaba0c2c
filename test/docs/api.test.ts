import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav } from "#engine/audio";
import { ECHOED, RATE_HZ, spoken } from "#test/spoken-numbers";
import { WholeServer } from "#test/whole-server";
import { page, ROOT } from "./pages.ts";

setDefaultTimeout(60_000); // programs are started, on a machine that may be busy

const { blocks } = page("docs/api.md");
const blocksIn = (language: string) => blocks.filter((block) => block.language === language);

let server: WholeServer;
const folder = mkdtempSync(join(tmpdir(), "parlando-api-"));

beforeAll(async () => {
  server = await WholeServer.open();
  writeFileSync(join(folder, "recording.wav"), encodeWav(spoken([1, 2, 3]), { sampleRateHz: RATE_HZ, channels: 1 }));
  writeFileSync(join(folder, "meeting.yaml"), ECHOED);
  copyFileSync(join(ROOT, "docs/clients/parlando.py"), join(folder, "parlando.py"));
  await server.control.workflows.save(await server.control.keys.anonymous(), "meeting", ECHOED);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function called(program: string, args: readonly string[], text: string) {
  const here = text.replaceAll("localhost:7700", `localhost:${server.port}`);
  const child = Bun.spawn([program, ...args, here], { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { status: await child.exited, out, err };
}

const noCurl = !Bun.which("curl") || !Bun.which("bash");

test.skipIf(noCurl)("the commands do what they say, one after the other in one shell", async () => {
  // an answer that is a failure ends the shell, and no call may hang
  const careful = 'set -euo pipefail\ncurl() { command curl --fail-with-body --max-time 20 "$@"; echo; }\n';
  const { status, out, err } = await called(
    "bash",
    ["-c"],
    careful +
      blocksIn("bash")
        .map(({ text }) => text)
        .join("\n"),
  );
  expect({ status, err: err.slice(-300), out: status === 0 ? "" : out.slice(-600) }).toEqual({
    status: 0,
    err: "",
    out: "",
  });
  expect(out).toContain('"text":"1 2 3"');
  expect(out).toContain("event: run.ended");
  expect(out).toContain("WEBVTT");
  expect(out).toContain('"state":"cancelled"');
  expect(await Bun.file(join(folder, "recording.srt")).text()).toContain("-->");
  expect(new Uint8Array(await Bun.file(join(folder, "hello.wav")).arrayBuffer()).length).toBeGreaterThan(44);
});

const python = Bun.which("python3");

test.skipIf(!python)("the program in Python prints what was said, from a file and live", async () => {
  const [block] = blocksIn("python");
  const { status, out, err } = await called(python!, ["-c"], block!.text);
  const [whole, ...live] = out.trim().split("\n");
  expect({ status, err, whole }).toEqual({ status: 0, err: "", whole: "1 2 3" });
  expect(live.filter((text) => !text.startsWith("e"))).toEqual(["1", "2", "3"]);
});

test.skipIf(!python)("in Python, audio for a track that is not there is refused, and not lost in silence", async () => {
  const program = `
from parlando import Parlando, ParlandoError
call = Parlando("http://127.0.0.1:${server.port}").start({"workflow": "meeting", "inputs": {"talk": Parlando.audio(16000)}})
for put in (lambda: call.send("tlak", b"12"), lambda: call.text("tlak", "a"), lambda: call.end("tlak")):
    try:
        put()
    except ParlandoError as error:
        print(error)
call.end()
print([event["type"] for event in call.events()][-1])
`;
  const { status, out, err } = await called(python!, ["-c"], program);
  const refused = "TRACK_UNKNOWN: the run has no live input tlak; it has talk";
  expect({ status, err, out: out.trim().split("\n") }).toEqual({
    status: 0,
    err: "",
    out: [refused, refused, refused, "run.ended"],
  });
});

test.skipIf(!python)("a live call in Python loses nothing when its server dies and comes back", async () => {
  const program = `
import sys
from parlando import Parlando
server = Parlando("http://127.0.0.1:${server.port}")
pcm = open("recording.wav", "rb").read()[44:]
call = server.start({"workflow": "meeting", "inputs": {"talk": Parlando.audio(16000)}}, outputs=["words"])
half = len(pcm) // 2 + 1
call.send("talk", pcm[:half])
events = call.events()
texts = []
def until(count):
    while len(texts) < count:
        event = next(events)
        if event["type"] == "text.final" and event["data"]["output"] == "words":
            texts.append(event["data"]["text"])
until(1)
print("half", flush=True)
sys.stdin.readline()
call.send("talk", pcm[half:])
call.end()
until(3)
print(" ".join(texts), [event["type"] for event in events][-1])
`;
  const child = Bun.spawn([python!, "-c", program], { cwd: folder, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  const err = new Response(child.stderr).text();
  const reader = child.stdout
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  expect((await reader.read()).value).toBe("half\n");
  await server.break();
  await server.begin();
  child.stdin.write("on\n");
  await child.stdin.flush();
  expect((await reader.read()).value ?? (await err)).toBe("1 2 3 run.ended\n");
  expect(await child.exited).toBe(0);
});

test.skipIf(!python)("in Python a failure has the server's code", async () => {
  const program = `
from parlando import Parlando, ParlandoError
try: Parlando("http://127.0.0.1:${server.port}").join("none")
except ParlandoError as error: print(error.code, error.status)
try: Parlando("http://127.0.0.1:${server.port}").call("GET", "/v1/runs/none")
except ParlandoError as error: print(error.code, error.status)
`;
  expect(await called(python!, ["-c"], program)).toEqual({
    status: 0,
    out: "RUN_NOT_FOUND 404\nRUN_NOT_FOUND 404\n",
    err: "",
  });
});
