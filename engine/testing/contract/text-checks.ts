import assert from "node:assert/strict";
import { endSample, type Frame, type SpeechMark, samplesToMs, type TextFrame } from "#engine/plugin";
import { audioOf } from "./audio-checks.ts";
import { checksOf, framesOf, nodeContract } from "./node-checks.ts";
import { type Check, type MakeSubject, probe, type Subject } from "./probe.ts";

const textsOf = (frames: readonly Frame[]): TextFrame[] =>
  frames.flatMap((frame) => (frame.kind === "text" ? [frame] : []));
const finalsOf = (frames: readonly Frame[]): TextFrame[] => textsOf(frames).filter((frame) => frame.final);
const marksOf = (frames: readonly Frame[]): SpeechMark[] =>
  frames.flatMap((frame) => (frame.kind === "speech" ? [frame] : []));

/** What a recogniser promises. Its subject's input has speech that it recognises in at least one utterance. */
export const recogniserContract = (name: string, make: MakeSubject): Check[] => [
  ...nodeContract(name, make),
  ...checksOf(name, make, {
    "hears something": async (subject) => {
      assert.ok(
        finalsOf((await probe(subject)).frames()).some(({ text }) => text !== ""),
        "no final has words in it",
      );
    },
    "revises in order: rising revisions, stable beginnings, then one final": async (subject) => {
      for (const texts of byUtterance((await probe(subject)).frames())) checkRevisions(texts);
    },
    "gives finals in the order of their utterances, at times in them": checkTimes,
  }),
];

/** What a translator promises. Its subject's input has texts with words. */
export const translatorContract = (name: string, make: MakeSubject): Check[] => [
  ...nodeContract(name, make),
  ...checksOf(name, make, {
    "answers every final once, in order": async (subject) => {
      const answers = finalsOf((await probe(subject)).frames());
      const ids = (texts: TextFrame[]) => texts.map(({ utterance }) => utterance);
      assert.deepEqual(ids(answers), ids(finalsOf(framesOf(subject))));
    },
    "keeps utterance and times, and says what it translated": async (subject) => {
      for (const answer of textsOf((await probe(subject)).frames())) checkMadeFrom(answer, textsOf(framesOf(subject)));
    },
    "revises in order: rising revisions, stable beginnings, then one final": async (subject) => {
      for (const texts of byUtterance((await probe(subject)).frames())) checkRevisions(texts);
    },
    "bears a text without words": async (subject) => {
      await probe(subject, { frames: wordless(subject) });
    },
  }),
];

/** What a synthesiser promises. Its subject's input has texts with words. */
export const synthesiserContract = (name: string, make: MakeSubject): Check[] => [
  ...nodeContract(name, make),
  ...checksOf(name, make, {
    "speaks every text, in order, each frame with its utterance": async (subject) => {
      const spoken = audioOf((await probe(subject)).frames()).map((frame) => frame.utterance);
      const order = spoken.filter((utterance, i) => utterance !== spoken[i - 1]);
      assert.deepEqual(
        order,
        finalsOf(framesOf(subject)).map((frame) => frame.utterance),
      );
    },
    "gives audio without a gap from sample 0 on": async (subject) => {
      let end = 0;
      for (const frame of audioOf((await probe(subject)).frames())) {
        assert.equal(frame.startSample, end, "the position of a frame");
        end = endSample(frame);
      }
    },
    "bears a text without words": async (subject) => {
      await probe(subject, { frames: wordless(subject) });
    },
  }),
];

/** The first final of a subject again, as empty and as a blank. */
const wordless = (subject: Subject): TextFrame[] =>
  finalsOf(framesOf(subject))
    .slice(0, 1)
    .flatMap((frame) =>
      ["", " "].map((text, i) => ({ ...frame, utterance: `${frame.utterance}-${i}`, text, stableChars: text.length })),
    );

function byUtterance(frames: readonly Frame[]): TextFrame[][] {
  const groups = new Map<string, TextFrame[]>();
  for (const frame of textsOf(frames)) {
    const key = `${frame.role} ${frame.language} ${frame.utterance}`;
    groups.set(key, [...(groups.get(key) ?? []), frame]);
  }
  return [...groups.values()];
}

/** @param texts of one utterance, in the order they came. */
function checkRevisions(texts: readonly TextFrame[]): void {
  for (const [i, text] of texts.entries()) {
    const before = texts[i - 1];
    const where = `revision ${text.revision} of utterance ${text.utterance}`;
    if (!before) assert.ok(text.revision >= 1, `${where}: revisions count from 1`);
    else {
      assert.equal(before.final, false, `${where} comes after the final`);
      assert.ok(text.revision > before.revision, `${where} comes after revision ${before.revision}`);
      const stable = before.text.slice(0, before.stableChars);
      assert.ok(text.text.startsWith(stable), `${where} changes what was stable`);
    }
    assert.ok(text.stableChars <= text.text.length, `${where}: more stable than there is`);
    if (text.final) assert.equal(text.stableChars, text.text.length, `${where}: a final is stable as a whole`);
  }
  const last = texts.at(-1);
  assert.ok(last?.final || last?.text === "", `utterance ${last?.utterance}: a partial stands, and no final came`);
}

async function checkTimes(subject: Subject): Promise<void> {
  const finals = finalsOf((await probe(subject)).frames());
  const marks = marksOf(framesOf(subject));
  const ends = new Map<string, number>(); // an interpreter gives finals in several roles and languages
  for (const final of finals) {
    const line = `${final.role} ${final.language ?? ""}`;
    const ms = (sample: number) => samplesToMs(sample, final.sampleRateHz);
    const where = `utterance ${final.utterance}`;
    assert.ok(final.startSample <= final.endSample, `${where} ends before it begins`);
    assert.ok(ms(final.startSample) >= (ends.get(line) ?? 0), `${where} begins before the end of the one before it`);
    let wordMs = ms(final.startSample);
    for (const word of final.words ?? []) {
      assert.ok(ms(word.startSample) >= wordMs && word.startSample <= word.endSample, `${where}: a word out of order`);
      wordMs = ms(word.endSample);
    }
    assert.ok(wordMs <= ms(final.endSample), `${where}: a word after its end`);
    const endMs = ms(final.endSample);
    ends.set(line, endMs);
    for (const mark of marks.filter(({ utterance }) => utterance === final.utterance)) {
      const atMs = samplesToMs(mark.atSample, mark.sampleRateHz);
      if (mark.mark === "start") assert.ok(ms(final.startSample) >= atMs, `${where} begins before its opening mark`);
      else assert.ok(endMs <= atMs, `${where} ends after its closing mark`);
    }
  }
}

function checkMadeFrom(answer: TextFrame, texts: readonly TextFrame[]): void {
  const where = `the translation of utterance ${answer.utterance}`;
  const of = texts.filter(({ utterance, final }) => utterance === answer.utterance && final === answer.final);
  const source = of.find(({ text }) => text === answer.madeFrom?.text);
  assert.ok(source, `${where} says that it was made from a text that did not come`);
  const times = ({ startSample, endSample, sampleRateHz }: TextFrame) => ({ startSample, endSample, sampleRateHz });
  assert.deepEqual(times(answer), times(source), `the times of ${where}`);
}
