import { expect, test } from "bun:test";
import { driveNode } from "#engine/testing";
import { covers } from "#test/covers";
import { framesOf, silence } from "#test/signals";
import { interpret } from "../../../plugins/rtvt/interpret.ts";
import { packetLine } from "../../../plugins/rtvt/wire/trace.ts";
import { EXCHANGE } from "./fixtures/vectors.ts";
import { pem } from "./pem.ts";
import { ACCESS, hears, OVER_WEB, seconds, withService } from "./service.ts";

const privateKey = EXCHANGE.serverPrivate;
const gatewayConfig = { encryption: { privateKey } };

test.each([
  { over: "TCP", config: ACCESS, gatewayConfig: {} },
  { over: "a WebSocket", config: OVER_WEB, gatewayConfig: {} },
  { over: "TCP, enciphered", config: { ...ACCESS, encryption: { publicKey: pem(privateKey) } }, gatewayConfig },
])(
  "the wire can be read over $over: methods and fields, audio as lengths, no secret",
  async ({ config, ...service }) => {
    covers("R5", "R8");
    const lines = await withService(
      {
        workflow: hears(seconds("go forward")),
        network: { cut: (bytes) => [bytes.slice(0, 7), bytes.slice(7)] },
        ...service,
      },
      async ({ clock, network }) => {
        const frames = framesOf(silence({ ms: 1200 }));
        const settings = { ...config, target: "es" };
        const { events } = await driveNode(interpret, settings, { frames, clock, network, tracing: true });
        return events.filter(({ type }) => type === "wire").map(({ direction, message }) => `${direction} ${message}`);
      },
    );
    const all = lines.join("\n");
    expect(all).toMatch(/^out quest \d+ login \{"pid":\d+,.*"token":"…"/m);
    expect(all).toMatch(/^in answer \d+ ok \{"successed":true/m);
    expect(all).toMatch(/^out quest \d+ voiceData \{.*"data":"640 bytes"/m);
    expect(all).toMatch(/^in quest \d+ recognizedResult \{.*"asr":"go forward"/m);
    expect(all).toMatch(/^out answer \d+ ok \{\}$/m);
    expect(all).not.toContain(ACCESS.key);
    expect(lines.filter((line) => /^(in|out) \d+ bytes$/.test(line))).toEqual([]);
  },
);

test("a packet whose payload is no map is told by its length", () => {
  const packet = { version: 1, flag: 0x80, seq: 3, payload: new Uint8Array([0xc1]) } as const;
  expect(packetLine({ kind: "answer", ok: false, ...packet })).toBe("answer 3 error 1 bytes that cannot be read");
});

test("long texts, which may be audio, are told by their length, and numbers beyond 2^53 in full", () => {
  const packet = {
    kind: "quest",
    version: 1,
    flag: 0x80,
    seq: undefined,
    method: "ttsResult",
    payload: new Uint8Array(0),
  } as const;
  const values = { streamId: 2n ** 60n, data: "x".repeat(201), inner: [new Uint8Array(5)] };
  expect(packetLine(packet, values)).toBe(
    'quest one-way ttsResult {"streamId":"1152921504606846976","data":"201 characters","inner":["5 bytes"]}',
  );
});
