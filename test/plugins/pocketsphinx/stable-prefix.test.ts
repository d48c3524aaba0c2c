import { expect, test } from "bun:test";
import { StablePrefix } from "../../../plugins/pocketsphinx/stable-prefix.ts";

test.each<{ name: string; readings: [string, number][]; stable: number[] }>([
  { name: "nothing is stable at once", readings: [["go", 0]], stable: [0] },
  {
    name: "a word that stood long enough is",
    readings: [
      ["go", 0],
      ["go for", 50],
      ["go forward", 100],
    ],
    stable: [0, 0, 2],
  },
  {
    name: "a word that grows begins anew",
    readings: [
      ["go", 0],
      ["got", 90],
      ["got", 110],
      ["got", 190],
    ],
    stable: [0, 0, 0, 3],
  },
  {
    name: "so does what follows a word that changed",
    readings: [
      ["a b c", 0],
      ["a x c", 60],
      ["a x c", 130],
      ["a x c", 160],
    ],
    stable: [0, 0, 1, 5],
  },
  {
    name: "a text that is taken back starts from nothing",
    readings: [
      ["a", 0],
      ["a", 100],
      ["", 110],
      ["a", 120],
      ["a", 220],
    ],
    stable: [0, 1, 0, 0, 1],
  },
])("$name", ({ readings, stable }) => {
  const prefix = new StablePrefix(100);
  expect(readings.map(([text, at]) => prefix.next(text, at))).toEqual(stable);
});

test("where nothing is ever stable, nothing is", () => {
  const prefix = new StablePrefix(Number.POSITIVE_INFINITY);
  expect([prefix.next("go", 0), prefix.next("go", 1e12)]).toEqual([0, 0]);
});
