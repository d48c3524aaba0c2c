import { expect, test } from "bun:test";
import { interleave, median, quantile, summarise } from "./measure.ts";
import { type Measurement, verdictOf } from "./measurement.ts";
import { renderReport, reportJson } from "./report.ts";

test.each([
  { name: "an odd count has a middle", values: [9, 1, 5], middle: 5 },
  { name: "an even count has the mean of two", values: [4, 1, 2, 9], middle: 3 },
  { name: "numbers are ordered as numbers", values: [10, 9, 100], middle: 10 },
])("median: $name", ({ values, middle }) => {
  expect(median(values)).toBe(middle);
});

test("no values have no median, rather than a wrong one", () => {
  expect(() => median([])).toThrow(RangeError);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

test("a quantile is one of the values, by nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect([0, 0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([1, 50, 95, 100]);
});

test("a summary tells the median and how far the repetitions lie apart", () => {
  expect(summarise([3, 1, 2])).toEqual({ value: 2, spread: { min: 1, max: 3 } });
});

test("candidates take turns, each round begins with another, and the first round does not count", async () => {
  const order: string[] = [];
  let n = 0;
  const turn = (name: string) => () => {
    order.push(name);
    return n++;
  };
  const answers = await interleave({ a: turn("a"), b: turn("b") }, 2);
  expect(order.join("")).toBe("ababba");
  expect(answers).toEqual({ a: [2, 5], b: [3, 4] });
});

const figure = (value: number, goal?: Measurement["goal"]): Measurement => ({
  key: "k",
  value,
  unit: "ms",
  ...(goal ? { goal } : {}),
});

test.each([
  { name: "at most, below", measurement: figure(29, { op: "<=", value: 30 }), verdict: "met" },
  { name: "at most, exactly", measurement: figure(30, { op: "<=", value: 30 }), verdict: "met" },
  { name: "at most, above", measurement: figure(31, { op: "<=", value: 30 }), verdict: "missed" },
  { name: "at least, below", measurement: figure(29, { op: ">=", value: 30 }), verdict: "missed" },
  { name: "at least, above", measurement: figure(31, { op: ">=", value: 30 }), verdict: "met" },
  {
    name: "a value that is no number misses",
    measurement: figure(Number.NaN, { op: "<=", value: 30 }),
    verdict: "missed",
  },
  { name: "no goal", measurement: figure(1), verdict: "" },
])("verdict: $name", ({ measurement, verdict }) => {
  expect(verdictOf(measurement)).toBe(verdict as ReturnType<typeof verdictOf>);
});

test("the report shows goal, spread and verdict of each figure, what is left out, a failed benchmark, and the machine", () => {
  const machine = {
    system: "Linux 6 x64",
    processor: "a processor",
    cores: 2,
    memoryGiB: 4,
    loadAverage: [0.5, 0.4, 0.3],
    versions: { bun: "1.4.4" },
    commit: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
  };
  const measurements = [{ ...figure(12.3456, { op: "<=", value: 10 }), spread: { min: 11, max: 14.5 } }];
  const results = [
    { name: "latency", measurements, leftOut: [{ key: "vsPeer", why: "no peer here" }] },
    { name: "lint", measurements: [], error: "no such file" },
  ];
  const lines = renderReport(results, machine).split("\n");
  expect(lines[2]?.split(/ {2,}/)).toEqual(["latency", "k", "12.35 ms", "11 to 14.5", "<= 10", "missed"]);
  expect(lines[3]?.split(/ {2,}/)).toEqual(["latency", "vsPeer", "left out", "no peer here"]);
  expect(lines[4]?.split(/ {2,}/)).toEqual(["lint", "failed", "no such file"]);
  expect(lines.slice(5).join("\n")).toContain(
    "a processor, 2 cores, 4 GiB, Linux 6 x64\nload average at the start 0.5 0.4 0.3;",
  );
  expect(JSON.parse(reportJson(results, machine)).results[0].measurements[0]).toMatchObject({
    value: 12.3456,
    verdict: "missed",
  });
});
