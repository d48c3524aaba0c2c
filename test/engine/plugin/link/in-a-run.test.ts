import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { spoken } from "#test/toy-vendor/ears";
import { runToy } from "#test/toy-vendor/run";
import { finals, openToy, SENTENCES } from "#test/toy-vendor/service";

const workflow = (more = "", asr = "from: inputs.talk") => `
parlando: 1
name: live
inputs: { talk: { kind: audio } }
nodes:
  marks:
    use: toy.marks
    from: inputs.talk
  asr:
    use: toy.asr
    ${asr}
    with: { token: "\${secret:toy}" }
${more}
outputs: { texts: [asr.final], marks: marks }
`;

describe("in a live run", () => {
  test.each([0, 500, 3000])("a handshake of %i ms loses no sample, and the accounts say so", async (delay) => {
    const toy = await openToy({ faults: [{ on: "handshake", do: { delay } }] });
    const { report, outputs } = await runToy(toy, workflow(), spoken(SENTENCES));
    await toy.close();
    expect(report).toMatchObject({ state: "done", imbalances: [] });
    expect(finals(outputs)).toEqual(SENTENCES);
    expect(report.edges.flatMap(({ dropped }) => Object.entries(dropped))).toEqual([]);
    const asr = report.nodes.find(({ node }) => node === "asr");
    expect([asr?.held, asr?.usage.audioSeconds?.toFixed(2)]).toEqual([0, "3.40"]);
  });

  test("what is held while the vendor is not ready stands in the accounts", async () => {
    covers("S4", "S29");
    const toy = await openToy({ faults: [{ on: "handshake", do: { hang: true } }] });
    const { report } = await runToy(toy, workflow(), spoken(SENTENCES));
    await toy.close();
    const asr = report.nodes.find(({ node }) => node === "asr");
    expect(report).toMatchObject({ state: "failed", imbalances: [] });
    expect(asr?.held).toBeGreaterThan(0);
    expect(toy.network.sockets).toBe(0);
  });

  test("a network that nobody allowed is refused with a code that names the node", async () => {
    const toy = await openToy();
    const guard = () => {
      throw new Error("not there");
    };
    const { report } = await runToy(toy, workflow(), spoken(SENTENCES), { guard });
    await toy.close();
    expect(report.state).toBe("failed");
    expect(toy.emulator.doors.calls).toBe(0);
  });

  test("a gate keeps the words and lets the billed seconds fall", async () => {
    const pauses = [...spoken(SENTENCES), ...quiet(10_000, 3400), ...spoken(["six seven"]).map(moved(13_400))];
    const heard = async (asr: string) => {
      const toy = await openToy();
      const { report, outputs } = await runToy(toy, workflow("", asr), pauses);
      await toy.close();
      expect(report).toMatchObject({ state: "done", imbalances: [] });
      const node = report.nodes.find((each) => each.node === "asr");
      return {
        words: finals(outputs),
        seconds: node?.usage.audioSeconds ?? 0,
        sessions: node?.usage.requests,
        gated: node?.gated,
        metrics: Object.fromEntries(
          toy.household.usage.lines().flatMap(({ type, unit, amount }) => (type === "toy.asr" ? [[unit, amount]] : [])),
        ),
      };
    };
    const plain = await heard("from: inputs.talk");
    const closing = await heard("from: inputs.talk\n    in: { speech: marks }\n    gate: { mode: close }");
    const holding = await heard("from: inputs.talk\n    in: { speech: marks }\n    gate: { mode: hold, hangMs: 400 }");
    expect(plain.words).toEqual([...SENTENCES, "six seven"]);
    expect(closing.words).toEqual(plain.words);
    expect(holding.words).toEqual(plain.words);
    expect([plain.sessions, closing.sessions, holding.sessions]).toEqual([1, 2, 1]);
    expect(plain.seconds).toBeGreaterThan(14);
    expect(closing.seconds).toBeLessThan(6);
    expect(holding.seconds).toBeLessThan(6);
    expect(closing.gated).toBeGreaterThan(8 * 16_000);
    for (const { seconds, gated, metrics } of [plain, closing, holding]) {
      expect(metrics.audioSeconds).toBeCloseTo(seconds, 6);
      expect(metrics.gatedSamples ?? 0).toBe(gated ?? 0);
    }
  });
});

const quiet = (ms: number, fromMs: number) =>
  Array.from({ length: ms / 20 }, (_, i) => ({
    kind: "audio" as const,
    pcm: new Int16Array(320),
    sampleRateHz: 16_000,
    channels: 1,
    startSample: fromMs * 16 + i * 320,
  }));

const moved =
  (byMs: number) =>
  <T extends { readonly startSample: number }>(frame: T): T => ({
    ...frame,
    startSample: frame.startSample + byMs * 16,
  });
