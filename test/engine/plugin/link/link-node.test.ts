import { expect, test } from "bun:test";
import { builtInTypes } from "#test/built-in-types";
import { finals, hearToy } from "#test/toy-vendor/service";

const types = builtInTypes();

test("a stream goes to the vendor and its texts come back at their places", async () => {
  const { frames, events, usage } = await hearToy({ types });
  expect(finals(frames())).toEqual(["one two", "three four", "five six"]);
  expect(usage).toMatchObject({ requests: 1 });
  expect(events.map(({ type }) => type)).toEqual(["opened", "closed"]);
});
