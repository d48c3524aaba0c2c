import { test } from "bun:test";
import { MemoryNetwork, VirtualClock } from "#engine/runtime";
import { nodeContract, registerContract } from "#engine/testing";
import core from "#plugins/core";
import llm from "#plugins/llm";
import { HOST, openModel } from "../../llm/service.ts";
import { textFrame } from "../texts.ts";

const node = (type: string) => [...core.nodes, ...llm.nodes].find((definition) => definition.type === type)!;
const frames = () =>
  [1, 2, 3].map((i) => textFrame({ text: `turn left ${i}`, utterance: `u${i}`, atMs: [i * 1000, i * 1000 + 500] }));

const SUBJECTS: readonly (readonly [type: string, config: object])[] = [
  ["core.match", { ports: { left: "turn left", any: { pattern: "2" } } }],
  ["core.reply", { answers: [{ when: "turn <WORDS> {where}", say: "{where}" }] }],
  ["core.text", { replace: [{ words: "left", with: "right" }], speaker: "ann" }],
  ["core.turn", { silenceMs: 200 }],
];

for (const [type, config] of SUBJECTS)
  registerContract(
    nodeContract(type, () => ({ definition: node(type), config, frames: frames() })),
    test,
  );

registerContract(
  nodeContract("core.http", () => ({
    definition: node("core.http"),
    config: { url: "http://answers.example:80/" },
    frames: frames(),
    async open() {
      const clock = new VirtualClock();
      const stop = clock.drive();
      const network = new MemoryNetwork(clock);
      const listener = await network.listen("answers.example:80", {
        request: async () => ({ status: 200, body: "fine" }),
      });
      return {
        clock,
        network,
        async close() {
          await listener.close();
          stop();
        },
      };
    },
  })),
  test,
);

registerContract(
  nodeContract("llm.chat", () => ({
    definition: node("llm.chat"),
    config: { url: `http://${HOST}/v1`, model: "small" },
    frames: frames(),
    async open() {
      const { clock, network } = await openModel([["It is ", 300, "fine."]]);
      const stop = clock.drive();
      return { clock, network, close: async () => stop() };
    },
  })),
  test,
);
