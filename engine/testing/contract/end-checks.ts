import assert from "node:assert/strict";
import { endSample } from "#engine/plugin";
import { audioOf } from "./audio-checks.ts";
import { checksOf, framesOf, nodeContract } from "./node-checks.ts";
import { type Check, type MakeSubject, probe, type Subject } from "./probe.ts";

/** A sink, with what tells a valid file of its from a broken one. */
export interface SinkSubject extends Subject {
  /** Throws when the bytes are no valid file. */
  readonly checkFile?: (bytes: Uint8Array, path: string) => void;
}

/** What a sink promises. */
export const sinkContract = (name: string, make: () => SinkSubject | Promise<SinkSubject>): Check[] => [
  ...nodeContract(name, make),
  ...checksOf(name, make, {
    "emits nothing": async (subject) => {
      assert.equal((await probe(subject)).emitted.length, 0);
    },
    "leaves valid files, however much came": async (subject: SinkSubject) => {
      const frames = framesOf(subject);
      for (const count of [0, 1, Math.floor(frames.length / 2), frames.length]) {
        const { artifacts } = await probe(subject, { frames: frames.slice(0, count) });
        for (const [path, bytes] of Object.entries(artifacts)) subject.checkFile?.(bytes, path);
      }
    },
  }),
];

/** What a source promises. */
export const sourceContract = (name: string, make: MakeSubject): Check[] => [
  ...nodeContract(name, make),
  ...checksOf(name, make, {
    "gives something": async (subject) => {
      assert.ok((await probe(subject)).emitted.length > 0, "nothing came");
    },
    "gives audio without a gap from sample 0 on": async (subject) => {
      let end = 0;
      for (const frame of audioOf((await probe(subject)).frames())) {
        assert.equal(frame.startSample, end, "the position of a frame");
        end = endSample(frame);
      }
    },
  }),
];
