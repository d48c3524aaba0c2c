import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { JSON_TEXT } from "../../../../plugins/rtvt/wire/fpnn.ts";
import { encodeValues } from "../../../../plugins/rtvt/wire/payload.ts";
import { TCP, WEB } from "../service.ts";
import { codeOf, EPOCH_S, login, talk } from "./talk.ts";

describe("packets", () => {
  test.each([
    { version: 0, url: `tcp://${TCP}` },
    { version: 1, url: `tcp://${TCP}` },
    { version: 1, url: `ws://${WEB}/service/websocket` },
  ])("an answer has the version of its call, on either transport: %p", async (options) => {
    covers("R14", "R16");
    await talk(async ({ end }) => {
      const answer = await end.call("*ping", {});
      expect(answer.version).toBe(options.version);
      expect(answer.values).toEqual({ ts: EPOCH_S * 1000 });
    }, options);
  });

  test("calls that nobody knows are refused, one-way ones passed over", async () => {
    covers("R9", "R17");
    await talk(async ({ end }) => {
      expect(codeOf(await end.call("somethingNew", {}))).toBe(20004);
      expect(codeOf(await end.call("*key", {}))).toBe(20004);
      end.oneWay("login", login());
      end.oneWay("somethingNew", {});
      await end.call("*ping", {});
      expect(end.seen).toHaveLength(3);
    });
  });

  test("a client may speak JSON, and is answered in it", async () => {
    await talk(async ({ end }) => {
      const payload = encodeValues(login(), JSON_TEXT);
      end.send({ kind: "quest", version: 1, flag: JSON_TEXT, seq: 77, method: "login", payload });
      const answer = await end.next(({ seq }) => seq === 77);
      expect(answer).toMatchObject({ flag: JSON_TEXT, ok: true, values: { successed: true } });
    });
  });

  test.each([
    { what: "noise", bytes: Buffer.from("GET / HTTP/1.1\r\n\r\n") },
    { what: "a payload that is none", bytes: Buffer.from("46504e4e0180010501000000070000002a70696e67c1", "hex") },
    { what: "a payload of nothing", bytes: Buffer.from("46504e4e0180010500000000070000002a70696e67", "hex") },
  ])("$what ends the connection", async ({ bytes }) => {
    await talk(async ({ end }) => {
      end.connection.send(bytes);
      expect((await end.connection.closed).by).not.toBe("us");
    });
  });

  test("a connection on which nothing comes is closed after a minute, a ping keeps it", async () => {
    covers("R14");
    await talk(async ({ end, clock }) => {
      for (let i = 0; i < 4; i++) {
        await clock.sleep(45_000);
        await end.call("*ping", {});
      }
      await end.connection.closed;
      expect(clock.nowMs()).toBeGreaterThanOrEqual(180_000 + 60_000);
      expect(clock.nowMs()).toBeLessThanOrEqual(180_000 + 80_000);
    });
  });
});
