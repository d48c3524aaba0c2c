import { expect, test } from "bun:test";
import { YAML } from "bun";
import { z } from "zod";
import core from "../../../plugins/core/index.ts";

const page = await Bun.file(new URL("../../../plugins/core/README.md", import.meta.url)).text();
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml);
const nodes = z.record(z.string(), z.object({ use: z.string(), with: z.unknown() }));

test("every node type has its section", () => {
  expect(core.nodes.map(({ type }) => type).filter((type) => !page.includes(`\n## ${type}\n`))).toEqual([]);
});

test.each(examples)("an example is a valid config:\n%s", (yaml) => {
  for (const example of Object.values(nodes.parse(YAML.parse(yaml)))) {
    const type = core.nodes.find((node) => node.type === example.use);
    expect(type?.config.safeParse(example.with)).toMatchObject({ success: true });
  }
});
