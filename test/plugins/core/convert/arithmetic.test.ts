import { expect, setDefaultTimeout, test } from "bun:test";
import { type AudioFrame, type Frame, Resampler } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { nativeAudio } from "#native/audio";
import core from "#plugins/core";
import { anything, extremes } from "#test/detector-signals";
import { concat, framesOf } from "#test/signals";
import { arithmeticOf } from "../../../../plugins/core/convert/arithmetic.ts";

setDefaultTimeout(60_000); // the native library may have to be compiled first, on a machine that may be busy

const convert = core.nodes.find((node) => node.type === "core.convert")!;
const native = nativeAudio();
const plain = arithmeticOf(undefined);

const settings = (facts: object) => ({ type: "engine", engine: "audio", ...facts });

test("TypeScript serves where there is nothing native, and says so", () => {
  expect(plain.facts).toEqual({ backend: "typescript" });
  expect(plain.kernel).toBeUndefined();
  expect([...plain.decode("mulaw", plain.encode("mulaw", Int16Array.of(0, 132, -32768)))]).toEqual([0, 132, -32124]);
});

test.skipIf(!native)("native code serves otherwise, and both give the same (needs a C compiler)", () => {
  const fast = arithmeticOf(native);
  expect(fast.facts).toEqual({ backend: "native", way: native!.way });
  const pcm = extremes(4000, 3);
  for (const codec of ["alaw", "mulaw"] as const) {
    expect(fast.encode(codec, pcm)).toEqual(plain.encode(codec, pcm));
    expect(fast.decode(codec, plain.encode(codec, pcm))).toEqual(plain.decode(codec, plain.encode(codec, pcm)));
  }
});

test("a conversion names what computes it once, and gives what TypeScript would give", async () => {
  const pcm = anything(48000, 48000, 1);
  const frames = framesOf(pcm, { rateHz: 48000 });
  const driven = await driveNode(convert, { sampleRateHz: 16000 }, { frames });
  const expected = native ? { backend: "native", way: native.way } : { backend: "typescript" };
  expect(driven.events).toEqual([settings(expected)]);
  const resampler = new Resampler({ fromHz: 48000, toHz: 16000 });
  const out = driven.frames("audio").filter((frame: Frame): frame is AudioFrame => frame.kind === "audio");
  expect(concat(...out.map((frame) => frame.pcm))).toEqual(concat(resampler.push(pcm), resampler.flush()));
});

test("a conversion that computes nothing names nothing", async () => {
  const driven = await driveNode(convert, { frameMs: 10 }, { frames: framesOf(extremes(1600, 1)) });
  expect(driven.events).toEqual([]);
});

test.each([
  { name: "with its library or a compiler", path: process.env.PATH ?? "", note: native ? /^native/ : /^TypeScript/ },
  { name: "without", path: "/nowhere", note: /^TypeScript/ },
])("doctor finds it $name, and says how it computes", async ({ path, note }) => {
  const own = path === "/nowhere" ? { PARLANDO_NATIVE_DIR: `/nowhere/${process.pid}` } : {};
  const env = { ...process.env, PATH: path, ...own };
  const code = `import core from "#plugins/core"; console.log(JSON.stringify(await core.engines[0].find()));`;
  const child = Bun.spawn([process.execPath, "-e", code], { env, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect(err).toBe("");
  expect(JSON.parse(out)).toMatchObject({ found: true, note: expect.stringMatching(note) });
});
