import { expect, test } from "bun:test";
import { LinkPool, type NodeContext, type NodeDefinition, NodeTypes, type Resource, withRetry } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { planWorkflow } from "#engine/workflow";
import aliyun from "#plugins/aliyun";
import { covers } from "#test/covers";
import { typesWithTones } from "#test/service-workflows";
import { textsOf } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { asr } from "../../../plugins/modelstudio/asr.ts";
import modelstudio from "../../../plugins/modelstudio/index.ts";
import { interpret } from "../../../plugins/modelstudio/interpret.ts";
import { ACCESS, LISTENS, PARAFORMER, served, withService } from "./service.ts";

const SAID = ["one two three", "four five", "six"];
const MOUNT = "/api-ws/v1/inference";

const heard = (frames: ReturnType<typeof textsOf>) => frames.filter(({ final }) => final).map(({ text }) => text);

test("audio that comes before the service is ready is held, and nothing of it is lost", async () => {
  covers("S4", "S29");
  const { frames, held } = await served(asr, {
    workflow: LISTENS,
    frames: spoken(SAID),
    config: { bufferSize: 100 },
    faults: [{ on: "handshake", mount: MOUNT, do: { delay: 8000 } }],
    pace: 1,
  });
  expect(heard(textsOf(frames("final")))).toEqual(SAID);
  expect(held).toBe(0);
});

test("a line that breaks is opened again, and what was not answered is sent again", async () => {
  covers("S30");
  const { frames, counters } = await served(withRetry(asr, 2), {
    workflow: LISTENS,
    frames: spoken(SAID),
    config: PARAFORMER,
    faults: [{ on: "connection", mount: MOUNT, connections: 1, after: { received: 12 }, do: { close: 1006 } }],
    pace: 1,
  });
  expect(heard(textsOf(frames("final")))).toEqual(SAID);
  expect(counters.retries).toBe(1);
});

test("the vendor is a choice of whoever starts the workflow, and all choices are checked", async () => {
  covers("S13");
  const text = `
parlando: 1
name: choice
inputs: { talk: { kind: audio } }
params: { vendor: { type: choice, of: [modelstudio, aliyun], default: modelstudio } }
nodes:
  asr:
    from: inputs.talk
    choose: "\${params.vendor}"
    cases:
      modelstudio: { use: modelstudio.asr, with: { language: en } }
      aliyun: { use: aliyun.asr, with: { mode: continuous, language: en } }
outputs: { texts: asr }
`;
  const types = new NodeTypes([...typesWithTones().plugins, modelstudio, aliyun]);
  const environment = { DASHSCOPE_API_KEY: "k", NLS_APP_KEY: "k", ALIYUN_AK_ID: "k", ALIYUN_AK_SECRET: "k" };
  const planned = (written: string) =>
    planWorkflow(
      { text: written, name: "choice.yaml", dir: "/" },
      { types, purpose: "lint", environment, secret: () => undefined, cwd: "/" },
    );
  const findingsOf = async (written: string) =>
    (await planned(written)).findings.filter(({ severity }) => severity === "error").map(({ message }) => message);
  expect(await findingsOf(text)).toEqual([]);
  expect((await findingsOf(text.replace("mode: continuous", "mode: never"))).join()).toContain("mode");
  expect(
    (
      await findingsOf(
        text.replace("modelstudio.asr, with: { language: en }", "modelstudio.asr, with: { language: fi }"),
      )
    ).join(),
  ).toContain("fi");
});

test("a socket that one node needs no more carries the tasks of another, of another type", async () => {
  covers("S31", "S32");
  await withService({ workflow: LISTENS }, async ({ clock, network, emulator }) => {
    const pool = new LinkPool();
    /** The node, with a pool that outlives it, as one does that other runs hold on to. */
    const pooled = (node: NodeDefinition): NodeDefinition => ({
      ...node,
      create(config, ctx) {
        const resource = (wanted: Resource<unknown>) =>
          wanted.key.startsWith("pool ") ? Promise.resolve(pool) : ctx.resource(wanted);
        return node.create(config, Object.create(ctx, { resource: { value: resource } }) as NodeContext);
      },
    });
    const drive = (node: NodeDefinition, config: Record<string, unknown>) =>
      driveNode(pooled(node), { ...ACCESS, ...config }, { frames: spoken(SAID), clock, network });
    const first = await drive(asr, PARAFORMER);
    const second = await drive(interpret, { target: "es" });
    expect(heard(textsOf(first.frames("final")))).toEqual(SAID);
    expect(heard(textsOf(second.frames("translation")))).toEqual(SAID.map((text) => text.toUpperCase()));
    expect(second.events[0]).toMatchObject({ type: "opened", cause: "pool" });
    expect(emulator.doors.calls).toBe(1);
    await clock.sleep(61_000);
    expect([pool.size, network.sockets]).toEqual([0, 0]);
  });
});
