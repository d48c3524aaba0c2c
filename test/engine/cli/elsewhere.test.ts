import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { fieldFacts, type NodeDefinition, needsStandIn } from "#engine/plugin";
import { deliveredTypes } from "#test/built-in-types";
import { callCommand } from "#test/called-command";
import { scratchFolder } from "#test/short-recording";

setDefaultTimeout(60_000);

const types = deliveredTypes();
await types.loadAll();

/** What a type cannot do without and its variables do not fill, for those that have such settings. */
const WRITTEN: Readonly<Record<string, string>> = {
  "rtvt.asr": "source: en",
};

function workflow({ type }: NodeDefinition): string {
  const role = type.split(".")[1];
  const from = { tts: "inputs.words", "file-asr": "inputs.file" }[role ?? ""] ?? "vad";
  const kinds = { tts: "words: { kind: text }", "file-asr": "file: { kind: recording }" };
  const input = kinds[role as keyof typeof kinds] ?? "talk: { kind: audio }";
  const vad = from === "vad" ? "\n  vad: { use: webrtc.vad, from: inputs.talk }" : "";
  const more = WRITTEN[type];
  return `parlando: 1
inputs: { ${input} }
nodes:${vad}
  vendor: { use: ${type}, from: ${from}${more ? `, with: { ${more} }` : ""} }
`;
}

const vendors = types
  .all()
  .filter((type) => needsStandIn(type) && /^(aliyun|modelstudio|rtvt|tencent)\.(file-)?(asr|tts)$/.test(type.type));

describe("a workflow whose vendor's settings come from variables that are not set here", () => {
  test.each(vendors.map((definition) => [definition.type, definition] as const))(
    "of %s is drawn and planned",
    async (type, definition) => {
      const folder = scratchFolder();
      await Bun.write(join(folder, "w.yaml"), workflow(definition));
      const wanted = Object.entries(definition.config.shape).flatMap(([key, schema]) => {
        const { env } = fieldFacts(schema);
        return env && !schema.safeParse(undefined).success ? [{ key, env }] : [];
      });
      for (const command of ["graph", "plan"]) {
        const { status, text } = await callCommand([command, "w.yaml"], folder);
        expect(text).toContain(type);
        for (const { key, env } of wanted)
          expect(text).toContain(`${type} needs ${key}: it is not written here, and ${env.join(" or ")} is not set`);
        expect(status).toBe(0);
      }
      const here = await callCommand(["lint", "w.yaml"], folder);
      expect(here.status).toBe(wanted.length > 0 ? 1 : 0);
      const elsewhere = await callCommand(["lint", "--elsewhere", "w.yaml"], folder);
      expect(elsewhere.status).toBe(0);
      expect(elsewhere.text).not.toContain("error");
    },
  );

  test("says which secrets and variables are missing, each at its place, fallbacks included", async () => {
    const folder = scratchFolder();
    await Bun.write(
      join(folder, "w.yaml"),
      `parlando: 1
inputs: { talk: { kind: audio } }
nodes:
  vad: { use: webrtc.vad, from: inputs.talk }
  asr:
    use: tencent.asr
    from: vad
    with: { secretKey: "\${secret:first}", appId: "\${env:SOME_APP}" }
    fallback: [{ use: modelstudio.asr, with: { apiKey: "\${secret:second}" } }]
`,
    );
    const { status, text } = await callCommand(["graph", "w.yaml", "--format", "text"], folder);
    expect(text).toContain("4 warnings: planned without what is not set here");
    expect(status).toBe(0);
    expect(text).toMatch(/w\.yaml:8:\d+ SECRET_MISSING the secret first is not set/);
    expect(text).toMatch(/w\.yaml:8:\d+ ENV_MISSING .*SOME_APP/);
    expect(text).toMatch(/w\.yaml:9:\d+ SECRET_MISSING the secret second is not set/);
    expect(text).toContain("modelstudio.asr"); // what takes over is drawn
  });

  test("is refused for what is wrong with it on any machine", async () => {
    const folder = scratchFolder();
    await Bun.write(
      join(folder, "w.yaml"),
      workflow(types.get("tencent.asr")!).replace("use: tencent.asr", "use: tencent.asr, with: { keey: x }"),
    );
    const { status, text } = await callCommand(["graph", "w.yaml"], folder);
    expect(status).toBe(1);
    expect(text).toContain("KEY_UNKNOWN");
  });
});
