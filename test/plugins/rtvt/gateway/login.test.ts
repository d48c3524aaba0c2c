import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { loginToken } from "../../../../plugins/rtvt/token/signature.ts";
import { PROJECT } from "../fixtures/vectors.ts";
import { KEY } from "../service.ts";
import { codeOf, EPOCH_S, login, START, talk } from "./talk.ts";

describe("login", () => {
  test.each([
    { what: "the right token", values: login(), code: "no error" },
    { what: "a user, as a number", values: login({ uid: 123456 }), code: "no error" },
    { what: "a time of four minutes ago", values: login({ ts: EPOCH_S - 240 }), code: "no error" },
    { what: "a time of six minutes ago", values: login({ ts: EPOCH_S - 360 }), code: 800101 },
    { what: "a time in six minutes", values: login({ ts: EPOCH_S + 360 }), code: 800101 },
    {
      what: "a token of another time",
      values: login({ token: loginToken(PROJECT.key, PROJECT.pid, 1) }),
      code: 800102,
    },
    { what: "no token at all", values: login({ token: "" }), code: 800102 },
    { what: "a project that there is not", values: login({ pid: 1 }), code: 800103 },
    { what: "no project", values: { ts: EPOCH_S, token: "t" }, code: 800003 },
  ])("$what: $code", async ({ values, code }) => {
    covers("R1", "R2", "R17");
    await talk(async ({ end }) => {
      const answer = await end.call("login", values);
      expect(codeOf(answer)).toBe(code);
      if (code === "no error") expect(answer.values).toEqual({ successed: true });
      else expect(answer.values.ex).toBeString();
    });
  });

  test("it can be refused by an answer, too", async () => {
    covers("R2");
    const options = { gatewayConfig: { refusal: "successed" } };
    await talk(async ({ end }) => {
      const answer = await end.call("login", login({ token: "" }));
      expect(answer).toMatchObject({ ok: true, values: { successed: false } });
      expect(codeOf(await end.call("voiceStart", START))).toBe(800002);
    }, options);
  });

  test.each(["voiceStart", "voiceData", "voiceEnd"])("without one, %s is refused", async (method) => {
    covers("R2", "R11", "R17");
    await talk(async ({ end }) => {
      expect(codeOf(await end.call(method, { streamId: 1n }))).toBe(800002);
    });
  });
});

test("the key of the tests is the published one", () => {
  expect(KEY.secret).toBe(PROJECT.key);
});
