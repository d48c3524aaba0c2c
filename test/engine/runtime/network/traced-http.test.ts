import { expect, test } from "bun:test";
import { EngineError, type NodeEvent } from "#engine/plugin";
import { MemoryNetwork, SystemClock } from "#engine/runtime";
import { NodeNetwork } from "../../../../engine/runtime/network/node-network.ts";

const node = { id: "asr", type: "toy.asr", mayReach: true };

/** A node's network before a service that answers 201 with what it is sent, and breaks off at `/broken`. */
async function traced() {
  const memory = new MemoryNetwork(new SystemClock());
  await memory.listen("a.test:80", {
    async request({ path, body }) {
      const broken = async function* () {
        yield new Uint8Array(3);
        throw new EngineError("VENDOR_LOST", "gone");
      };
      if (path === "/broken") return { status: 200, body: broken() };
      return { status: 201, headers: { "content-type": "text/plain; charset=utf-8" }, body };
    },
  });
  const lines: string[] = [];
  const trace = ({ type, direction, connection, message }: NodeEvent) =>
    void lines.push(`${type} ${direction} ${connection} ${message}`.replace(/http-\d+/, "http"));
  return { network: new NodeNetwork(node, memory, { virtual: false }, trace), lines };
}

test("an HTTP exchange is told by method, path, status and sizes, and by nothing that may be secret", async () => {
  const { network, lines } = await traced();
  const answer = await network.fetch({
    url: "http://a.test/asr/v1/7?signature=hidden&secretid=hidden",
    method: "POST",
    headers: { authorization: "hidden" },
    body: "né hidden",
  });
  expect(lines).toHaveLength(2); // the body's size is known when it was read
  expect(await answer.text()).toBe("né hidden");
  expect(lines).toEqual([
    "wire out http POST a.test/asr/v1/7?… 10 bytes",
    "wire in http 201 text/plain",
    "wire in http 10 bytes",
  ]);
});

test("one that breaks off, and one that nobody answers, are told as what they are", async () => {
  const { network, lines } = await traced();
  const answer = await network.fetch({ url: "http://a.test/broken" });
  expect(await answer.bytes().catch(({ code }) => code)).toBe("VENDOR_LOST");
  expect(await network.fetch({ url: "http://b.test/" }).catch(({ code }) => code)).toBe("VENDOR_UNREACHABLE");
  expect(lines).toEqual([
    "wire out http GET a.test/broken",
    "wire in http 200",
    "wire in http 3 bytes, broken off",
    "wire out http GET b.test/",
    "wire in http no answer: VENDOR_UNREACHABLE",
  ]);
});
