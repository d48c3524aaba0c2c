import { describe, expect, test } from "bun:test";
import type { Network } from "#engine/plugin";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { canonicalQuery, signCall, stringToSign, tokenParameters } from "../../../../plugins/aliyun/token/signature.ts";
import { KEY, withService } from "../service.ts";

describe("CreateToken", () => {
  const parameters = (more: Record<string, string> = {}) => ({
    ...tokenParameters({
      accessKeyId: KEY.id,
      nonce: "n-1",
      timestamp: "2026-01-01T00:00:00Z",
      regionId: "cn-shanghai",
    }),
    ...more,
  });
  const call = (network: Network, method: "GET" | "POST", query: string, form: boolean) =>
    network.fetch({
      url: form ? "http://nls.test/" : `http://nls.test/?${query}`,
      method,
      ...(form && { body: query, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    });

  test.each([
    { how: "by GET with a query", method: "GET", form: false },
    { how: "by POST with a query", method: "POST", form: false },
    { how: "by POST with a form", method: "POST", form: true },
  ] as const)("$how makes a token that opens the door until it ends", async ({ method, form }) => {
    covers("A7");
    await withService({ workflow: hears("x"), gatewayConfig: { tokenHours: 1 } }, async ({ network, clock }) => {
      const answer = await call(network, method, signCall(method, parameters(), KEY.secret).query, form);
      expect(answer.status).toBe(200);
      const { Token, ErrMsg } = (await answer.json()) as { Token: { Id: string; ExpireTime: number }; ErrMsg: string };
      expect([ErrMsg, Token.ExpireTime]).toEqual(["", Date.UTC(2026, 0, 1, 1) / 1000]);
      const dial = () => network.dial({ url: "ws://nls.test/ws/v1", headers: { "X-NLS-Token": Token.Id } });
      (await dial()).destroy();
      await clock.sleep(3_600_000);
      expect(await rejectionOf(dial())).toMatchObject({ details: { status: 403 } });
    });
  });

  test.each([
    { what: "an unknown key", change: { AccessKeyId: "nobody" }, status: 404, code: "InvalidAccessKeyId.NotFound" },
    { what: "another action", change: { Action: "DeleteToken" }, status: 404, code: "InvalidAction.NotFound" },
    { what: "a nonce that is missing", change: { SignatureNonce: "" }, status: 400, code: "MissingSignatureNonce" },
    {
      what: "an old time",
      change: { Timestamp: "2025-12-31T23:00:00Z" },
      status: 400,
      code: "InvalidTimeStamp.Expired",
    },
    { what: "no time", change: { Timestamp: "soon" }, status: 400, code: "InvalidTimeStamp.Expired" },
  ])("$what is $code", async ({ change, status, code }) => {
    covers("A7");
    await withService({ workflow: hears("x") }, async ({ network }) => {
      const answer = await call(network, "GET", signCall("GET", parameters(change), KEY.secret).query, false);
      expect([answer.status, ((await answer.json()) as { Code: string }).Code]).toEqual([status, code]);
    });
  });

  test("a wrong signature and a nonce that was used are refused; a plus need not be encoded", async () => {
    covers("A7");
    await withService({ workflow: hears("x") }, async ({ network }) => {
      const codeOf = async (query: string) =>
        ((await (await call(network, "GET", query, false)).json()) as { Code?: string }).Code;
      const wrong = await call(network, "GET", signCall("GET", parameters(), "wrong").query, false);
      const refusal = (await wrong.json()) as { Code: string; Message: string };
      expect(refusal.Code).toBe("SignatureDoesNotMatch");
      // by what it finds behind the colon, the vendor's library for Python knows that it is the secret
      expect(refusal.Message.split(":")[1]).toBe(stringToSign("GET", canonicalQuery(parameters())));
      const good = signCall("GET", parameters(), KEY.secret).query;
      expect([await codeOf(good), await codeOf(good)]).toEqual([undefined, "SignatureNonceUsed"]);
      let nonce = 1;
      let signed = signCall("GET", parameters({ SignatureNonce: `p-${nonce}` }), KEY.secret);
      while (!signed.signature.includes("+"))
        signed = signCall("GET", parameters({ SignatureNonce: `p-${++nonce}` }), KEY.secret);
      expect(await codeOf(signed.query.replaceAll("%2B", "+"))).toBeUndefined();
    });
  });
});
