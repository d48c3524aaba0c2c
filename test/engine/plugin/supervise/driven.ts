import { expect } from "bun:test";
import {
  type AwaitableEmit,
  type Control,
  type Frame,
  type NodeDefinition,
  supervise,
  type TaskNode,
  type TextFrame,
} from "#engine/plugin";
import { driveNode } from "#engine/testing";
import { utterances } from "./doubles.ts";

export const talk = utterances(4, 1, 3);
export const SAID = ["0 1 2 3", "4", "5 6 7"];

export const drive = (
  candidates: { definition: NodeDefinition; attempts?: number }[],
  frames: Parameters<typeof driveNode>[2] & object = { frames: talk },
  resultMs?: number,
) => {
  const { definition, config } = supervise({
    candidates: candidates.map((c) => ({ config: {}, attempts: 1, ...c })),
    ...(resultMs === undefined ? {} : { resultMs }),
  });
  return driveNode(definition, config, frames);
};
export const finals = (driven: { frames(port?: string): Frame[] }) =>
  driven.frames().flatMap((f) => (f.kind === "text" && f.final ? [f.text] : []));
export const texts = (driven: { frames(port?: string): Frame[] }) =>
  driven.frames().filter((f): f is TextFrame => f.kind === "text");

/** A supervised node with a hand on what is around it: what its emitting waits for, and what is done to the node itself. */
export const defineWatched = (
  definition: NodeDefinition,
  around: { emit?: (frame: Frame) => Promise<void> | undefined; node?: (node: TaskNode) => TaskNode },
): NodeDefinition => ({
  ...definition,
  create: async (config, ctx) => {
    const made = await definition.create(config, ctx);
    if (!("run" in made)) throw new Error("a supervised node is a task");
    const node = around.node?.(made) ?? made;
    return {
      run: (input, emit, signal) =>
        node.run(
          input,
          (frame, port) => {
            emit(frame, port);
            return around.emit?.(frame);
          },
          signal,
        ),
      onControl: (control: Control, emit: AwaitableEmit) => node.onControl?.(control, emit),
      close: () => node.close?.(),
    };
  },
});

/** Revisions rise by utterance, a final is the last. */
export function expectRising(frames: TextFrame[]) {
  const last = new Map<string, TextFrame>();
  for (const frame of frames) {
    const before = last.get(frame.utterance);
    if (before) {
      expect(before.final).toBe(false);
      expect(frame.revision).toBeGreaterThan(before.revision);
    }
    last.set(frame.utterance, frame);
  }
}
