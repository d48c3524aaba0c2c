import type { Clock, NodeContext } from "#engine/plugin";
import type { ChatSettings } from "./config.ts";

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

interface Exchange {
  readonly user: string;
  /** As far as it came; empty where somebody spoke before it began. */
  readonly assistant: string;
}

/** What was said, bounded. */
export class History {
  #exchanges: Exchange[] = [];

  /** The messages of a request: roles take turns, as many models insist. */
  messages(question: string, { system, historyTurns, historyChars }: ChatSettings): ChatMessage[] {
    this.#forget(historyTurns, historyChars);
    const said: ChatMessage[] = [];
    const say = (role: "user" | "assistant", content: string) => {
      const last = said.at(-1);
      if (last?.role === role) said[said.length - 1] = { role, content: `${last.content}\n${content}` };
      else if (content !== "") said.push({ role, content });
    };
    for (const { user, assistant } of this.#exchanges) {
      say("user", user);
      if (assistant !== "") say("assistant", assistant);
    }
    say("user", question);
    return system === undefined ? said : [{ role: "system", content: system }, ...said];
  }

  add(user: string, assistant: string): void {
    this.#exchanges.push({ user, assistant });
  }

  #forget(turns: number, chars: number): void {
    let left = chars;
    let kept = 0;
    for (const { user, assistant } of this.#exchanges.toReversed()) {
      left -= user.length + assistant.length;
      if (left < 0 || kept === turns) break;
      kept++;
    }
    this.#exchanges = kept === 0 ? [] : this.#exchanges.slice(-kept);
  }
}

/** A config object belongs to one node of one plan, and under the virtual clock run ids may repeat where clocks do not. */
const known = new WeakMap<object, WeakMap<Clock, Map<string, History>>>();

/** The conversation of a node, which goes on where the node is made anew to try again. */
export function historyOf(config: ChatSettings, ctx: NodeContext): History {
  const byClock = known.get(config) ?? new WeakMap<Clock, Map<string, History>>();
  known.set(config, byClock);
  const byRun = byClock.get(ctx.clock) ?? new Map<string, History>();
  byClock.set(ctx.clock, byRun);
  const key = keyOf(ctx);
  const history = byRun.get(key) ?? new History();
  byRun.set(key, history);
  return history;
}

/** Called when the conversation is over. */
export function forgetHistory(config: ChatSettings, ctx: NodeContext): void {
  known.get(config)?.get(ctx.clock)?.delete(keyOf(ctx));
}

const keyOf = (ctx: NodeContext): string => `${ctx.runId} ${ctx.nodeId}`;
