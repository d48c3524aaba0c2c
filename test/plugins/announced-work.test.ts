import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeWav, type NodeDefinition, openEncoder } from "#engine/plugin";
import { VirtualClock } from "#engine/runtime";
import { driveNode } from "#engine/testing";
import { sherpaVersion } from "#native/sherpa";
import core from "#plugins/core";
import { framesOf, silence } from "#test/signals";
import { vad } from "../../plugins/silero/vad.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "parlando-announced-"));
afterAll(() => rmSync(folder, { recursive: true }));
const recording = join(folder, "quiet.wav");
writeFileSync(recording, encodeWav(silence({ ms: 100 }), { sampleRateHz: 16_000, channels: 1 }));
const coded = join(folder, "quiet.opus");
const encoder = await openEncoder("opus", { sampleRateHz: 16_000, channels: 1 });
writeFileSync(coded, Buffer.concat([encoder.encode(silence({ ms: 100 })), encoder.end()]));
encoder.close();

const coreType = (type: string): NodeDefinition => core.nodes.find((node) => node.type === type)!;
const cases: readonly { name: string; definition: NodeDefinition; config: object; skip?: boolean }[] = [
  { name: "silero.vad", definition: vad, config: {}, skip: (await sherpaVersion()) === undefined },
  { name: "core.file", definition: coreType("core.file"), config: { path: recording } },
  { name: "core.packets", definition: coreType("core.packets"), config: { path: coded } },
  { name: "core.convert", definition: coreType("core.convert"), config: { codec: "opus" } },
  { name: "core.audio", definition: coreType("core.audio"), config: { path: "speech.opus" } },
];

/** Counts what was announced to it. */
class ListeningClock extends VirtualClock {
  announced = 0;
  override owe<T>(order: readonly number[], work: Promise<T>, free?: () => boolean): Promise<T> {
    this.announced++;
    return super.owe(order, work, free);
  }
}

// a node that takes another's place in the middle of a run opens its engine then: unannounced, virtual time would run on meanwhile
describe("what a node opens is announced to the clock, so that virtual time stands still for it", () => {
  for (const { name, definition, config, skip } of cases)
    test.skipIf(skip ?? false)(name, async () => {
      const clock = new ListeningClock();
      let announcedAtCreation: number | undefined;
      const watched: NodeDefinition = {
        ...definition,
        async create(settings, ctx) {
          const node = await definition.create(settings, ctx);
          announcedAtCreation = clock.announced;
          return node;
        },
      };
      const sink = definition.role(definition.config.parse(config)) !== "source";
      await driveNode(watched, config, { clock, frames: sink ? framesOf(silence({ ms: 100 })) : [] });
      expect(announcedAtCreation).toBe(1);
    });
});
