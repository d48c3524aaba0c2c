import { VERSION } from "#engine/plugin";

/** Files by their path in the new folder. */
export type NewFiles = Readonly<Record<string, string>>;

export const PLUGIN_ROLES = ["filter", "asr", "translate"] as const;
export type PluginRole = (typeof PLUGIN_ROLES)[number];

/** A plugin with one node type that runs, its test, and what tells `parlando plugin test` how to try it. */
export const pluginFiles = (name: string, role: PluginRole): NewFiles => ({
  "package.json": `${JSON.stringify(
    {
      name: `parlando-${name}`,
      version: "0.1.0",
      type: "module",
      exports: "./index.ts",
      engines: { parlando: `^${VERSION}` },
    },
    undefined,
    2,
  )}\n`,
  "tsconfig.json": TSCONFIG,
  ".gitignore": "node_modules/\n",
  "index.ts": `import { definePlugin } from "parlando/plugin";
import { ${role} } from "./${role}.ts";

export default definePlugin({ name: "${name}", parlando: "^${VERSION}", nodes: [${role}] });
`,
  [`${role}.ts`]: NODES[role](name),
  "contract.ts": CONTRACTS[role](name),
  [`${role}.test.ts`]: TESTS[role](name),
  "README.md": `# ${name}

A plugin for Parlando: \`${name}.${role}\`. \`parlando.yaml\` of a folder makes it known to every command there:

    plugins: [./${name}]

- \`parlando nodes ${name}.${role}\` shows its ports and settings
- \`parlando plugin test ${name}\` says whether it keeps its promises
- \`bun test ${name}\` runs its own tests; \`parlando --bun test ${name}\` does so with the Bun of Parlando's launcher
`,
});

const TSCONFIG = `{
  "compilerOptions": {
    "target": "ESNext",
    "module": "Preserve",
    "lib": ["ESNext"],
    "types": [],
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true,
    "noEmit": true
  }
}
`;

const NODES: Readonly<Record<PluginRole, (name: string) => string>> = {
  filter: (name) => `import { defineNode, z } from "parlando/plugin";

const config = z.strictObject({
  gain: z.number().min(0).max(8).default(1).describe("What each sample is multiplied by; 1 leaves it as it is."),
});

/** Makes audio louder or quieter. What is too loud is cut off. */
export const filter = defineNode({
  type: "${name}.filter",
  summary: "Makes audio louder or quieter.",
  role: "filter",
  inputs: { audio: { kinds: ["audio"] } },
  outputs: { audio: { kinds: ["audio"], audio: "same" } },
  passes: "time",
  config,
  create: ({ gain }) => ({
    onFrame(frame, emit) {
      if (frame.kind !== "audio") return;
      // a frame that came is read-only: what changes is made anew
      const pcm = frame.pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))));
      emit({ ...frame, pcm });
    },
  }),
});
`,
  asr: (name) => `import { defineNode, samplesToMs, type SpeechMark, z } from "parlando/plugin";

const config = z.strictObject({
  longMs: z.number().min(1).max(60_000).default(800).describe("From here on an utterance is heard as long."),
});

/** Hears of each utterance whether it was long or short. A recogniser with a service or a model does its work in the same place. */
export const asr = defineNode({
  type: "${name}.asr",
  summary: "Hears whether utterances are long or short.",
  role: "asr",
  inputs: { audio: { kinds: ["audio", "speech"], requires: ["speech"] } },
  outputs: { final: { kinds: ["text"], textRole: "transcript", language: "en", default: true } },
  config,
  create({ longMs }) {
    let opened: SpeechMark | undefined;
    return {
      onFrame(frame, emit) {
        if (frame.kind !== "speech") return; // a real one would keep the audio
        if (frame.mark === "start") {
          opened = frame;
          return;
        }
        if (opened?.utterance !== frame.utterance) return;
        const { utterance, atSample: endSample, sampleRateHz } = frame;
        const text = samplesToMs(endSample - opened.atSample, sampleRateHz) >= longMs ? "long" : "short";
        emit({
          kind: "text",
          role: "transcript",
          text,
          utterance,
          revision: 1,
          final: true,
          stableChars: text.length,
          startSample: opened.atSample,
          endSample,
          sampleRateHz,
          language: "en",
        });
        opened = undefined;
      },
    };
  },
});
`,
  translate: (name) => `import { defineNode, z } from "parlando/plugin";

const config = z.strictObject({
  words: z
    .record(z.string(), z.string())
    .default({ good: "bueno", morning: "mañana" })
    .describe("What becomes of which word, in lower case; others stay as they are."),
});

/** Translates word by word. */
export const translate = defineNode({
  type: "${name}.translate",
  summary: "Translates word by word, from a list.",
  role: "translate",
  inputs: { text: { kinds: ["text"], textRoles: ["transcript"] } },
  outputs: { text: { kinds: ["text"], textRole: "translation", language: "es" } },
  config,
  create: ({ words }) => ({
    onFrame(frame, emit) {
      if (frame.kind !== "text" || !frame.final) return;
      const { text: said, language, words: _times, ...rest } = frame;
      const text = said.replace(/\\p{L}+/gu, (word) => words[word.toLowerCase()] ?? word);
      const madeFrom = { text: said, ...(language !== undefined && { language }) };
      emit({ ...rest, role: "translation", text, language: "es", stableChars: text.length, madeFrom });
    },
  }),
});
`,
};

const subjects = (
  name: string,
  role: PluginRole,
  subject: string,
  more = "",
): string => `import { definePluginSubjects } from "parlando/testing";
${more}
/** How \`parlando plugin test\` tries it: what cannot be told from its definition. */
export default definePluginSubjects({ nodes: { "${name}.${role}": ${subject} } });
`;

const CONTRACTS: Readonly<Record<PluginRole, (name: string) => string>> = {
  filter: (name) => subjects(name, "filter", "{ config: { gain: 0.5 } }"),
  translate: (name) => subjects(name, "translate", "{}"),
  asr: (name) =>
    subjects(
      name,
      "asr",
      "{ frames: speech }",
      `import type { Frame } from "parlando/plugin";

/** Half a second of sound as an utterance, after a detector: replace it by speech for a recogniser that hears words. */
const speech: Frame[] = [
  { kind: "speech", mark: "start", utterance: "u1", atSample: 0, sampleRateHz: 16_000 },
  ...Array.from({ length: 25 }, (_, i): Frame => ({
    kind: "audio",
    pcm: new Int16Array(320).fill(1000),
    sampleRateHz: 16_000,
    channels: 1,
    startSample: i * 320,
    utterance: "u1",
  })),
  { kind: "speech", mark: "end", utterance: "u1", atSample: 8000, sampleRateHz: 16_000 },
];
`,
    ),
};

const TESTS: Readonly<Record<PluginRole, (name: string) => string>> = {
  filter: (name) => `import { expect, test } from "bun:test";
import { driveNode } from "parlando/testing";
import { filter } from "./filter.ts";

const sound = (...samples: number[]) => ({
  kind: "audio" as const,
  pcm: Int16Array.from(samples),
  sampleRateHz: 16_000,
  channels: 1,
  startSample: 0,
});

test("${name}.filter multiplies each sample, and cuts off what is too loud", async () => {
  const driven = await driveNode(filter, { gain: 2 }, { frames: [sound(1, -2, 30_000, -30_000)] });
  expect(driven.frames()).toEqual([sound(2, -4, 32_767, -32_768)]);
});
`,
  asr: (name) => `import { expect, test } from "bun:test";
import type { Frame } from "parlando/plugin";
import { driveNode } from "parlando/testing";
import { asr } from "./asr.ts";

const utterance = (id: string, from: number, to: number): Frame[] => [
  { kind: "speech", mark: "start", utterance: id, atSample: from, sampleRateHz: 16_000 },
  { kind: "speech", mark: "end", utterance: id, atSample: to, sampleRateHz: 16_000 },
];

test("${name}.asr tells long utterances from short ones", async () => {
  const driven = await driveNode(
    asr,
    {},
    { frames: [...utterance("u1", 0, 4000), ...utterance("u2", 8000, 32_000)], formats: { audio: { sampleRateHz: 16_000, channels: 1 } } },
  );
  expect(driven.frames("final")).toMatchObject([
    { text: "short", utterance: "u1", endSample: 4000 },
    { text: "long", utterance: "u2", endSample: 32_000 },
  ]);
});
`,
  translate: (name) => `import { expect, test } from "bun:test";
import { driveNode } from "parlando/testing";
import { translate } from "./translate.ts";

test("${name}.translate translates the words that it knows", async () => {
  const driven = await driveNode(
    translate,
    {},
    {
      frames: [
        {
          kind: "text",
          role: "transcript",
          text: "Good morning, all",
          utterance: "u1",
          revision: 1,
          final: true,
          stableChars: 17,
          startSample: 0,
          endSample: 16_000,
          sampleRateHz: 16_000,
          language: "en",
        },
      ],
    },
  );
  expect(driven.frames()).toMatchObject([{ text: "bueno mañana, all", role: "translation", language: "es" }]);
});
`,
};
