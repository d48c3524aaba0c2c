import { describe, expect, test } from "bun:test";
import { EngineError, ServedRun, type TextFrame } from "#engine/plugin";
import { FakeHost, KEY } from "./fake-host.ts";

const text = (words: string): TextFrame => ({
  kind: "text",
  role: "transcript",
  text: words,
  utterance: "u1",
  revision: 1,
  final: true,
  stableChars: words.length,
  startSample: 0,
  endSample: 0,
  sampleRateHz: 16_000,
});

/** A served run, and what its listener was told. */
function serve(host: FakeHost) {
  const told: string[] = [];
  const run = new ServedRun(
    host,
    { key: KEY, input: { kind: "text" }, labels: { task: "7" } },
    {
      ready: () => told.push("ready"),
      output: (frame) => told.push(frame.kind === "text" ? frame.text : frame.kind),
      completed: () => told.push("completed"),
      failed: (error) => told.push(`failed: ${error?.code}`),
    },
  );
  return { run, told };
}

describe("the run behind a client's stream", () => {
  test("starts, takes frames, gives what the workflow says, and completes once", async () => {
    const host = new FakeHost();
    const { run, told } = serve(host);
    expect([run.isStarting, run.isStarted, run.isOver, run.end()]).toEqual([true, false, false, false]);
    await run.settled;
    expect([run.isStarting, run.isStarted, told]).toEqual([false, true, ["ready"]]);
    const [behind] = host.runs;
    expect(behind?.request).toMatchObject({ key: KEY, labels: { task: "7" } });
    await run.push(text("in"));
    run.flush();
    behind?.give(text("out"));
    expect([run.end(), run.end()]).toEqual([true, false]);
    behind?.ends({ state: "done" });
    await run.gone();
    expect(told).toEqual(["ready", "out", "completed"]);
    expect([behind?.pushed.length, behind?.asked, run.isOver]).toEqual([1, ["flush", "end"], true]);
  });

  test("that cannot be started tells why", async () => {
    const host = new FakeHost();
    host.refusal = new EngineError("QUOTA_EXCEEDED", "too many");
    const { run, told } = serve(host);
    await run.settled;
    await run.gone();
    expect([told, run.isOver]).toEqual([["failed: QUOTA_EXCEEDED"], true]);
  });

  test("that fails tells of it, and nothing comes of it after", async () => {
    const host = new FakeHost();
    const { run, told } = serve(host);
    await run.settled;
    const [behind] = host.runs;
    behind?.ends({ state: "failed", error: new EngineError("ENGINE_FAILED", "broken") });
    await run.gone();
    behind?.give(text("late"));
    expect(told).toEqual(["ready", "failed: ENGINE_FAILED"]);
  });

  test.each([{ when: "while it starts" }, { when: "while it runs" }])(
    "of a client that goes $when is cancelled, and the listener is told nothing more",
    async ({ when }) => {
      const host = new FakeHost();
      const { run, told } = serve(host);
      if (when === "while it runs") await run.settled;
      run.leave();
      run.leave();
      await run.gone();
      host.runs[0]?.give(text("late"));
      expect(host.runs[0]?.asked).toEqual(["cancel: the client has gone"]);
      expect(told).toEqual(when === "while it runs" ? ["ready"] : []);
    },
  );
});
