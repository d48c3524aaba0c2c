import { positionMs, type SpeechMark, type TextFrame } from "#engine/plugin";
import { endsWith, isOnly, joined, phraseWords, trailsOff } from "./pieces.ts";

/** Why a turn was taken for over. */
export type TurnEnd = "silence" | "words" | "model" | "speaker" | "limit" | "flush" | "end";

export interface TurnRules {
  readonly silenceMs: number;
  readonly unfinishedMs: number;
  readonly resultMs: number;
  readonly maxTurnMs: number;
  readonly fillers: readonly string[];
  readonly unfinished: readonly string[];
  readonly complete: readonly string[];
}

export interface Turn {
  readonly frame: TextFrame;
  readonly why: TurnEnd;
  readonly pieces: number;
  /** From the closing mark, or the last final where there are no marks, to this. */
  readonly waitedMs: number;
}

/** More utterances than are ever under way at once. */
const REMEMBERED = 100;

/**
 * Puts finals together into turns. It keeps no time: it says when it wants to be asked again (`dueMs`), and is told what time it is.
 *
 * Silence is counted from the closing mark on the clock, and on the stream where the next opening mark tells: so a recording that is read
 * quickly gives the turns that it gave live.
 */
export class Turns {
  readonly #rules: TurnRules;
  readonly #fillers: ReadonlySet<string>;
  readonly #unfinished: readonly string[][];
  readonly #complete: readonly string[][];
  #pieces: TextFrame[] = [];
  #beganMs = 0;
  /** The utterance that is being spoken. */
  #open: string | undefined;
  /** The clock at the last closing mark or, without marks, the last final. */
  #quietSinceMs = 0;
  /** On the stream. */
  #closedAtMs: number | undefined;
  /** Closed, and its final has not come. */
  #owed: string | undefined;
  /** Silence before utterances, on the stream. */
  readonly #gaps = new Map<string, number>();
  #verdict: boolean | undefined;
  /** Turns of fillers alone. */
  dropped = 0;

  constructor(rules: TurnRules) {
    this.#rules = rules;
    this.#fillers = new Set(phraseWords(rules.fillers).flat());
    this.#unfinished = phraseWords([...rules.unfinished, ...rules.fillers]);
    this.#complete = phraseWords(rules.complete);
  }

  /** When the turn is over if nothing else comes; undefined while somebody speaks or nothing waits. */
  get dueMs(): number | undefined {
    if (this.#pieces.length === 0) return undefined;
    const limit = this.#beganMs + this.#rules.maxTurnMs;
    if (this.#open !== undefined) return limit;
    const owed = this.#owed === undefined ? 0 : this.#rules.resultMs;
    return Math.min(limit, this.#quietSinceMs + Math.max(owed, this.#waitMs()));
  }

  due(nowMs: number): Turn | undefined {
    if (nowMs < (this.dueMs ?? Number.POSITIVE_INFINITY)) return undefined;
    return this.#end(nowMs >= this.#beganMs + this.#rules.maxTurnMs ? "limit" : "silence", nowMs);
  }

  mark(mark: SpeechMark, nowMs: number): Turn | undefined {
    if (mark.mark === "end") {
      this.#open = undefined;
      this.#owed = mark.utterance;
      this.#closedAtMs = positionMs(mark);
      this.#quietSinceMs = nowMs;
      if (this.#pieces.at(-1)?.utterance === mark.utterance) this.#owed = undefined;
      return undefined;
    }
    this.#open = mark.utterance;
    if (this.#closedAtMs === undefined) return undefined;
    const voicedMs = ((mark.voicedSample ?? mark.atSample) * 1000) / mark.sampleRateHz;
    const gapMs = voicedMs - this.#closedAtMs;
    // of an utterance whose final is still to come nobody can say yet how long a silence ends it
    if (this.#owed === undefined) return this.#over(gapMs, nowMs);
    this.#gaps.set(mark.utterance, gapMs);
    for (const oldest of this.#gaps.keys()) {
      if (this.#gaps.size <= REMEMBERED) break;
      this.#gaps.delete(oldest);
    }
    return undefined;
  }

  /** @returns up to two turns: the one that was over before this text, and the one that it ends. */
  text(piece: TextFrame, nowMs: number): Turn[] {
    const ended: (Turn | undefined)[] = [];
    const last = this.#pieces.at(-1);
    if (last && (last.speaker !== piece.speaker || last.channel !== piece.channel))
      ended.push(this.#end("speaker", nowMs));
    ended.push(this.#over(this.#gaps.get(piece.utterance) ?? 0, nowMs));
    this.#gaps.delete(piece.utterance);
    if (this.#pieces.length === 0) this.#beganMs = nowMs;
    this.#pieces.push(piece);
    this.#verdict = undefined;
    if (this.#owed === piece.utterance) this.#owed = undefined;
    if (this.#closedAtMs === undefined) this.#quietSinceMs = nowMs;
    if (endsWith(piece.text, this.#complete)) ended.push(this.#end("words", nowMs));
    else ended.push(this.due(nowMs));
    return ended.filter((turn) => turn !== undefined);
  }

  /** What a model says of the turn so far. */
  verdict(utterance: string, complete: boolean, nowMs: number): Turn | undefined {
    if (this.#pieces.at(-1)?.utterance !== utterance) return undefined;
    this.#verdict = complete;
    return complete && this.#open === undefined ? this.#end("model", nowMs) : undefined;
  }

  /** Whatever waits is a turn. */
  finish(why: "flush" | "end", nowMs: number): Turn | undefined {
    return this.#end(why, nowMs);
  }

  #over(gapMs: number, nowMs: number): Turn | undefined {
    return this.#pieces.length > 0 && gapMs >= this.#waitMs() ? this.#end("silence", nowMs) : undefined;
  }

  /** The silence that ends what was said so far. */
  #waitMs(): number {
    const { silenceMs, unfinishedMs } = this.#rules;
    const text = this.#pieces.at(-1)?.text ?? "";
    const goesOn = this.#verdict === false || trailsOff(text) || endsWith(text, this.#unfinished);
    return goesOn ? unfinishedMs : silenceMs;
  }

  #end(why: TurnEnd, nowMs: number): Turn | undefined {
    const pieces = this.#pieces;
    if (pieces.length === 0) return undefined;
    this.#pieces = [];
    this.#verdict = undefined;
    if (pieces.every(({ text }) => isOnly(text, this.#fillers))) {
      this.dropped++;
      return undefined;
    }
    const waitedMs = Math.max(0, nowMs - this.#quietSinceMs);
    return { frame: joined(pieces), why, pieces: pieces.length, waitedMs };
  }
}
