import { type FSWatcher, watch } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Console, EXIT, type World } from "./command.ts";

/** Editors write a file in several steps; what comes within this is one change. */
const SETTLED_MS = 150;

/** What may change what a run does: workflows, and what is listed beside them. */
const WATCHED = /\.(ya?ml|ts|js|json)$/;
/** Folders that runs and package managers write into. */
const LEFT_OUT = /(^|[/\\])(node_modules|runs|\.git)([/\\]|$)/;

/**
 * Runs something again each time that a file changes beside or below a workflow: what is under way then is cancelled first. A run that
 * has ended waits for the next change.
 * @param once one run; it ends when the world it is given is interrupted.
 * @returns the exit status of the last run, once Ctrl-C has ended it.
 */
export async function runOnChange(
  file: string,
  console: Console,
  world: World,
  once: (world: World) => Promise<number>,
): Promise<number> {
  const changes = new Changes(dirname(resolve(world.cwd, file)));
  let told = 0;
  const ended = Promise.withResolvers<void>();
  const off = world.onInterrupt((count) => {
    told = count;
    ended.resolve();
  });
  try {
    for (;;) {
      const changed = changes.next();
      const status = await once(interruptedBy(changed, world));
      if (told > 0) return status;
      console.err(`waiting for a change beside ${file}; Ctrl-C ends`);
      const what = await Promise.race([changed, ended.promise]);
      if (what === undefined) return told > 0 ? status : EXIT.failed;
      console.err(`${what} has changed`);
    }
  } finally {
    off();
    changes.close();
  }
}

/** A world in which a change cancels at once, as two interrupts do. */
const interruptedBy = (changed: Promise<string>, world: World): World => ({
  ...world,
  onInterrupt(call) {
    let on = true;
    const off = world.onInterrupt(call);
    void changed.then(() => {
      if (on) for (const count of [1, 2]) call(count);
    });
    return () => {
      on = false;
      off();
    };
  },
});

/** Files that change below a folder. */
class Changes {
  readonly #watcher: FSWatcher;
  #waiting: ((name: string) => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(folder: string) {
    this.#watcher = watch(folder, { recursive: true }, (_event, name) => this.#seen(name));
  }

  /** The next file that changes from now on. */
  next(): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watcher.close();
  }

  #seen(name: string | null): void {
    if (name === null || !WATCHED.test(name) || LEFT_OUT.test(name)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#waiting?.(name), SETTLED_MS);
  }
}
