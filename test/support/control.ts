import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Caller,
  type Control,
  type ControlOptions,
  type FollowRequest,
  openControl,
  type RunMessage,
  SCOPES,
  type ServerConfig,
  type SessionListener,
  type SessionMessage,
  serverConfigSchema,
} from "#engine/control";
import { NodeTypes } from "#engine/plugin";
import { newHousehold, SystemClock } from "#engine/runtime";
import core from "#plugins/core";
import numbers, { RATE_HZ } from "./spoken-numbers.ts";

export const types = new NodeTypes([core, numbers]);

const quiet = { debug() {}, info() {}, warn() {} };

/** May do everything in its project. */
export const callerOf = (project: string, more: Partial<Caller> = {}): Caller => ({
  project,
  scopes: new Set(SCOPES),
  ...more,
});

export const caller = callerOf("default");

export const live = { live: { encoding: "s16le", sampleRateHz: RATE_HZ, channels: 1 } } as const;

export interface TestControl extends AsyncDisposable {
  readonly control: Control;
  readonly folder: string;
}

export interface TestOptions extends Partial<Omit<ControlOptions, "config">> {
  /** As it would stand in parlando.yaml. */
  readonly config?: unknown;
  /** Of an earlier control whose store goes on. */
  readonly folder?: string;
}

export const configOf = (written: unknown): ServerConfig => serverConfigSchema.parse(written);

/** A control on a store of its own, closed and removed when the test's scope ends; a given folder stays. */
export async function openTestControl({ config, folder, ...more }: TestOptions = {}): Promise<TestControl> {
  const home = folder ?? mkdtempSync(join(tmpdir(), "parlando-control-"));
  const control = await openControl({
    config: configOf(config ?? {}),
    types,
    household: newHousehold(),
    clock: new SystemClock(),
    environment: {},
    cwd: home,
    log: quiet,
    ...more,
  });
  return {
    control,
    folder: home,
    async [Symbol.asyncDispose]() {
      await control.close();
      if (!folder) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A socket that remembers what it got; `room` says whether it has room for more. */
export class TestSocket implements SessionListener {
  readonly got: SessionMessage[] = [];
  room = true;
  readonly #waiting: { found(): boolean; resolve(): void }[] = [];

  send(message: SessionMessage): boolean {
    this.got.push(message);
    for (const waiting of this.#waiting.filter((each) => each.found())) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
    return this.room;
  }

  get events(): RunMessage[] {
    return this.got.flatMap((message) => (message.type === "event" ? [message.event] : []));
  }

  get finals(): string[] {
    return finalsOf(this.events);
  }

  /** The last positions told of the track. */
  get position(): { received: number; kept: number } | undefined {
    const told = this.got.filter((message) => message.type === "position").at(-1);
    return told && { received: told.received, kept: told.kept };
  }

  /** Resolves once this holds, which is looked at with every message. */
  until(found: (socket: this) => boolean): Promise<void> {
    if (found(this)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ found: () => found(this), resolve }));
  }
}

export const finalsOf = (events: readonly RunMessage[]): string[] =>
  events.flatMap((event) => (event.type === "text.final" ? [event.data.text] : []));

/** All events of a run until it has ended. */
export async function eventsOf(
  control: Control,
  id: string,
  request: Partial<FollowRequest> = {},
  who: Caller = caller,
): Promise<RunMessage[]> {
  const events: RunMessage[] = [];
  const signal = request.signal ?? new AbortController().signal;
  for await (const followed of await control.runs.follow(who, id, { ...request, signal }))
    if (followed.type === "event") events.push(followed.event);
  return events;
}

/** The code that a promise is rejected with. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error) => (error as { code?: string }).code ?? String(error),
  );
