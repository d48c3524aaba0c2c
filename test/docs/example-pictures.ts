import { drawSvg, planWorkflow } from "#engine/workflow";
import agora from "#plugins/agora";
import azure from "#plugins/azure";
import { deliveredTypes } from "#test/built-in-types";
import { PAGES, ROOT } from "./pages.ts";

/** The workflows whose picture stands on the page of examples. */
const named = PAGES.flatMap(({ path, text }) =>
  path === "docs/examples.md"
    ? [...text.matchAll(/^!\[.*\]\(pictures\/([\w-]+)\.svg\)$/gm)].map(([, name]) => name!)
    : [],
);

const known = deliveredTypes();
const others = [azure, agora].filter((plugin) => !known.plugins.some(({ name }) => name === plugin.name));
const types = others.length > 0 ? known.with(others) : known;

/** Settings that are checked together, so what is not set here cannot be done without. */
const environment = {
  AZURE_SPEECH_KEY: "any",
  AZURE_SPEECH_REGION: "any",
  ALIYUN_AK_ID: "any",
  ALIYUN_AK_SECRET: "any",
  NLS_APP_KEY: "any",
  DASHSCOPE_API_KEY: "any",
};

/** `docs/pictures/` of the examples, by path from the root; credentials are nobody's business in a picture. */
export const examplePictures: ReadonlyMap<string, string> = new Map(
  await Promise.all(
    named.map(async (name): Promise<[string, string]> => {
      const { plan, findings } = await planWorkflow(
        { path: `workflows/${name}.yaml` },
        { types, purpose: "lint", environment, secret: () => undefined, elsewhere: true, cwd: ROOT },
      );
      if (!plan) throw new Error(`${name}: ${findings.find(({ severity }) => severity === "error")?.message}`);
      return [`docs/pictures/${name}.svg`, drawSvg(plan)];
    }),
  ),
);
