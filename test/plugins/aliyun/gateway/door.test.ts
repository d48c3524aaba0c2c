import { describe, expect, test } from "bun:test";
import { covers } from "#test/covers";
import { rejectionOf } from "#test/rejection";
import { hears } from "#test/service-workflows";
import { KEY, TOKEN, withService } from "../service.ts";
import { START, scene } from "./raw-client.ts";

describe("the door", () => {
  test.each([
    { how: "in a header", path: "/ws/v1", headers: { "X-NLS-Token": TOKEN }, status: 0 },
    { how: "in the query", path: `/ws/v1?token=${TOKEN}`, headers: {}, status: 0 },
    { how: "under another path", path: "/aliyun/ws/v1", headers: { "X-NLS-Token": TOKEN }, status: 0 },
    { how: "that is missing", path: "/ws/v1", headers: {}, status: 403 },
    { how: "that is unknown", path: "/ws/v1", headers: { "X-NLS-Token": "nls1.Zm9v.1.bar" }, status: 403 },
    { how: "with a wrong secret", path: "/ws/v1", headers: { "X-NLS-Token": `${KEY.id}.wrong` }, status: 403 },
  ])("a token $how: $status", async ({ path, headers, status }) => {
    covers("A7");
    await withService({ workflow: hears("x") }, async ({ network }) => {
      const dialled = network.dial({ url: `ws://nls.test${path}`, headers });
      if (status === 0) (await dialled).destroy();
      else expect(await rejectionOf(dialled)).toMatchObject({ details: { status } });
    });
  });

  test("a bad token may be answered on the open socket instead", async () => {
    await scene({ token: "wrong", gatewayConfig: { badToken: "task" } }, async ({ client, pass }) => {
      client.send("StartRecognition", START);
      await pass();
      expect(client.events[0]?.header).toMatchObject({ name: "TaskFailed", status: 40000001 });
    });
  });
});
