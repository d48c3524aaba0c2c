import type { NewFiles } from "./plugin-files.ts";

/** A workflow that runs at once, with nothing installed and no recording: a script speaks. */
export const workflowFiles = (name: string): NewFiles => ({
  [`${name}.yaml`]: `# yaml-language-server: $schema=./parlando.schema.json
parlando: 1
name: ${name}
description: A script says two sentences; they are shown and written down. Put a recording and a recogniser in its place.

params:
  language: { type: language, default: en, help: what is spoken }

nodes:
  said:
    use: core.script
    with:
      as: source
      events:
        - { atMs: 900, text: good morning, startMs: 100, endMs: 900, language: "\${params.language}" }
        - { atMs: 2400, text: the train leaves at seven, startMs: 1300, endMs: 2400, language: "\${params.language}" }
  shown: { use: core.print, from: said }
  kept: { use: core.transcript, from: said, with: { path: "\${run.dir}/transcript.jsonl" } }

outputs: { words: said }

tests:
  - name: both sentences come, in order
    expect:
      ports: { said: { text: [good morning, the train leaves at seven] } }
      accounts: { dropped: 0 }
`,
});
