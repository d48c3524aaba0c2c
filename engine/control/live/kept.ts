import { type SpeechMark, samplesToMs, type TextFrame } from "#engine/frames";
import type { EdgeAccount, NodeAccount } from "#engine/runtime";
import type { Lane, Terminal } from "./lanes.ts";

/** How far the accounts of a run are looked at. */
export interface Accounts {
  readonly nodes: readonly NodeAccount[];
  /** Asked for only where an edge drops audio. */
  edges(): readonly EdgeAccount[];
}

/** Audio that a recogniser without a detector may still be working on; what is older counts as answered. */
const UNMARKED_MS = 60_000;
/** An utterance that has been closed this long and has brought no partial since is taken as having no words. */
const QUIET_MS = 30_000;

interface Utterance {
  readonly id: string;
  readonly startMs: number;
  endMs: number | undefined;
  /** When it closed or was last heard of, by the run's clock. */
  heardOfMs: number;
  readonly settled: Set<Terminal>;
}

/**
 * Knows how far an input of a run is safe: every utterance before has its finals at all outputs that owe them, everything else was silence.
 * Times are ms from the beginning of the track.
 *
 * A final settles its utterance, all before it, and whatever ends before it does. An utterance for which a recogniser reports that there
 * were no words is settled too.
 */
export class Kept {
  readonly #lanes: readonly LaneKept[];

  /** @param startMs where this generation of the run takes the track up. */
  constructor(lanes: readonly Lane[], startMs: number, nowMs: () => number) {
    this.#lanes = lanes.map((lane) => new LaneKept(lane, startMs, nowMs));
  }

  mark(node: string, mark: SpeechMark): void {
    for (const lane of this.#lanes) if (lane.lane.marks?.node === node) lane.mark(mark);
  }

  /** A text at an output. Finals are stored, or are about to be before anyone is told of what follows from it. */
  text(output: string, node: string, frame: TextFrame): void {
    for (const lane of this.#lanes) lane.text(output, node, frame);
  }

  /** A mark at an output, stored likewise. */
  markTold(output: string, node: string, mark: SpeechMark): void {
    if (mark.mark === "end") for (const lane of this.#lanes) lane.markTold(output, node, mark);
  }

  /** A node says that an utterance had no words. */
  empty(node: string, utterance: string): void {
    for (const lane of this.#lanes) if (lane.lane.consumer === node) lane.empty(utterance);
  }

  /** @param receivedMs the end of what came; never passed. */
  positionMs(receivedMs: number, accounts: Accounts): number {
    let position = receivedMs;
    for (const lane of this.#lanes) position = Math.min(position, lane.positionMs(accounts));
    return position;
  }
}

class LaneKept {
  readonly #utterances: Utterance[] = [];
  readonly #coveredMs = new Map<Terminal, number>();

  constructor(
    readonly lane: Lane,
    private readonly startMs: number,
    private readonly nowMs: () => number,
  ) {}

  mark({ mark, utterance, atSample, sampleRateHz }: SpeechMark): void {
    const atMs = samplesToMs(atSample, sampleRateHz);
    if (mark === "start")
      this.#utterances.push({
        id: utterance,
        startMs: atMs,
        endMs: undefined,
        heardOfMs: this.nowMs(),
        settled: new Set(),
      });
    else {
      const closed = this.#utterances.find((each) => each.id === utterance);
      if (!closed) return;
      closed.endMs = atMs;
      closed.heardOfMs = this.nowMs();
    }
  }

  text(output: string, node: string, frame: TextFrame): void {
    for (const terminal of this.lane.terminals) {
      if (terminal.marks || terminal.output !== output || terminal.node !== node) continue;
      if (terminal.role !== undefined && terminal.role !== frame.role) continue;
      if (frame.final) this.#final(terminal, frame);
    }
    const partial = this.#utterances.find((each) => each.id === frame.utterance);
    if (partial) partial.heardOfMs = this.nowMs();
  }

  markTold(output: string, node: string, mark: SpeechMark): void {
    for (const terminal of this.lane.terminals)
      if (terminal.marks && terminal.output === output && terminal.node === node)
        this.#settle(terminal, mark.utterance);
  }

  empty(utterance: string): void {
    const known = this.#utterances.find((each) => each.id === utterance);
    if (known) for (const terminal of this.lane.terminals) known.settled.add(terminal);
  }

  positionMs(accounts: Accounts): number {
    const { terminals, marks } = this.lane;
    this.#forgetSettled();
    const judgedMs = this.#judgedMs(accounts);
    if (terminals.length === 0) return judgedMs;
    if (!marks)
      return Math.max(this.startMs, judgedMs - UNMARKED_MS, Math.min(judgedMs, this.#leastCovered(terminals)));
    const open = this.#utterances[0];
    if (!open) return judgedMs;
    const owing = terminals.filter((terminal) => !open.settled.has(terminal));
    // an utterance that goes on after its final: what its finals cover is safe, and no more
    const covered = this.#leastCovered(owing.length > 0 ? owing : terminals);
    return Math.min(judgedMs, Math.max(open.startMs, covered));
  }

  #final(terminal: Terminal, frame: TextFrame): void {
    const endMs = samplesToMs(frame.endSample, frame.sampleRateHz);
    const startMs = samplesToMs(frame.startSample, frame.sampleRateHz);
    this.#coveredMs.set(terminal, Math.max(endMs, this.#coveredMs.get(terminal) ?? 0));
    this.#settle(terminal, frame.utterance);
    for (const utterance of this.#utterances) {
      if (utterance.endMs === undefined) break;
      if (startMs >= utterance.endMs || endMs >= utterance.endMs) utterance.settled.add(terminal);
    }
  }

  /** Finals come in the order of their utterances. */
  #settle(terminal: Terminal, utterance: string): void {
    const index = this.#utterances.findIndex((each) => each.id === utterance);
    for (let i = 0; i <= index; i++) this.#utterances[i]!.settled.add(terminal);
  }

  #forgetSettled(): void {
    for (let first = this.#utterances[0]; first; first = this.#utterances[0]) {
      if (first.endMs === undefined) return;
      const quiet = this.nowMs() - first.heardOfMs > QUIET_MS;
      if (!quiet && this.lane.terminals.some((terminal) => !first.settled.has(terminal))) return;
      this.#utterances.shift();
    }
  }

  #leastCovered(terminals: readonly Terminal[]): number {
    return Math.min(...terminals.map((terminal) => this.#coveredMs.get(terminal) ?? 0));
  }

  /** How far the gate has judged: what a detector sent on or gated, or what the recogniser has taken. */
  #judgedMs({ nodes, edges }: Accounts): number {
    const { gate, marks, sampleRateHz, leaking } = this.lane;
    const account = nodes.find((node) => node.node === gate);
    if (!account) return this.startMs;
    let samples = marks ? account.out.samples + account.gated : account.in.samples;
    if (leaking.length > 0)
      for (const edge of edges())
        if (leaking.includes(edge.edge)) for (const dropped of Object.values(edge.dropped)) samples += dropped.samples;
    return this.startMs + samplesToMs(samples, sampleRateHz);
  }
}
