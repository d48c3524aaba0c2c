import { EngineError } from "#engine/errors";
import type { Caller, Quotas } from "./api/access.ts";
import type { ServerConfig } from "./config.ts";
import type { Lateness } from "./lateness.ts";

export interface Load {
  /** Runs of this process. */
  readonly runs: number;
  runsOf(project: string): number;
  /** Of runs that are going on, in this month and before it. */
  liveAudioSeconds(project: string): number;
  /** Of runs that ended, since a time. */
  storedAudioSeconds(project: string, fromMs: number): Promise<number>;
}

const RETRY_MS = 1000;

/** Decides who may begin what: by the load of the process, and by what a project may use. */
export class Admission {
  draining = false;
  refused = 0;
  /** Requests of each project in the minute that is going on. */
  readonly #requests = new Map<string, number>();
  #minute = 0;

  constructor(
    private readonly config: ServerConfig,
    private readonly load: Load,
    private readonly lateness: Lateness,
    private readonly epochMs: () => number,
  ) {}

  /** Why no run would be taken now; undefined where one would. */
  get reason(): EngineError | undefined {
    if (this.draining)
      return new EngineError("SERVER_DRAINING", "the server ends and takes nothing new", retry(RETRY_MS));
    const { runs, lateMs } = this.config.limits;
    if (this.load.runs >= runs)
      return new EngineError(
        "SERVER_BUSY",
        `${runs} runs are going on, as many as limits.runs allows`,
        retry(RETRY_MS),
      );
    if (this.lateness.sustainedMs > lateMs)
      return new EngineError("SERVER_BUSY", "the machine does not keep up with the runs it has", retry(RETRY_MS));
    return undefined;
  }

  /** @throws EngineError SERVER_DRAINING, SERVER_BUSY, QUOTA_EXCEEDED. */
  async admitRun(project: string): Promise<void> {
    const reason = this.reason;
    if (reason) {
      this.refused++;
      throw reason;
    }
    const { runs, audioSeconds } = this.#quotas(project);
    if (runs !== undefined && this.load.runsOf(project) >= runs)
      throw this.#exceeded(`${runs} runs of the project are going on, as many as it may have`, RETRY_MS);
    if (audioSeconds === undefined) return;
    const now = new Date(this.epochMs());
    const month = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
    const used = (await this.load.storedAudioSeconds(project, month)) + this.load.liveAudioSeconds(project);
    if (used < audioSeconds) return;
    const next = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
    throw this.#exceeded("the project has used its audio of this month", next - now.getTime());
  }

  /** @throws EngineError QUOTA_EXCEEDED. */
  admitRequest({ project }: Caller): void {
    const { requestsPerMinute } = this.#quotas(project);
    if (requestsPerMinute === undefined) return;
    const nowMs = this.epochMs();
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#requests.clear();
    }
    const requests = (this.#requests.get(project) ?? 0) + 1;
    this.#requests.set(project, requests);
    if (requests > requestsPerMinute)
      throw this.#exceeded(
        `more than ${requestsPerMinute} requests of the project in a minute`,
        (minute + 1) * 60_000 - nowMs,
      );
  }

  #quotas(project: string): Quotas {
    const { quotas } = this.config.keys;
    const found = (Object.hasOwn(quotas, project) ? quotas[project] : quotas["*"]) ?? {};
    const { runs, audioSeconds, requestsPerMinute } = found;
    return {
      ...(runs !== undefined && { runs }),
      ...(audioSeconds !== undefined && { audioSeconds }),
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    };
  }

  #exceeded(message: string, retryAfterMs: number): EngineError {
    this.refused++;
    return new EngineError("QUOTA_EXCEEDED", message, retry(retryAfterMs));
  }
}

const retry = (retryAfterMs: number) => ({ details: { retryAfterMs } });
