import type { World } from "./command.ts";

/** Resolves at the first Ctrl-C or SIGTERM; `again` at the next one. */
export function interrupted(world: World): Promise<{ readonly again: Promise<void> }> {
  const first = Promise.withResolvers<{ readonly again: Promise<void> }>();
  const second = Promise.withResolvers<void>();
  world.onInterrupt((count) => {
    if (count === 1) first.resolve({ again: second.promise });
    else second.resolve();
  });
  return first.promise;
}
