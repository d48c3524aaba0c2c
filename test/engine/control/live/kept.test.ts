import { describe, expect, test } from "bun:test";
import type { SpeechMark, TextFrame } from "#engine/frames";
import type { NodeAccount } from "#engine/runtime";
import { planWorkflow } from "#engine/workflow";
import { types } from "#test/control";
import { text } from "#test/doubles";
import { ECHOED, NUMBERS, RATE_HZ } from "#test/spoken-numbers";
import { Kept } from "../../../../engine/control/live/kept.ts";
import { type Lane, lanesOf } from "../../../../engine/control/live/lanes.ts";

const lint = async (workflow: string) => {
  const { plan, findings } = await planWorkflow(
    { text: workflow, name: "test.yaml", dir: "/" },
    { types, purpose: "lint", environment: {}, secret: () => undefined, cwd: "/" },
  );
  if (!plan) throw new Error(findings.map((finding) => finding.message).join("\n"));
  return plan;
};

const words = { output: "words", node: "asr", role: "transcript", marks: false } as const;
const echoes = { output: "echoes", node: "echo", role: "translation", marks: false } as const;

const lane = (more: Partial<Lane> = {}): Lane => ({
  gate: "vad",
  sampleRateHz: 1000,
  marks: { node: "vad", port: "speech" },
  consumer: "asr",
  terminals: [words],
  leaking: [],
  ...more,
});

/** Samples are milliseconds here. */
const mark = (kind: "start" | "end", utterance: string, atSample: number): SpeechMark => ({
  kind: "speech",
  mark: kind,
  utterance,
  atSample,
  sampleRateHz: 1000,
});

const final = (utterance: string, startSample: number, endSample: number, more: Partial<TextFrame> = {}): TextFrame =>
  text("word", startSample, { utterance, endSample, sampleRateHz: 1000, ...more });

/** An account of the gate that has judged so much; the recogniser has taken `taken`. */
const accounts = (judged: number, taken = judged) => {
  const account = (node: string, samples: number): NodeAccount => ({
    node,
    type: "double",
    in: { frames: 0, samples },
    out: { frames: 0, samples: Math.floor(samples / 2) },
    passes: "samples",
    gated: Math.ceil(samples / 2),
    held: 0,
    counters: {},
    usage: {},
  });
  return { nodes: [account("vad", judged), account("asr", taken)], edges: () => [] };
};

class Case {
  nowMs = 0;
  readonly kept: Kept;

  constructor(lanes: readonly Lane[] = [lane()], startMs = 0) {
    this.kept = new Kept(lanes, startMs, () => this.nowMs);
  }

  mark(kind: "start" | "end", utterance: string, at: number): this {
    this.kept.mark("vad", mark(kind, utterance, at));
    return this;
  }

  final(frame: TextFrame, output = "words", node = "asr"): this {
    this.kept.text(output, node, frame);
    return this;
  }

  at(judged: number, receivedMs = 100_000): number {
    return this.kept.positionMs(receivedMs, accounts(judged));
  }
}

describe("what is kept", () => {
  test("goes with silence, as far as it was judged and received", () => {
    const silent = new Case();
    expect(silent.at(0)).toBe(0);
    expect(silent.at(5000)).toBe(5000);
    expect(silent.at(5000, 3000)).toBe(3000);
    expect(new Case([lane()], 2000).at(500)).toBe(2500);
  });

  test("stays before an utterance until its final is there, and before each of several", () => {
    const one = new Case().mark("start", "u1", 1000);
    expect(one.at(1500)).toBe(1000);
    one.mark("end", "u1", 2000).mark("start", "u2", 2500);
    expect(one.at(3000)).toBe(1000);
    one.final(final("u1", 1000, 1900));
    expect(one.at(3000)).toBe(2500);
    one.mark("end", "u2", 3500).final(final("u2", 2500, 3400));
    expect(one.at(4000)).toBe(4000);
  });

  test("takes a later final as the end of all before it", () => {
    const skipped = new Case()
      .mark("start", "u1", 1000)
      .mark("end", "u1", 2000)
      .mark("start", "u2", 2500)
      .mark("end", "u2", 3500);
    expect(skipped.final(final("u2", 2500, 3400)).at(4000)).toBe(4000);
  });

  test("waits for every output that owes something, and only for those", () => {
    const two = new Case([lane({ terminals: [words, echoes] })]).mark("start", "u1", 1000).mark("end", "u1", 2000);
    two.final(final("u1", 1000, 1900));
    expect(two.at(4000)).toBe(1000);
    two.final(final("u1", 1000, 1900), "echoes", "echo"); // a transcript where a translation is owed
    expect(two.at(4000)).toBe(1000);
    two.final(final("u1", 1000, 1900, { role: "translation" }), "echoes", "echo");
    expect(two.at(4000)).toBe(4000);
  });

  test("follows the finals of a recogniser that cuts an utterance in its own way", () => {
    const cut = new Case().mark("start", "u1", 1000).final(final("own-1", 1000, 1700));
    expect(cut.at(3000)).toBe(1700);
    cut.mark("end", "u1", 2500);
    expect(cut.at(3000)).toBe(1700);
    expect(cut.final(final("own-2", 1700, 2500)).at(3000)).toBe(3000);
  });

  test("takes a partial as a sign of life, and long quiet for no words", () => {
    const quiet = new Case().mark("start", "u1", 1000).mark("end", "u1", 2000);
    quiet.nowMs = 29_000;
    quiet.final(final("u1", 1000, 2000, { final: false }));
    quiet.nowMs = 58_000;
    expect(quiet.at(60_000)).toBe(1000);
    quiet.nowMs = 59_001;
    expect(quiet.at(60_000)).toBe(60_000);
  });

  test("passes an utterance that its recogniser found no words in", () => {
    const empty = new Case().mark("start", "u1", 1000).mark("end", "u1", 2000);
    empty.kept.empty("other", "u1");
    expect(empty.at(3000)).toBe(1000);
    empty.kept.empty("asr", "u1");
    expect(empty.at(3000)).toBe(3000);
  });

  test("without a detector is what finals cover, but never more than a minute behind what was taken", () => {
    const plain = new Case([{ gate: "asr", sampleRateHz: 1000, consumer: "asr", terminals: [words], leaking: [] }]);
    expect(plain.at(50_000)).toBe(0);
    expect(plain.final(final("own-1", 0, 30_000)).at(50_000)).toBe(30_000);
    expect(plain.at(95_000)).toBe(35_000);
  });

  test("counts audio that was dropped on the way as judged", () => {
    const leaking = new Case([lane({ leaking: ["talk -> vad"] })]);
    const tally = { frames: 0, samples: 0 };
    const edge = {
      edge: "talk -> vad",
      in: tally,
      out: tally,
      dropped: { full: { frames: 1, samples: 700 } },
      coalesced: tally,
      inFlight: tally,
    };
    expect(leaking.kept.positionMs(100_000, { ...accounts(1000), edges: () => [edge] })).toBe(1700);
  });

  test("is the least of all ways that the audio takes", () => {
    const ways = new Case([lane(), lane({ terminals: [], gate: "asr", consumer: "asr" })]).mark("start", "u1", 1000);
    expect(ways.at(5000)).toBe(1000);
  });
});

describe("the ways of an input through a plan", () => {
  test("end at the recogniser; its final output owes, its partials do not", async () => {
    const [only, ...others] = lanesOf(await lint(NUMBERS), "talk");
    expect(others).toEqual([]);
    expect(only).toEqual({
      gate: "vad",
      sampleRateHz: RATE_HZ,
      marks: { node: "vad", port: "speech" },
      consumer: "asr",
      terminals: [words],
      leaking: [],
    });
  });

  test("lead on to all that is made from it", async () => {
    const [only] = lanesOf(await lint(ECHOED), "talk");
    expect(only?.terminals).toEqual([words, echoes]);
  });

  test("owe marks where an output gives them, and nothing where a file is all", async () => {
    const marks = lanesOf(await lint(NUMBERS.replace("outputs: {", "outputs: { marks: vad,")), "talk");
    expect(marks.some((each) => each.terminals.some((terminal) => terminal.marks && terminal.output === "marks"))).toBe(
      true,
    );
    const file =
      "parlando: 1\nname: f\ninputs: { talk: { kind: audio } }\nnodes: { file: { use: core.wav, from: inputs.talk, with: { path: x.wav } } }\n";
    expect(lanesOf(await lint(file), "talk")).toMatchObject([{ consumer: "file", terminals: [] }]);
    expect(lanesOf(await lint(NUMBERS), "none")).toEqual([]);
  });

  test("have the detector for their gate, whatever converts its audio for the recogniser", async () => {
    const converted = NUMBERS.replace(
      "asr: { use: numbers.asr, from: vad",
      "slow: { use: core.convert, from: vad, with: { sampleRateHz: 8000 } }\n  asr: { use: numbers.asr, from: slow",
    );
    expect(lanesOf(await lint(converted), "talk")).toMatchObject([
      { gate: "vad", sampleRateHz: RATE_HZ, consumer: "asr" },
    ]);
  });

  test("say where audio may be dropped before the detector", async () => {
    const leaky = NUMBERS.replace(
      "from: inputs.talk }",
      "from: { from: inputs.talk, buffer: { ms: 500, whenFull: dropOldest } } }",
    );
    expect(lanesOf(await lint(leaky), "talk")[0]?.leaking).toHaveLength(1);
  });
});
