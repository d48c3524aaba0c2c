import { defineNode, type NodeDefinition, type TextFrame } from "#engine/plugin";
import { translatorContract } from "#engine/testing";
import { said } from "./frames.ts";
import { config, type Faults, faultyOf, type Inline, type Judged } from "./judged.ts";
import { REVISES } from "./recognisers.ts";

const answering =
  (answer: (frame: TextFrame) => readonly TextFrame[], wordless = true): Inline =>
  () => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text") return;
      if (!wordless && frame.text.trim() === "") throw new Error("nothing to translate");
      for (const out of answer({ ...frame, role: "translation", language: "en", madeFrom: { text: frame.text } }))
        emit(out);
    },
  });
const translator = (create: Inline): NodeDefinition =>
  defineNode({
    type: "double.translate",
    summary: "Says the same.",
    role: "translate",
    inputs: { text: { kinds: ["text"] } },
    outputs: { text: { kinds: ["text"], textRole: "translation", language: "en" } },
    config,
    create: (_, ctx) => create(ctx),
  });
const KEEPS = "keeps utterance and times, and says what it translated";
const translatorFaults: Faults<Inline> = {
  "drops a text": [answering((f) => (f.utterance === "b" ? [] : [f])), "answers every final once, in order"],
  "says a final twice": [
    answering((f) => (f.final ? [f, { ...f, revision: f.revision + 1 }] : [f])),
    "answers every final once, in order",
  ],
  "names another utterance": [answering((f) => [{ ...f, utterance: "z" }]), KEEPS],
  "moves the times": [answering((f) => [{ ...f, endSample: f.endSample + 1 }]), KEEPS],
  "does not say what it translated": [answering(({ madeFrom: _, ...f }) => [f]), KEEPS],
  "counts revisions down": [answering((f) => [{ ...f, revision: 10 - f.revision }]), REVISES],
  "breaks at a text without words": [answering((f) => [f], false), "bears a text without words"],
  "answers as a transcript": [
    answering((f) => [{ ...f, role: "transcript" }]),
    "gives on each output what it declares",
  ],
  "answers in another language": [
    answering((f) => [{ ...f, language: "fr" }]),
    "gives on each output what it declares",
  ],
};

const judge = (create: Inline) => translatorContract("it", () => ({ definition: translator(create), frames: said() }));

export const translators: Judged = {
  name: "translator",
  good: judge(answering((f) => [f])),
  faulty: faultyOf("a translator", translatorFaults, judge),
};
