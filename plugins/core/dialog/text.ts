import { z } from "zod";
import { defineNode, type TextFrame } from "#engine/plugin";
import { issueOf } from "./issue.ts";
import { REDACTED, redact } from "./redact.ts";
import { compileRegex } from "./regex.ts";
import { spokenWords } from "./words.ts";

const replacement = z
  .strictObject({
    words: z.string().min(1).max(500).optional().describe("Words in a row; capitals and punctuation do not count."),
    pattern: z.string().min(1).optional().describe("Or a regular expression of RE2."),
    with: z.string().max(5000).describe("What stands there instead; of a pattern also $1 or $0."),
  })
  .superRefine(({ words, pattern }, issues) => {
    const add = (path: string[], message: string) => issues.addIssue({ code: "custom", path, message });
    if ((words === undefined) === (pattern === undefined)) add([], "either words or a pattern was wanted");
    if (words !== undefined && spokenWords(words).length === 0) add(["words"], "nothing that can be said");
    if (pattern !== undefined) issueOf(issues, ["pattern"], () => void compileRegex(pattern));
  });

const config = z.strictObject({
  replace: z.array(replacement).max(1000).default([]).describe("One after the other, each wherever it is found."),
  redact: z
    .array(z.enum(REDACTED))
    .default([])
    .describe(
      "What is taken out of texts: e-mail addresses, web addresses, card, account, telephone and other long numbers.",
    ),
  mark: z
    .string()
    .max(100)
    .default("[{kind}]")
    .describe("What stands in the place of what was taken out; {kind} is what it was."),
  speaker: z.string().min(1).max(200).optional().describe("Who speaks, where it is known: put into every text."),
  channel: z
    .number()
    .int()
    .min(0)
    .max(31)
    .optional()
    .describe("The channel of the recording that it is from, likewise."),
  partials: z
    .boolean()
    .default(false)
    .describe("Lets partials through, changed like finals. Half a number is no number yet, and would be seen."),
});

type Settings = z.output<typeof config>;
type Change = (text: string) => string;

/** Changes what texts say: other words, and nothing that is nobody's business. */
export const text = defineNode({
  type: "core.text",
  summary: "Replaces words in texts, takes out addresses, card numbers and the like, and says who spoke.",
  role: "filter",
  inputs: { text: { kinds: ["text"] } },
  outputs: ({ partials, speaker }) => ({
    text: {
      kinds: ["text"],
      carries: [...(partials ? ["partials" as const] : []), ...(speaker === undefined ? [] : ["speaker" as const])],
    },
  }),
  config,
  create(settings, ctx) {
    const change = changeOf(settings);
    const { speaker, channel } = settings;
    const stated =
      speaker === undefined && channel === undefined
        ? undefined
        : { ...(speaker !== undefined && { speaker }), ...(channel !== undefined && { channel }) };
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "text" || !(frame.final || settings.partials)) return;
        const changed = changedFrame(frame, change);
        if (changed !== frame) ctx.count("changed");
        emit(stated === undefined ? changed : { ...changed, ...stated });
      },
    };
  },
});

function changeOf({ replace, redact: kinds, mark }: Settings): Change {
  const changes: Change[] = replace.map(({ words, pattern, with: instead }) =>
    words !== undefined ? replaceWords(words, instead) : replacePattern(pattern ?? "", instead),
  );
  if (kinds.length > 0) changes.push((said) => redact(said, kinds, (kind) => mark.replaceAll("{kind}", kind)));
  return (said) => changes.reduce((left, each) => each(left), said);
}

/** The frame itself where it stays as it is. What else holds the words that were changed is left out. */
function changedFrame(frame: TextFrame, change: Change): TextFrame {
  const said = change(frame.text);
  const from = frame.madeFrom && { ...frame.madeFrom, text: change(frame.madeFrom.text) };
  if (said === frame.text && from?.text === frame.madeFrom?.text) return frame;
  const { words: _words, madeFrom: _madeFrom, ...facts } = frame;
  return { ...facts, text: said, stableChars: frame.final ? said.length : 0, ...(from && { madeFrom: from }) };
}

function replaceWords(phrase: string, instead: string): Change {
  const wanted = spokenWords(phrase).map(({ word }) => word);
  return (said) => {
    const words = spokenWords(said);
    let left = "";
    let taken = 0;
    for (let at = 0; at + wanted.length <= words.length; at++) {
      if (!wanted.every((word, next) => words[at + next]?.word === word)) continue;
      left += said.slice(taken, words[at]!.from) + instead;
      taken = words[at + wanted.length - 1]!.to;
      at += wanted.length - 1;
    }
    return left + said.slice(taken);
  };
}

function replacePattern(pattern: string, instead: string): Change {
  const regex = compileRegex(pattern);
  return (said) => regex.matcher(said).replaceAll(instead);
}
