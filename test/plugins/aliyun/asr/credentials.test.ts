import { describe, expect, test } from "bun:test";
import type { NodeDefinition } from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { textsOf } from "#test/texts";
import { utterances } from "#test/utterances";
import { asr } from "../../../../plugins/aliyun/asr.ts";
import { ACCESS, KEYED, served, withService } from "../service.ts";

describe("credentials", () => {
  test("a token is made with the key, used for all tasks, and renewed before it ends", async () => {
    covers("A7");
    const calls = await withService(
      { workflow: hears("x"), gatewayConfig: { tokenHours: 0.5 } },
      async ({ clock, network }) => {
        const urls: string[] = [];
        const { fetch } = network;
        network.fetch = (request) => {
          urls.push(request.url);
          return fetch.call(network, request);
        };
        const after = async (ms: number): Promise<number> => {
          await clock.sleep(ms);
          await driveNode(lasting, KEYED, { frames: utterances(2), clock, network });
          return urls.length;
        };
        // One cache for all of it, as in a process: a resource outlives a run here.
        const caches = new Map<string, unknown>();
        const lasting: NodeDefinition = {
          ...asr,
          create: (settings, ctx) =>
            asr.create(
              settings,
              Object.assign(Object.create(ctx), {
                newId: () => crypto.randomUUID(), // as between runs, whose seeds differ
                resource: async <T>(resource: { key: string; open(): Promise<T> }) => {
                  if (!caches.has(resource.key)) caches.set(resource.key, await resource.open());
                  return caches.get(resource.key) as T;
                },
              }),
            ),
        };
        return [await after(0), await after(60_000), await after(20 * 60_000), await after(60_000)];
      },
    );
    expect(calls).toEqual([1, 1, 2, 2]); // good for 30 minutes, renewed when less than 10 are left
  });

  test.each([
    { how: "at the upgrade", gatewayConfig: {} },
    { how: "on the open socket", gatewayConfig: { badToken: "task" } },
  ])("a token that is refused $how is renewed once", async ({ gatewayConfig }) => {
    covers("A7");
    const expired = { on: "handshake", do: { expiredToken: true } } as const;
    const options = { workflow: hears("x"), frames: utterances(1), access: KEYED, gatewayConfig };
    const { frames } = await served(asr, { ...options, faults: [{ ...expired, connections: 1 }] });
    expect(textsOf(frames("final"))).toHaveLength(1);
    expect(await rejectionOf(served(asr, { ...options, faults: [expired] }))).toMatchObject({
      code: "VENDOR_KEY_REFUSED",
    });
  });

  test.each([
    { access: { ...ACCESS, token: "example-key.wrong" }, code: "VENDOR_KEY_REFUSED" },
    { access: { ...ACCESS, appkey: "another" }, code: "VENDOR_KEY_REFUSED" },
    { access: { ...KEYED, accessKeySecret: "wrong" }, code: "VENDOR_KEY_REFUSED" },
    { access: { ...KEYED, accessKeyId: "nobody" }, code: "VENDOR_KEY_REFUSED" },
  ])("$access is refused for good", async ({ access, code }) => {
    covers("A7", "A9");
    const failing = served(asr, { workflow: hears("x"), frames: utterances(1), access });
    expect(await rejectionOf(failing)).toMatchObject({ code });
  });
});
