import type { Clock } from "#engine/plugin";

/** What is looked at of a run. */
interface Attended {
  readonly tracks: ReadonlyMap<
    string,
    { readonly input: { readonly ended: boolean }; readonly sender: object | undefined }
  >;
  drain(): Promise<void>;
}

/** Live runs that nobody sends to: their input ends after a while. */
export class LonelyRuns {
  /** What calls the end of the input off. */
  readonly #waiting = new Map<Attended, () => void>();

  constructor(
    private readonly clock: Clock,
    private readonly afterMs: number,
  ) {}

  /** Somebody came to a run or left it. @param goesOn false: it has ended meanwhile. */
  changed(run: Attended, goesOn: boolean): void {
    const tracks = [...run.tracks.values()];
    const alone = tracks.some(({ input }) => !input.ended) && tracks.every(({ sender }) => sender === undefined);
    if (alone === this.#waiting.has(run)) return;
    this.forget(run);
    if (alone && goesOn)
      this.#waiting.set(
        run,
        this.clock.after(this.afterMs, () => void run.drain()),
      );
  }

  forget(run: Attended): void {
    this.#waiting.get(run)?.();
    this.#waiting.delete(run);
  }

  stop(): void {
    for (const callOff of this.#waiting.values()) callOff();
    this.#waiting.clear();
  }
}
