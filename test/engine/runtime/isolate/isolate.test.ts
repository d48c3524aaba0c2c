import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame } from "#engine/frames";
import type { NodeDefinition, Plugin } from "#engine/plugin";
import { isolate, newHousehold, SystemClock, startProcess, startWorker } from "#engine/runtime";
import { audio, collector, type EdgeOptions, inline, planOf, sourceOf, startPlan, text } from "#test/doubles";
import { scratchFolder } from "#test/short-recording";
import unruly from "#test/unruly-plugin/index";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../../../..");
const ENTRY = join(ROOT, "engine/cli/isolated/entry.ts");
const FOLDER = join(ROOT, "test/support/unruly-plugin");
const TASK = { plugin: "./index.ts", folder: FOLDER };
const LIMITS = { loadMs: 60_000, hangMs: 60_000 };

const ways = [
  { way: "worker", start: startWorker(ENTRY, TASK) },
  { way: "process", start: startProcess(ENTRY, TASK) },
] as const;
type Way = (typeof ways)[number];

const alone = ({ start }: Way, limits: Partial<Parameters<typeof isolate>[2]> = {}): Plugin =>
  isolate(unruly, start, { ...LIMITS, ...limits });

const nodeOf = (plugin: Plugin, what: string): NodeDefinition =>
  plugin.nodes.find(({ type }) => type === `unruly.${what}`)!;

const frames = (n: number) => Array.from({ length: n }, (_, i) => audio(i * 320, 320, i));

/** One run of the node between a source and a sink. */
function runOf(
  node: NodeDefinition,
  sent: readonly Frame[],
  more: Parameters<typeof startPlan>[1] = {},
  edge: EdgeOptions = {},
) {
  const sink = collector();
  const plan = planOf(
    { source: sourceOf(sent), node, sink: sink.definition },
    [
      ["source", "node", edge],
      ["node", "sink"],
    ],
    { limits: { startMs: 60_000, idleMs: 600_000, drainMs: 60_000 } },
  );
  return { sink, plan, more };
}

const home = newHousehold();
afterAll(() => expect(home.resources.keys).toEqual([]));

for (const each of ways)
  describe(`a plugin in a ${each.way} of its own`, () => {
    const started = (what: string, sent: readonly Frame[], plugin = alone(each), more = {}) => {
      const { sink, plan } = runOf(nodeOf(plugin, what), sent);
      return { sink, ...startPlan(plan, more, home) };
    };

    test.each(["pass", "task"])("passes frames on in order and unharmed: unruly.%s", async (what) => {
      const sent: Frame[] = [...frames(300), text("the last", 300 * 320)];
      const { sink, run } = started(what, sent);
      const report = await run.done;
      expect(report.error).toBeUndefined();
      expect(sink.got).toEqual(sent);
      expect(sink.controls.at(-1)).toEqual({ kind: "end", port: "in" });
      expect(report.nodes.find(({ node }) => node === "node")).toMatchObject({ out: { frames: 301 } });
    });

    test("crosses only its own samples of a shared buffer", async () => {
      const shared = new Int16Array(1_000_000);
      const { sink, run } = started("pass", [{ ...audio(0), pcm: shared.subarray(16, 336) }]);
      await run.done;
      expect(sink.got).toMatchObject([{ pcm: { length: 320, buffer: { byteLength: 640 } } }]);
    });

    test("has its context: files, clock, counters, events, state, work outside, resources", async () => {
      const folder = scratchFolder();
      const once = async () => {
        const { sink, run, events } = started("world", frames(7), alone(each), { labels: { folder } });
        const report = await run.done;
        expect(report.error).toBeUndefined();
        return { got: sink.got, report, events };
      };
      const { got, report, events } = await once();
      expect(got).toMatchObject([
        {
          topic: "world",
          value: { slept: 250, later: "answered", utterances: ["node-1", "node-2"], durable: "17", shared: 1 },
        },
      ]);
      expect(readFileSync(join(folder, "kept.txt"), "utf8")).toBe("07 frames");
      expect(report.artifacts).toMatchObject([{ partial: false, mediaType: "text/plain" }]);
      expect(report.nodes.find(({ node }) => node === "node")).toMatchObject({
        counters: { seen: 7 },
        usage: { requests: 2 },
        gated: 7 * 320,
      });
      expect(report.durationMs).toBe(250);
      expect(events.filter(({ type }) => type === "node")).toMatchObject([{ event: { type: "print", frames: 7 } }]);
      expect((await once()).got).toEqual(got); // the same seed, the same ids and numbers
    });

    test.each([
      ["exit", "PLUGIN_LOST", /with status 3/],
      ["stray", "PLUGIN_LOST", /alone: its/],
      ["throw", "NODE_FAILED", /a fault of the plugin/],
      ["function", "PLUGIN_ISOLATED", /a frame of kind data/],
      ...(each.way === "process" ? ([["crash", "PLUGIN_LOST", /by signal SIGSEGV/]] as const) : []),
    ] as const)("that does %s ends its runs with %s", async (what, code, message) => {
      const plugin = alone(each);
      const { run } = started(what, frames(100), plugin, { clock: new SystemClock() });
      const report = await run.done;
      expect(report.state).toBe("failed");
      expect(report.error).toMatchObject({ code, message: expect.stringMatching(message) });
      // the next one has all that the lost one had
      const next = started("pass", frames(10), plugin);
      expect(await next.run.done).toMatchObject({ state: "done" });
      expect(next.sink.got).toHaveLength(10);
    });

    test("that loops for ever is ended, and its runs with NODE_HUNG", async () => {
      const { run } = started("loop", frames(100), alone(each, { hangMs: 1500 }));
      expect((await run.done).error).toMatchObject({ code: "NODE_HUNG", message: expect.stringContaining("1500 ms") });
    });

    test("that takes more memory than it may is ended", async () => {
      const { run } = started("leak", frames(100), alone(each, { memoryBytes: 400 * 2 ** 20 }), {
        clock: new SystemClock(),
      });
      expect((await run.done).error).toMatchObject({
        code: "PLUGIN_LOST",
        message: expect.stringContaining("400 are its limit"),
      });
    });

    test("takes no other run down, while a dozen of them are under load", async () => {
      const bad = alone(each);
      const here = Array.from({ length: 6 }, () => runOf(inline(), frames(3000), {}, { queued: true }));
      const others = { ...unruly, name: "other" };
      const elsewhere = isolate(others, each.start, LIMITS);
      const there = Array.from({ length: 6 }, () => runOf(nodeOf(elsewhere, "pass"), frames(1000)));
      const lost = Array.from({ length: 3 }, () => runOf(nodeOf(bad, "wait"), frames(100)));
      const exits = runOf(nodeOf(bad, "exit"), frames(100));
      const start = ({ plan }: ReturnType<typeof runOf>) =>
        startPlan(plan, { clock: new SystemClock() }, home).run.done;
      const [good, ended] = await Promise.all([
        Promise.all([...here, ...there].map(start)),
        Promise.all([...lost, exits].map(start)),
      ]);
      expect(good.map(({ state }) => state)).toEqual(Array(12).fill("done"));
      expect(here.map(({ sink }) => sink.got.length)).toEqual(Array(6).fill(3000));
      expect(there.map(({ sink }) => sink.got.length)).toEqual(Array(6).fill(1000));
      expect(ended.map(({ error }) => error?.code)).toEqual(Array(4).fill("PLUGIN_LOST"));
    });

    test("is not sent more than its window while it does not take, and its source waits", async () => {
      const { sink, plan } = runOf(nodeOf(alone(each), "wait"), frames(5000));
      const { run } = startPlan(plan, {}, home);
      const report = run.done;
      let waiting = 0;
      while (waiting < 3) {
        await new Promise((resolve) => setImmediate(resolve));
        waiting = sink.got.length === 2 ? waiting + 1 : 0;
      }
      run.cancel("seen enough");
      const { nodes } = await report;
      // what it had taken, what was under way to it, and what one step may hold
      expect(nodes.find(({ node }) => node === "node")!.in.frames).toBeLessThanOrEqual(3 + 64 + 1);
    });

    test("tells what doctor asks", async () => {
      expect(await alone(each).engines![0]!.find()).toEqual({ found: true, note: String(each.way === "process") });
    });

    test("reaches the network through this process, by its rules", async () => {
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: (request, server) =>
          server.upgrade(request, { data: undefined }) ? undefined : new Response("hello to you", { status: 203 }),
        websocket: {
          message(socket, message) {
            if (message === "bye") socket.close(4001, "as asked");
            else socket.send(`you said ${message}`);
          },
        },
      });
      const { sink, run } = started("call", [text("one", 0), text("two", 320)], alone(each), {
        clock: new SystemClock(),
        labels: { host: `127.0.0.1:${server.port}` },
      });
      const report = await run.done;
      await server.stop(true);
      expect(report.error).toBeUndefined();
      expect(sink.got.map((frame) => frame.kind === "data" && [frame.topic, frame.value])).toEqual([
        ["fetched", { status: 203, text: "hello to you" }],
        ["heard", "you said one"],
        ["heard", "you said two"],
        ["over", { by: "peer", code: 4001 }],
      ]);
    });

    test("leaves no temporary folder behind when it exits", async () => {
      const { sink, run } = started("scratch", frames(3));
      expect(await run.done).toMatchObject({ error: { code: "PLUGIN_LOST" } });
      const [told] = sink.got;
      const folder = told?.kind === "data" && typeof told.value === "string" ? told.value : "";
      expect(folder).toContain("parlando-run-");
      expect(existsSync(folder)).toBe(false);
    });
  });
