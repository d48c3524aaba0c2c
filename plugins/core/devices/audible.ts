import type { NodeContext } from "#engine/plugin";

/** By run, and by node, since a run may have several loudspeakers. Devices work in real time only, where run ids do not repeat. */
const known = new Map<string, Map<string, number>>();

/** What a node of a run knows of what the loudspeakers of that run play, so that a microphone can tell its own machine from a user. */
export class Audible {
  constructor(private readonly ctx: NodeContext) {}

  /** A loudspeaker is heard until then, by the run's clock. */
  until(ms: number): void {
    const byNode = known.get(this.ctx.runId) ?? new Map<string, number>();
    known.set(this.ctx.runId, byNode);
    byNode.set(this.ctx.nodeId, ms);
  }

  /** A loudspeaker is heard, or was so short a time ago. */
  within(tailMs: number): boolean {
    const sinceMs = this.ctx.clock.nowMs() - tailMs;
    for (const untilMs of known.get(this.ctx.runId)?.values() ?? []) if (untilMs > sinceMs) return true;
    return false;
  }

  /** For the end of a loudspeaker's node. */
  forget(): void {
    const byNode = known.get(this.ctx.runId);
    byNode?.delete(this.ctx.nodeId);
    if (byNode?.size === 0) known.delete(this.ctx.runId);
  }
}
