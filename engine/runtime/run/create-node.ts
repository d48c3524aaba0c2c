import { asEngineError, EngineError } from "#engine/errors";
import type { Clock, InlineNode, Logger, TaskNode } from "#engine/plugin";
import type { RunNodeContext } from "../node-context.ts";
import type { Unit } from "../unit.ts";
import { within } from "../within.ts";

/** What the creation of a run's nodes goes by. */
export interface Creation {
  readonly clock: Clock;
  readonly log: Logger;
  /** `limits.startMs`. */
  readonly startMs: number;
  /** False once the run ends: what becomes ready then is closed at once. */
  wanted(): boolean;
}

/**
 * What a node's type makes for it; undefined where nobody wants it any more.
 * @throws EngineError NODE_HUNG when it is late, and whatever `create` throws. What is ready only after that is closed all the same.
 */
export async function createNode(
  unit: Unit,
  ctx: RunNodeContext,
  by: Creation,
): Promise<InlineNode | TaskNode | undefined> {
  const { definition, config, openMs } = unit.planned;
  const before = unit.host.watch.enter(unit.watchToken, "create");
  let made: ReturnType<typeof definition.create> | undefined;
  try {
    made = definition.create(config, ctx);
    unit.host.watch.leave(before);
    const ready = made instanceof Promise ? inTime(made, unit, ctx, by) : made;
    const node = await (openMs === undefined ? ready : opened(ready, unit, openMs, by.clock));
    if (by.wanted()) return node;
    await closeLate(node, ctx, by.log);
    return undefined;
  } catch (error) {
    unit.host.watch.leave(before);
    if (made instanceof Promise) made.then((node) => closeLate(node, ctx, by.log)).catch(() => {});
    throw error;
  }
}

/** By the machine's clock, which goes on where the run's may stand. */
function inTime<T>(made: Promise<T>, unit: Unit, ctx: RunNodeContext, { startMs }: Creation): Promise<T> {
  const wallMs = Math.max(startMs, unit.planned.openMs ?? 0);
  const late = () =>
    new EngineError("NODE_HUNG", `${unit.id} (${unit.planned.type}) was not created within ${wallMs} ms`);
  return ctx.announcedHook(within(made, wallMs, late));
}

function opened<T>(ready: T | Promise<T>, unit: Unit, openMs: number, clock: Clock): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const callOff = clock.after(openMs, () =>
      reject(
        new EngineError(
          "NODE_HUNG",
          `${unit.id} (${unit.planned.type}) did not open within ${openMs} ms (timeouts.openMs)`,
        ),
      ),
    );
    Promise.resolve(ready).then(resolve, reject).finally(callOff);
  });
}

/** A node that was ready only when nobody waited for it any more: what it opened is closed all the same. */
async function closeLate(node: InlineNode | TaskNode, ctx: RunNodeContext, log: Logger): Promise<void> {
  try {
    await node.close?.();
    await ctx.dispose();
  } catch (error) {
    const { message } = asEngineError(error, "NODE_FAILED", ctx.nodeId);
    log.warn("a node that was ready too late failed to close", { node: ctx.nodeId, message });
  }
}
