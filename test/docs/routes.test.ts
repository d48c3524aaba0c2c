import { expect, test } from "bun:test";
import { FakeControl } from "#test/fake-control";
import { appOf, ask } from "#test/served";
import { PAGES } from "./pages.ts";

/** Addresses of this server: after a method, or at its port. Those of vendors have other hosts. */
const ADDRESS = /(?:\b(?:GET|POST|PUT|PATCH|DELETE) |localhost:7700)(\/v1\/[^\s"'`?)]+)/g;

test("every address of the API that a page names is one", async () => {
  const { json } = await ask(appOf(new FakeControl()), "GET", "/openapi.json");
  const { paths } = json as { paths: Record<string, unknown> };
  const known = Object.keys(paths).map((path) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`));
  const named = PAGES.flatMap(({ path, text }) =>
    [...text.matchAll(ADDRESS)].map(([, address]) => ({ path, address: address!.replace(/[.,:;]$/, "") })),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(({ address }) => !known.some((each) => each.test(address)))).toEqual([]);
});
