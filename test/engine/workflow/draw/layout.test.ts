import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { layOut, type Placed } from "../../../../engine/workflow/draw/layout.ts";
import type { Card, Picture, Wire } from "../../../../engine/workflow/draw/picture.ts";

const card = (i: number, rows: number): Card => ({
  id: `n${i}`,
  sort: "node",
  title: `n${i}`,
  type: "test.node",
  policies: [],
  left: [],
  right: [],
  width: 100 + 10 * rows,
  height: 60 + 32 * rows,
  rowsAt: 50,
});

/** Graphs without a circle: each wire goes from an earlier card to a later one. */
const pictures = fc
  .tuple(
    fc.array(fc.nat(3), { minLength: 1, maxLength: 14 }),
    fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { maxLength: 25 }),
  )
  .map(([rows, pairs]): Picture => {
    const cards = rows.map((count, i) => card(i, count));
    const wires = pairs
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
      .filter(([a, b]) => a !== b && b < cards.length)
      .map(
        ([a, b]): Wire => ({
          from: `n${a}`,
          fromRow: 0,
          to: `n${b}`,
          toRow: 0,
          kind: "audio",
          direct: false,
          toOutput: false,
          words: "",
        }),
      );
    return { cards, wires };
  });

const boxes = ({ cards }: Placed) =>
  [...cards].map(([{ width, height }, { x, y }]) => ({ left: x, right: x + width, top: y, bottom: y + height }));

describe("a layout", () => {
  test("lets no two cards touch, and keeps all inside the picture", () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const placed = layOut(picture);
        const all = boxes(placed);
        for (const [i, a] of all.entries()) {
          expect(a.left).toBeGreaterThanOrEqual(0);
          expect(a.top).toBeGreaterThanOrEqual(0);
          expect(a.right).toBeLessThanOrEqual(placed.width);
          expect(a.bottom).toBeLessThanOrEqual(placed.height);
          for (const b of all.slice(i + 1)) {
            const apart =
              a.right + 10 <= b.left || b.right + 10 <= a.left || a.bottom + 10 <= b.top || b.bottom + 10 <= a.top;
            expect(apart).toBe(true);
          }
        }
      }),
    );
  });

  test("leads every wire from its card's right side to the other's left, forwards, and through no card", () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const placed = layOut(picture);
        const at = new Map([...placed.cards].map(([{ id, width }, { x, y }]) => [id, { x, y, width }]));
        for (const [wire, points] of placed.wires) {
          const [from, to] = [at.get(wire.from)!, at.get(wire.to)!];
          expect(points[0]).toEqual({ x: from.x + from.width, y: from.y + 50 });
          expect(points.at(-1)).toEqual({ x: to.x, y: to.y + 50 });
          for (const [i, { x }] of points.slice(1).entries()) expect(x).toBeGreaterThan(points[i]!.x);
          for (const { x, y } of points.slice(1, -1))
            for (const box of boxes(placed))
              expect(x > box.left && x < box.right && y > box.top && y < box.bottom).toBe(false);
        }
      }),
    );
  });

  test("is the same every time", () => {
    fc.assert(
      fc.property(pictures, (picture) => expect([...layOut(picture).wires]).toEqual([...layOut(picture).wires])),
    );
  });

  test("draws a chain as a straight line", () => {
    const wire = (a: number): Wire => ({
      from: `n${a}`,
      fromRow: 0,
      to: `n${a + 1}`,
      toRow: 0,
      kind: "text",
      direct: false,
      toOutput: false,
      words: "",
    });
    const { wires } = layOut({ cards: [0, 1, 2, 3].map((i) => card(i, i)), wires: [wire(0), wire(1), wire(2)] });
    const heights = [...wires.values()].flat().map(({ y }) => Math.round(y));
    expect(new Set(heights).size).toBe(1);
  });
});
