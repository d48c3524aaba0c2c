import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import {
  type Generation,
  type Labels,
  VAD_V2_DEFAULTS,
  VadV2,
  type VadV2Config,
} from "../../../../plugins/agora/vad/vad-v2.ts";

/** A frame that either generation takes for speech, and one that neither does. */
const ACTIVE = { A: { rms: -20, voiceProb: 90 }, B: { rms: 100, voiceProb: 1 } } as const;
const INACTIVE = { A: { rms: -90, voiceProb: 0 }, B: { rms: 0, voiceProb: 0 } } as const;
const labels = (facts: Partial<Labels>): Labels => ({
  farField: 1,
  rms: 0,
  voiceProb: 0,
  musicProb: 0,
  pitch: 0,
  ...facts,
});

/** `46+ 20-`: frames of speech and of silence. */
const pattern = (text: string): boolean[] =>
  text.split(" ").flatMap((run) => Array<boolean>(Number.parseInt(run, 10)).fill(run.endsWith("+")));

/** Every change of the state: frame, state and how many frames were returned. */
function edges(generation: Generation, frames: readonly Labels[], config: Partial<VadV2Config> = {}): string[] {
  const vad = new VadV2<number>(generation, { ...VAD_V2_DEFAULTS, ...config });
  const seen: string[] = [];
  let before = 0;
  frames.forEach((frame, index) => {
    const { state, items } = vad.process(index, frame);
    if (state !== before) seen.push(`${index}→${state} (${items.length})`);
    before = state;
  });
  return seen;
}

const said = (generation: Generation, text: string): Labels[] =>
  pattern(text).map((active) => labels((active ? ACTIVE : INACTIVE)[generation]));

describe("VAD V2 against the vendor's own code", () => {
  const SAME = { opened: ["45→1 (46)", "46→2 (1)"] };
  test.each([
    { frames: "120+", A: SAME.opened, B: SAME.opened },
    {
      frames: "100- 60+ 200-",
      A: ["119→1 (46)", "120→2 (1)", "184→3 (1)", "185→0 (0)"],
      B: ["129→1 (46)", "130→2 (1)", "209→3 (1)", "210→0 (0)"],
    },
    { frames: "46- 20+ 60-", A: ["65→1 (46)", "66→2 (1)", "115→3 (1)", "116→0 (0)"], B: [] },
    {
      frames: "46+ 25- 25+ 25- 25+ 25- 25+ 25- 25+",
      A: [...SAME.opened, "120→3 (1)", "121→0 (0)", "190→1 (46)", "191→2 (1)", "240→3 (1)", "241→0 (0)"],
      B: SAME.opened,
    },
    {
      frames: "46+ 50- 120+",
      A: [...SAME.opened, "95→3 (1)", "96→0 (0)", "141→1 (46)", "142→2 (1)"],
      B: [...SAME.opened, "95→3 (1)", "96→0 (0)", "141→1 (46)", "142→2 (1)"],
    },
  ])("$frames", ({ frames, A, B }) => {
    covers("G1");
    expect(edges("A", said("A", frames))).toEqual([...A]);
    expect(edges("B", said("B", frames))).toEqual([...B]);
  });
});

test("what is returned is the whole window, then frame by frame; what fell out of the window is named", () => {
  covers("G1");
  const vad = new VadV2<number>("A", VAD_V2_DEFAULTS);
  const verdicts = said("A", "50- 60+ 60-").map((frame, index) => vad.process(index, frame));
  const at = verdicts.findIndex(({ state }) => state === 1);
  expect(verdicts[at]!.items).toEqual(Array.from({ length: 46 }, (_, i) => at - 45 + i));
  const dropped = verdicts.flatMap((verdict) => (verdict.dropped === undefined ? [] : [verdict.dropped]));
  expect(dropped).toEqual(Array.from({ length: at - 45 }, (_, i) => i));
  for (const [index, { state, items }] of verdicts.entries())
    expect(items).toEqual(state === 0 ? [] : state === 1 ? expect.anything() : [index]);
});

describe("a frame of generation A is active", () => {
  const opens = (facts: Partial<Labels>, config?: Partial<VadV2Config>) =>
    edges("A", Array<Labels>(46).fill(labels({ ...ACTIVE.A, ...facts })), config).length > 0;
  test.each([
    { name: "when near, voiced and loud", facts: {}, active: true },
    { name: "not when far", facts: { farField: 0 }, active: false },
    { name: "not at the voice gate itself", facts: { voiceProb: 70 }, active: false },
    { name: "just above it", facts: { voiceProb: 71 }, active: true },
    { name: "not at the level gate itself", facts: { rms: -50 }, active: false },
    { name: "just above it", facts: { rms: -49 }, active: true },
  ])("$name", ({ facts, active }) => {
    expect(opens(facts)).toBe(active);
  });

  test("with a gate of its own inside speech, taken when the frame comes", () => {
    const quieter = labels({ ...ACTIVE.A, voiceProb: 60 });
    const frames = [...said("A", "46+"), ...Array<Labels>(100).fill(quieter)];
    expect(edges("A", frames, { stopVoiceProb: 50 })).toEqual(["45→1 (46)", "46→2 (1)"]);
    expect(edges("A", frames, { stopVoiceProb: 70 })).toContain("95→3 (1)");
  });
});

describe("a frame of generation B is active", () => {
  const run = (rms: number, frames = 46) => Array<Labels>(frames).fill(labels({ rms }));

  test("when it is voiced, or louder than the threshold", () => {
    expect(edges("B", run(77))).toEqual([]);
    expect(edges("B", run(78))).toEqual(["45→1 (46)"]);
    expect(edges("B", Array<Labels>(46).fill(labels({ voiceProb: 1 })))).toEqual(["45→1 (46)"]);
  });

  test("against two thirds of the level of the last utterance, once there was one", () => {
    const loud = [...run(120), ...run(0, 60)];
    // int(120 × 0.67) = 80
    expect(edges("B", [...loud, ...run(80, 60)]).at(-1)).toBe("96→0 (0)");
    expect(edges("B", [...loud, ...run(81, 60)]).at(-2)).toMatch(/→1 \(46\)$/);
    expect(edges("B", [...loud, ...run(80, 60)], { adaptiveRms: false }).at(-2)).toMatch(/→1 \(46\)$/);
  });
});

test("detectors that share one configuration do not change it for each other", () => {
  const config = Object.freeze({ ...VAD_V2_DEFAULTS });
  const heard = Array.from({ length: 3 }, () => {
    const vad = new VadV2<number>("B", config);
    return Array.from({ length: 46 }, (_, index) => vad.process(index, labels({ rms: 100 })).state).at(-1);
  });
  expect(heard).toEqual([1, 1, 1]);
});

test("without a pre-roll the window is all there is", () => {
  expect(edges("A", said("A", "30+"), { preStartRecognizeCount: 0 })).toEqual(["29→1 (30)"]);
});
