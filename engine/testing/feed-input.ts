import {
  type Clock,
  type Control,
  durationMs,
  type Frame,
  FrameInput,
  positionMs,
  type Received,
} from "#engine/plugin";

/** What a node under test is handed next: a frame, or a control between frames. */
export type FeedItem = Received | { readonly control: Control };

/** Frames for the default input, controls among them, or frames by port, one port after the other. */
export type Feed = readonly (Frame | Control)[] | Readonly<Record<string, readonly Frame[]>>;

/**
 * In the order in which they are handed over.
 * @param port of a plain list.
 */
export function feedOf(frames: Feed, port: string): FeedItem[] {
  if (Array.isArray(frames))
    return frames.map((f: Frame | Control) => (isControl(f) ? { control: f } : { port, frame: f }));
  return Object.entries(frames).flatMap(([name, list]) => list.map((frame: Frame) => ({ port: name, frame })));
}

const CONTROLS = new Set(["end", "flush", "cancel", "deadline", "barge-in"]);
const isControl = (item: Frame | Control): item is Control => CONTROLS.has(item.kind);

/** Frames that are there from the start, or when their time has come; a control is handed over when its turn comes. */
export class FeedInput extends FrameInput {
  readonly #feed: FeedItem[];
  readonly #beganMs: number;

  constructor(
    feed: readonly FeedItem[],
    readonly clock: Clock,
    readonly pace: number,
    readonly onControl: (control: Control) => void,
  ) {
    super();
    this.#feed = [...feed];
    this.#beganMs = clock.nowMs();
  }

  poll(): Received | undefined {
    for (;;) {
      if (this.#earlyMs() > 0) return undefined;
      const item = this.#feed.shift();
      if (!item || "frame" in item) return item;
      this.onControl(item.control);
    }
  }

  async next(): Promise<Received | undefined> {
    for (let earlyMs = this.#earlyMs(); earlyMs > 0; earlyMs = this.#earlyMs()) await this.clock.sleep(earlyMs);
    return this.poll() ?? (this.#feed.length > 0 ? this.next() : undefined);
  }

  /** How long it is until the next item may come. */
  #earlyMs(): number {
    const item = this.#feed[0];
    if (this.pace === 0 || !item || !("frame" in item)) return 0;
    const dueMs = (positionMs(item.frame) + durationMs(item.frame)) / this.pace;
    return dueMs - (this.clock.nowMs() - this.#beganMs);
  }
}
