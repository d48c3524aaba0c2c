import { describe, expect, test } from "bun:test";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { silentFrames } from "#test/signals";
import { asr } from "../../../../plugins/modelstudio/asr.ts";
import { ACCESS, hears, PARAFORMER, withService } from "../service.ts";

describe("hot words", () => {
  const config = { ...PARAFORMER, hotWords: [{ text: "Parlando", weight: 5, language: "en-GB" }, { text: "Gummy" }] };

  test("are given to the service as a list, which goes with the run", async () => {
    covers("S26");
    await withService({ workflow: hears(["one"]) }, async ({ network, clock, emulator }) => {
      const driven = await driveNode(
        asr,
        { ...ACCESS, ...config },
        { frames: silentFrames(1000), network, clock, tracing: true },
      );
      const run = driven.events.find(({ type, message }) => type === "wire" && String(message).includes("run-task"));
      expect(String(run?.message)).toMatch(/"vocabulary_id":"vocab-parlando-[0-9a-f]+"/);
      const list = await network.fetch({
        url: `${ACCESS.httpUrl}/services/audio/asr/customization`,
        method: "POST",
        headers: { authorization: `Bearer ${ACCESS.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "speech-biasing", input: { action: "list_vocabulary" } }),
      });
      expect(await list.json()).toMatchObject({ output: { vocabulary_list: [] } });
      expect(emulator.doors.calls).toBe(4); // made, upgraded, deleted, listed
    });
  });
});
