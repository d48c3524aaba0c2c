import { expect, test } from "bun:test";
import { randomFrom } from "#test/detector-signals";
import { commonSlope, leastSquares } from "./slope.ts";

const xs = Array.from({ length: 40 }, (_, i) => i);

test("points on a line give that line, without doubt", () => {
  const { value, low, high } = leastSquares(
    xs,
    xs.map((x) => 3 - 2 * x),
  );
  expect(value).toBeCloseTo(-2, 12);
  expect(high - low).toBeCloseTo(0, 9);
});

test("the interval holds the true slope in about 19 of 20 cases", () => {
  const random = randomFrom(7);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  let held = 0;
  for (let trial = 0; trial < 2000; trial++) {
    const { low, high } = leastSquares(
      xs,
      xs.map((x) => 0.5 * x + 4 * normal()),
    );
    if (low <= 0.5 && 0.5 <= high) held++;
  }
  expect(held / 2000).toBeWithin(0.935, 0.965);
});

test("points that resemble the ones before them do not make it narrow", () => {
  const random = randomFrom(11);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const many = Array.from({ length: 180 }, (_, i) => i);
  let held = 0;
  for (let trial = 0; trial < 1000; trial++) {
    let drift = 0;
    const ys = many.map((x) => {
      drift = 0.6 * drift + normal();
      return 0.5 * x + drift;
    });
    const { low, high } = leastSquares(many, ys);
    if (low <= 0.5 && 0.5 <= high) held++;
  }
  expect(held / 1000).toBeWithin(0.9, 0.97); // taken for independent, they would hold it in two cases of three
});

test("too few points are refused", () => {
  expect(() => leastSquares(xs.slice(0, 11), xs.slice(0, 11))).toThrow(RangeError);
});

test("several series have one slope in common, each at a height of its own, and narrow the interval", () => {
  const random = randomFrom(17);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const widths = { one: 0, four: 0 };
  let held = 0;
  for (let trial = 0; trial < 500; trial++) {
    const series = [10, -40, 0, 100].map((height) => ({ xs, ys: xs.map((x) => height + 0.5 * x + normal()) }));
    const [four, one] = [commonSlope(series), commonSlope(series.slice(0, 1))];
    widths.one += one.high - one.low;
    widths.four += four.high - four.low;
    if (four.low <= 0.5 && 0.5 <= four.high) held++;
  }
  expect(held / 500).toBeWithin(0.92, 0.98);
  expect(widths.four / widths.one).toBeWithin(0.45, 0.55);
});
