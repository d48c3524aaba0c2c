/**
 * Where a call begins that is timed. `emit`: a frame that a task hands on. `onFrame`: one that a node takes from its queue. `batch`: a frame's share
 * of a call for many. Each with all nodes behind it that run in the same call: one look at the clock in each of them would make the whole call
 * slower by a fifth.
 */
export type CallHook = "emit" | "onFrame" | "batch";

/** One frame in so many is timed, and one call for many in 16: to read the clock twice costs more than to pass a frame on. */
const TIMED_FRAMES = 256;
const TIMED_BATCHES = 16;

/** Whether a frame of a node is timed. @param frames that it has taken, or handed on, this one included */
export const isTimed = (frames: number): boolean => (frames & (TIMED_FRAMES - 1)) === 0;

/** The same of a call for many. @param calls that were made, this one included */
export const isBatchTimed = (calls: number): boolean => (calls & (TIMED_BATCHES - 1)) === 0;
