import { drawSvg, planWorkflow } from "#engine/workflow";
import { builtInTypes } from "#test/built-in-types";
import { ROOT } from "./pages.ts";

/** Workflows that are drawn in the docs. */
const DRAWN = ["interpret", "speak", "transcribe"];

/** `docs/pictures/`: a picture for each, by its path from the root. */
export const pictureFiles: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    DRAWN.map(async (name): Promise<[string, string]> => {
      const { plan, findings } = await planWorkflow(
        { path: `workflows/${name}.yaml` },
        { types: builtInTypes(), purpose: "lint", environment: {}, secret: () => undefined, cwd: ROOT },
      );
      if (!plan) throw new Error(`workflows/${name}.yaml: ${findings[0]?.message}`);
      return [`docs/pictures/${name}.svg`, drawSvg(plan)];
    }),
  ),
);
