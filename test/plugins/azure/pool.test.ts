import { expect, test } from "bun:test";
import { LinkPool, type NodeContext, type NodeDefinition, type Resource } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { LISTENS, speaks } from "#test/service-workflows";
import { prompt, textsOf } from "#test/texts";
import { spoken } from "#test/toy-vendor/ears";
import { asr } from "../../../plugins/azure/asr.ts";
import { tts } from "../../../plugins/azure/tts.ts";
import { ACCESS, openService, wireOf } from "./service.ts";

const SAID = ["one two three", "four five"];

/** The node, with a pool that outlives it, as one does that other runs hold on to. */
const pooled = (node: NodeDefinition, pool: LinkPool): NodeDefinition => ({
  ...node,
  create(config, ctx) {
    const resource = (wanted: Resource<unknown>) =>
      wanted.key.startsWith("pool ") ? Promise.resolve(pool) : ctx.resource(wanted);
    return node.create(config, Object.create(ctx, { resource: { value: resource } }) as NodeContext);
  },
});

test("a socket that one node needs no more carries the turns of another, whose texts stand where its own audio does", async () => {
  covers("S31");
  const service = await openService({ workflow: LISTENS });
  const { clock, network, emulator } = service;
  const pool = new LinkPool();
  const listen = () => driveNode(pooled(asr, pool), ACCESS, { frames: spoken(SAID), clock, network, tracing: true });
  const [first, second] = [await listen(), await listen()];
  const finals = (driven: typeof first) =>
    textsOf(driven.frames("final")).map(({ text, startSample }) => ({ text, startSample }));
  expect(finals(first).map(({ text }) => text)).toEqual(SAID);
  expect(finals(second)).toEqual(finals(first));
  expect(second.events.find(({ type }) => type === "opened")).toMatchObject({ cause: "pool" });
  expect(wireOf(second, "out").map(({ path }) => path)).toEqual(["speech.context"]); // it knows who we are
  expect(emulator.doors.calls).toBe(1);
  await clock.sleep(61_000);
  expect([pool.size, network.sockets]).toEqual([0, 0]);
  await service.close();
});

test("the same of synthesis: each node speaks from its own beginning", async () => {
  covers("S31");
  const service = await openService({ workflow: speaks() });
  const { clock, network, emulator } = service;
  const pool = new LinkPool();
  for (const _ of [1, 2]) {
    const { frames } = await driveNode(pooled(tts, pool), ACCESS, { frames: [prompt("u1", "Hello.")], clock, network });
    const audio = frames("audio").flatMap((frame) => (frame.kind === "audio" ? [frame] : []));
    expect(audio[0]?.startSample).toBe(0);
    expect(audio.reduce((sum, { pcm }) => sum + pcm.length, 0)).toBe(6 * 1600);
  }
  expect(emulator.doors.calls).toBe(1);
  await pool.close();
  await service.close();
});
