import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { coordinateBytes, publicKeyOf } from "../../../../plugins/rtvt/wire/curve.ts";
import { encodePacket } from "../../../../plugins/rtvt/wire/fpnn.ts";
import { encodeValues } from "../../../../plugins/rtvt/wire/payload.ts";
import { EXCHANGE, VECTORS } from "../fixtures/vectors.ts";
import { hears, seconds, TCP, withService } from "../service.ts";

describe("keys", () => {
  const encryption = { privateKey: EXCHANGE.serverPrivate };
  const quest = Buffer.from(EXCHANGE.quest, "hex");

  test("the published exchange is answered as published", async () => {
    covers("R15");
    await withService({ workflow: hears(seconds("go")), gatewayConfig: { encryption } }, async ({ network }) => {
      const connection = await network.dial({ url: `tcp://${TCP}` });
      connection.send(quest);
      expect(Buffer.from((await connection.receive()) as Uint8Array).toString("hex")).toBe(EXCHANGE.answer128);
      connection.close();
    });
  });

  test.each([
    {
      what: "a key that is no point",
      bytes: Buffer.from(EXCHANGE.quest.replace(EXCHANGE.clientPublic, "01".repeat(64)), "hex"),
    },
    { what: "a cipher of 192 bits", bytes: Buffer.from(EXCHANGE.quest.replace(/cc80$/, "ccc0"), "hex") },
    {
      what: "an exchange that comes late",
      bytes: Buffer.concat([Buffer.from(VECTORS.find(({ name }) => name === "V17 *ping")?.hex ?? "", "hex"), quest]),
    },
  ])("$what ends the connection without an answer to it", async ({ bytes }) => {
    covers("R15");
    await withService({ workflow: hears(seconds("go")), gatewayConfig: { encryption } }, async ({ network }) => {
      const connection = await network.dial({ url: `tcp://${TCP}` });
      connection.send(bytes);
      let answers = 0;
      for await (const _ of connection) answers++;
      expect(answers).toBeLessThanOrEqual(bytes.length > quest.length ? 1 : 0);
    });
  });

  test("a key that the library for Python filled up is taken", async () => {
    covers("R15");
    const curve = "secp224r1";
    const bytes = coordinateBytes(curve);
    const key = publicKeyOf(curve, new Uint8Array(bytes).fill(0x11));
    const padded = new Uint8Array(64);
    padded.set(key.subarray(0, bytes), 32 - bytes);
    padded.set(key.subarray(bytes), 64 - bytes);
    const payload = encodeValues({ publicKey: padded, streamMode: false, bits: 128 });
    const gatewayConfig = { encryption: { curve, privateKey: "22".repeat(bytes) } };
    await withService({ workflow: hears(seconds("go")), gatewayConfig }, async ({ network }) => {
      const connection = await network.dial({ url: `tcp://${TCP}` });
      connection.send(encodePacket({ kind: "quest", version: 0, flag: 0x80, seq: 2, method: "*key", payload }));
      expect(((await connection.receive()) as Uint8Array).length).toBe(4 + 17);
      connection.close();
    });
  });
});
