import { expect, test } from "bun:test";
import { serverSent } from "#engine/plugin";

test.each([
  ["whole", ["data: one\n\ndata:two\n\n"]],
  ["cut anywhere", ["da", "ta: o", "ne\n", "\nid:7\nevent:result\n:HTTP_STATUS/200\nda", "ta:two", "\n\n"]],
  ["with other line ends", ["data: one\r\n\r\ndata:two\r\n\r\n"]],
  ["without the last blank line", ["data: one\n\ndata:two"]],
])("server-sent events that come %s are read", async (_, chunks) => {
  const body = async function* () {
    for (const chunk of chunks) yield new TextEncoder().encode(chunk);
  };
  const data: string[] = [];
  for await (const each of serverSent(body())) data.push(each);
  expect(data).toEqual(["one", "two"]);
});
