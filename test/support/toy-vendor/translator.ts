import { z } from "zod";
import { defineNode } from "#engine/plugin";
import { VOCABULARY } from "./ears.ts";

const INTO = ["uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"];

/** Word for word, from made-up English into made-up Spanish. */
export const translated = (text: string): string =>
  text.replace(/\w+/g, (word) => INTO[VOCABULARY.indexOf(word)] ?? word);

/** Translates what `toy.ears` heard, every revision of it. */
export const translator = defineNode({
  type: "toy.translator",
  summary: "Translates made-up speech.",
  role: "translate",
  inputs: { text: { kinds: ["text"] } },
  outputs: { text: { kinds: ["text"], textRole: "translation", language: "es", default: true } },
  config: z.strictObject({}),
  create: () => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text") return;
      const { words: _timesOfOtherWords, ...rest } = frame;
      const text = translated(frame.text);
      emit({ ...rest, role: "translation", language: "es", text, stableChars: frame.final ? text.length : 0 });
    },
  }),
});
