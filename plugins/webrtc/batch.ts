import type { AudioFrame, BatchItem, Step } from "#engine/plugin";
import { type Batch, VadSessions } from "#native/vad-session";
import type { SessionSteps } from "./frame-steps.ts";

/** One node's part in a call for many. */
export interface Batched {
  /** Undefined where its frames are judged one by one. */
  readonly session: SessionSteps | undefined;
  /** It failed earlier in this call. */
  broken: boolean;
  /** A frame that is judged by itself, with everything that comes of it. */
  onFrame(frame: AudioFrame, emit: BatchItem["emit"]): void;
  /** What comes of a frame that was judged. */
  judged(step: Step, frame: AudioFrame, emit: BatchItem["emit"]): void;
}

let pool: VadSessions | Error | undefined;

/** The sessions of this process, opened at the first call; undefined where no compiler made them. */
export function sessionPool(): VadSessions | undefined {
  if (pool === undefined)
    try {
      pool = VadSessions.create();
    } catch (error) {
      pool = error instanceof Error ? error : new Error(String(error)); // the same at the next call: not tried again
    }
  return pool instanceof VadSessions ? pool : undefined;
}

interface Item extends BatchItem {
  readonly node: BatchItem["node"] & Batched;
}

/**
 * Judges frames of many nodes in one call. What a node does with its frames comes afterwards, in order. A frame that cannot be judged with
 * others, such as one after a gap, is judged by itself once those before it are done.
 */
export function judgeTogether(items: readonly Item[]): void {
  let first = 0;
  let staged = 0;
  for (let i = 0; i < items.length; i++) {
    const { node, frame } = items[i]!;
    if (frame.kind === "audio" && node.session?.follows(frame.pcm, frame.startSample)) {
      if (attempt(items[i]!, stage)) staged++;
      continue;
    }
    if (staged > 0) settle(items, first, i);
    staged = 0;
    first = i + 1;
    if (!node.broken) attempt(items[i]!, judgeAlone);
  }
  if (staged > 0) settle(items, first, items.length);
  for (const { node } of items) node.broken = false;
}

const stage = ({ node, frame }: Item): void => {
  if (frame.kind === "audio") node.session!.stage(frame.pcm);
};

const judgeAlone = ({ node, frame, emit }: Item): void => {
  if (frame.kind === "audio") node.onFrame(frame, emit);
};

/** Judges what is staged of these items, and goes on with each. */
function settle(items: readonly Item[], first: number, end: number): void {
  const results = sessionPool()!.run();
  const starts = results.eventCount > 0 ? startsOf(results) : undefined;
  let number = 0;
  for (let i = first; i < end; i++) {
    const item = items[i]!;
    if (item.error !== undefined) continue; // it was not staged
    const step = results.step(number, 0);
    if (step === "opened") item.node.session!.opened(starts!.get(number)!);
    number++;
    if (item.node.broken || item.frame.kind !== "audio") continue;
    try {
      item.node.judged(step, item.frame, item.emit);
    } catch (error) {
      fail(item, error);
    }
  }
}

/** Where the utterances start that the frames of a batch open, by number in the batch. */
function startsOf(results: Batch): Map<number, number> {
  const starts = new Map<number, number>();
  for (const { step, item, atSample } of results.events()) if (step === "opened") starts.set(item, atSample);
  return starts;
}

function attempt(item: Item, work: (item: Item) => void): boolean {
  try {
    work(item);
    return true;
  } catch (error) {
    fail(item, error);
    return false;
  }
}

function fail(item: Item, error: unknown): void {
  item.error = error;
  item.node.broken = true;
}
