import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeldAudio, HeldTexts } from "#engine/client";

/** Takes all that may be sent up to a position. */
function taken(held: HeldAudio, limit = Number.MAX_SAFE_INTEGER): { startSample: number; bytes: number[] }[] {
  const pieces: { startSample: number; bytes: number[] }[] = [];
  for (let piece = held.next(limit); piece; piece = held.next(limit))
    pieces.push({ startSample: piece.startSample, bytes: [...piece.bytes] });
  return pieces;
}

test("audio is sent in whole samples, whatever the chunks were", () => {
  const held = new HeldAudio(1000);
  held.goOn(0, 2);
  held.put(new Uint8Array([1, 2, 3]));
  expect(taken(held)).toEqual([{ startSample: 0, bytes: [1, 2] }]);
  held.put(new Uint8Array([4, 5]));
  expect(taken(held)).toEqual([{ startSample: 1, bytes: [3, 4] }]);
  expect(held.allSent).toBe(true);
});

test("nothing is sent beyond the window, nor before a position was named", () => {
  const held = new HeldAudio(1000);
  held.put(new Uint8Array(20));
  expect(held.holds).toBeUndefined();
  held.goOn(100, 2);
  expect(taken(held, 104).map(({ startSample, bytes }) => [startSample, bytes.length])).toEqual([[100, 8]]);
  expect(held.holds).toBe(100);
});

test("more than may be held is refused until something is kept", () => {
  const held = new HeldAudio(4);
  held.goOn(0, 1);
  held.put(new Uint8Array(4));
  expect(() => held.put(new Uint8Array(1))).toThrow(expect.objectContaining({ code: "FLOW_EXCEEDED" }));
  taken(held);
  held.drop(4);
  held.put(new Uint8Array(4));
  expect(held.heldBytes).toBe(4);
});

test("whatever is lost and wherever the server goes on, every byte arrives once and in order", () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 50 });
  const step = fc.oneof(
    { weight: 5, arbitrary: chunk.map((bytes) => ({ kind: "put" as const, bytes })) },
    { weight: 3, arbitrary: fc.nat(40).map((window) => ({ kind: "send" as const, window })) },
    {
      weight: 2,
      arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((part) => ({ kind: "keep" as const, part })),
    },
    {
      weight: 1,
      arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((part) => ({ kind: "crash" as const, part })),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 2, 4), (steps, frameBytes) => {
      const held = new HeldAudio(1 << 20);
      held.goOn(0, frameBytes);
      const spoken: number[] = [];
      let server: number[] = [];
      let kept = 0;
      const receive = (limit: number) => {
        for (const { startSample, bytes } of taken(held, limit)) {
          expect(startSample * frameBytes).toBe(server.length);
          server.push(...bytes);
        }
      };
      for (const each of steps) {
        const received = server.length / frameBytes;
        if (each.kind === "put") {
          held.put(each.bytes);
          spoken.push(...each.bytes);
        } else if (each.kind === "send") receive(received + each.window);
        else if (each.kind === "keep") {
          kept += Math.floor((received - kept) * each.part);
          held.drop(kept);
        } else {
          // a new process has what was kept, and perhaps more
          const goesOn = kept + Math.floor((received - kept) * each.part);
          server = server.slice(0, goesOn * frameBytes);
          held.goOn(goesOn, frameBytes);
        }
      }
      receive(Number.MAX_SAFE_INTEGER);
      expect(server).toEqual(spoken.slice(0, Math.floor(spoken.length / frameBytes) * frameBytes));
    }),
    { numRuns: 300 },
  );
});

test("texts go on where the server says, and are forgotten when they are kept", () => {
  const held = new HeldTexts();
  for (const text of ["a", "b", "c"]) held.put({ text });
  expect(held.next(10)).toBeUndefined();
  held.goOn(5);
  const sent = () => Array.from({ length: 9 }, () => held.next(7)?.text).filter(Boolean);
  expect(sent()).toEqual(["a", "b"]);
  held.drop(6);
  expect(held.holds).toBe(6);
  held.goOn(6);
  expect(sent()).toEqual(["b"]);
  expect(held.next(8)?.text).toBe("c");
  expect(held.allSent).toBe(true);
});
