import { expect, test } from "bun:test";
import fc from "fast-check";
import { SampleRing } from "#engine/audio";
import { counting } from "#test/signals";

test("a ring holds what a list of the latest samples holds, after any pushes and shifts", () => {
  const operation = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ shift: fc.integer({ min: 0, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 25 }), fc.array(operation, { maxLength: 40 }), (capacity, operations) => {
      const ring = new SampleRing(capacity);
      let list: number[] = [];
      let next = 1;
      for (const step of operations) {
        if ("push" in step) {
          const pcm = counting(step.push, next);
          next += step.push;
          list.push(...pcm);
          expect(ring.push(pcm)).toBe(Math.max(0, list.length - capacity));
          list = list.slice(-capacity);
        } else expect([...ring.shift(step.shift)]).toEqual(list.splice(0, step.shift));
        expect([...ring.toArray()]).toEqual(list);
        expect(ring.length).toBe(list.length);
      }
    }),
  );
});

test("a cleared ring is empty and works on", () => {
  const ring = new SampleRing(4);
  ring.push(counting(3, 1));
  ring.clear();
  ring.push(counting(3, 7));
  expect([...ring.toArray()]).toEqual([7, 8, 9]);
});
