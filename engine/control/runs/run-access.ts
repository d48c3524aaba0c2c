import { EngineError } from "#engine/errors";
import type { RunRow, Store } from "#engine/store";
import { requireScope } from "../access.ts";
import type { Caller, Scope } from "../api/access.ts";
import type { RunView } from "../api/runs.ts";
import { isOver, type LiveRun } from "../live/live-run.ts";
import type { RunBook } from "./run-book.ts";
import { runView } from "./views.ts";

/** Finds runs for callers: of their project only, and within what their key or token may see. */
export class RunAccess {
  constructor(
    private readonly store: Store,
    private readonly book: RunBook,
  ) {}

  /** @throws EngineError RUN_NOT_FOUND, SCOPE_MISSING. */
  async row(caller: Caller, id: string, scope: Scope): Promise<RunRow> {
    requireScope(caller, scope);
    const row = this.book.get(id)?.row ?? (await this.store.read((from) => from.runs.get(id)));
    const { only } = caller;
    const seen =
      row?.project === caller.project &&
      (!only ||
        ("run" in only
          ? only.run === row.id
          : [row.workflow, `${row.workflow}@${row.version}`].includes(only.workflow)));
    if (!row || !seen) throw new EngineError("RUN_NOT_FOUND", "there is no such run");
    return row;
  }

  /** A run that goes on in this process. @throws EngineError RUN_NOT_FOUND, SCOPE_MISSING, RUN_ENDED. */
  async running(caller: Caller, id: string): Promise<LiveRun> {
    const row = await this.row(caller, id, "runs:write");
    const live = this.book.get(id);
    if (!live || isOver(live.state)) throw new EngineError("RUN_ENDED", `the run is ${live?.state ?? row.state}`);
    return live;
  }

  async view(row: RunRow): Promise<RunView> {
    return this.store.read(async (from) => {
      const live = this.book.get(row.id);
      // a run that has left this process meanwhile has stored how it ended
      const now = live ? live.row : ((await from.runs.get(row.id)) ?? row);
      const tracks = await from.journal.tracks([row.id]);
      const lastId = (await from.journal.lastIds([row.id])).get(row.id) ?? 0;
      return runView(now, tracks, lastId, live);
    });
  }
}
