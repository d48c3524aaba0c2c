import { describeCode, knownCodes } from "#engine/workflow";

/** Each code of findings: what it means, where it is found, what mends it. */
export const findingPages = (): string =>
  knownCodes()
    .flatMap((code) => {
      const found = describeCode(code)?.finding;
      if (!found) return [];
      const { meaning, example, mend } = found;
      return [[`### ${code}`, meaning, ...exampleOf(example), `To mend it: ${mend}`].join("\n\n")];
    })
    .join("\n\n");

/** What is no text of a workflow is a sentence. `yml` blocks are not taken for sound workflows by the tests of pages. */
const exampleOf = (example: string | undefined): string[] => {
  if (example === undefined) return [];
  return example.startsWith("# ") ? [`For example: ${example.slice(2)}`] : [`\`\`\`yml\n${example.trimEnd()}\n\`\`\``];
};

/** Each code of errors; one that is a finding too has a heading of its own there. */
export const errorPages = (): string =>
  knownCodes()
    .flatMap((code) => {
      const page = describeCode(code);
      if (!page?.error) return [];
      const { meaning = "", example, mend } = page.error;
      const heading = page.finding ? `### ${code} as an error` : `### ${code}`;
      const shown = example === undefined ? [] : [`\`\`\`text\n${code} ${example}\n\`\`\``];
      return [[heading, meaning, ...shown, ...(mend === undefined ? [] : [`To mend it: ${mend}`])].join("\n\n")];
    })
    .join("\n\n");
