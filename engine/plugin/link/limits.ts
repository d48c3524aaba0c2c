import { EngineError } from "#engine/errors";
import type { Clock } from "../clock.ts";
import type { Resource } from "../resource.ts";
import { credentialKey } from "./credential.ts";

/** What a vendor allows one credential, across all runs of the process. 0 is off. */
export interface LimitSettings {
  /** Sessions at once. */
  readonly concurrency: number;
  /** Sessions begun, or requests, in a second. */
  readonly perSecond: number;
  /** How long to wait for one's turn before it is VENDOR_RATE_LIMITED. */
  readonly waitMs: number;
}

interface Waiter {
  readonly enter: () => void;
}

/** Keeps all users of a credential within its limits, first come first served. */
export class CredentialLimits {
  #inside = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #waiting: Waiter[] = [];
  #timer: (() => void) | undefined;

  constructor(readonly settings: LimitSettings) {}

  /** Users inside, for tests and `doctor`. */
  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for one's turn.
   * @returns the function that gives the place back; a second call does nothing.
   * @throws EngineError VENDOR_RATE_LIMITED after `waitMs`; the signal's reason.
   */
  enter(clock: Clock, signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leaveQueue = () => {
        signal?.removeEventListener("abort", onAbort);
        late?.();
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
      };
      const onAbort = () => {
        leaveQueue();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        enter: () => {
          leaveQueue();
          resolve(this.#place(clock));
        },
      };
      const { waitMs, concurrency, perSecond } = this.settings;
      const late =
        waitMs > 0
          ? clock.after(waitMs, () => {
              leaveQueue();
              const limits = `${concurrency || "any number of"} sessions at once, ${perSecond || "any number"} a second`;
              reject(
                new EngineError(
                  "VENDOR_RATE_LIMITED",
                  `no turn within ${waitMs} ms; the credential's own limit: ${limits}`,
                ),
              );
            })
          : undefined;
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiter);
      this.#admit(clock);
    });
  }

  #place(clock: Clock): () => void {
    this.#inside++;
    this.#lastMs = Math.max(clock.nowMs(), this.#nextMs());
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#inside--;
      this.#admit(clock);
    };
  }

  #nextMs(): number {
    return this.settings.perSecond > 0 ? this.#lastMs + 1000 / this.settings.perSecond : Number.NEGATIVE_INFINITY;
  }

  #admit(clock: Clock): void {
    const { concurrency } = this.settings;
    while (this.#waiting.length > 0 && (concurrency === 0 || this.#inside < concurrency)) {
      const waitMs = this.#nextMs() - clock.nowMs();
      if (waitMs > 0) {
        this.#timer ??= clock.after(waitMs, () => {
          this.#timer = undefined;
          this.#admit(clock);
        });
        return;
      }
      this.#waiting[0]?.enter();
    }
  }
}

/** The limits of a credential, for `ctx.resource(…)`. The first user's settings hold. */
export const credentialLimits = (settings: LimitSettings, ...parts: readonly string[]): Resource<CredentialLimits> => ({
  key: `limits ${credentialKey(parts)}`,
  open: async () => new CredentialLimits(settings),
  close: () => {},
});
