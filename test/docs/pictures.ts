import { drawSvg, planWorkflow, type WorkflowSource } from "#engine/workflow";
import { deliveredTypes } from "#test/built-in-types";
import { page, ROOT, TUTORIAL } from "./pages.ts";

/** Workflows of `workflows/` that are drawn in the docs. */
const DRAWN = ["interpret", "speak", "transcribe", "live-interpreter", "call-centre", "voice-commands"];

const ofTutorial = page(TUTORIAL).blocks.find(({ name }) => name === "door.yaml")?.text ?? "";

const sources: readonly (readonly [string, WorkflowSource])[] = [
  ...DRAWN.map((name) => [name, { path: `workflows/${name}.yaml` }] as const),
  ["door", { text: ofTutorial, name: "door.yaml", dir: ROOT }],
];

/** `docs/pictures/`: a picture for each, by its path from the root. */
export const pictureFiles: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    sources.map(async ([name, source]): Promise<[string, string]> => {
      const { plan, findings } = await planWorkflow(source, {
        types: deliveredTypes(),
        purpose: "lint",
        environment: {},
        secret: () => "whatever",
        cwd: ROOT,
      });
      if (!plan) throw new Error(`${name}: ${findings.find(({ severity }) => severity === "error")?.message}`);
      return [`docs/pictures/${name}.svg`, drawSvg(plan)];
    }),
  ),
);
