import type { NodeContext, NodeDefinition, Role, TaskNode } from "#engine/plugin";
import { EngineError, type ErrorCode } from "#engine/plugin";
import type { Mock, MockResult } from "#engine/workflow";
import type { MadeSource } from "./fixtures.ts";
import { MockDetector } from "./mock-detector.ts";
import { MockRecogniser } from "./mock-recogniser.ts";
import { MockWorker } from "./mock-worker.ts";

/** How far a mock has got in its script. A retry makes the node anew, and the script has to go on where it stood. */
export class MockScript {
  readonly #results: readonly MockResult[];
  readonly #indexes = new Map<string, number>();
  readonly #failures = new Map<number, number>();
  #next = 0;

  constructor(
    readonly mock: Mock,
    /** As the test calls it, for messages. */
    readonly id: string,
  ) {
    this.#results = (mock.results ?? []).map((result) => (typeof result === "string" ? { text: result } : result));
  }

  get results(): readonly MockResult[] {
    return this.#results;
  }

  /** The place of the result for a unit of work: the next one, or the one that it was given by an earlier instance. */
  placeOf(unit: string): number {
    const place = this.#indexes.get(unit) ?? this.#next++;
    this.#indexes.set(unit, place);
    return place;
  }

  /** @throws EngineError SCRIPT_INVALID after the last one, unless the mock says what is then. */
  resultAt(place: number): MockResult {
    const { afterLast } = this.mock;
    const result =
      this.#results[afterLast === "repeat" && this.#results.length > 0 ? place % this.#results.length : place];
    if (result) return result;
    if (afterLast === "empty") return { text: "" };
    const found = `the mock ${this.id} was asked for result ${place + 1}, and has ${this.#results.length}`;
    throw new EngineError("SCRIPT_INVALID", `${found}; afterLast: repeat or empty says what else`);
  }

  /** Waits and fails as the result says; returns when it is to answer. */
  async act(place: number, result: MockResult, ctx: NodeContext, signal: AbortSignal): Promise<void> {
    const delayMs = result.delayMs ?? this.mock.delayMs;
    if (delayMs > 0) await ctx.clock.sleep(delayMs, signal);
    if (result.error === undefined && !result.hang) return;
    const failed = this.#failures.get(place) ?? 0;
    if (result.times !== undefined && failed >= result.times) return;
    this.#failures.set(place, failed + 1);
    if (result.error !== undefined) throw scripted(result.error, this.id);
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
  }
}

const scripted = (code: string, id: string): EngineError =>
  new EngineError(code as ErrorCode, `the mock ${id} fails as its test says`);

/**
 * What takes a node's place in a test: the same ports, role and settings, but nothing of it is opened. Made for one run.
 * @param gives of a source.
 */
export function mockOf(
  id: string,
  mock: Mock,
  gives: MadeSource | undefined,
): (definition: NodeDefinition, config: unknown) => NodeDefinition {
  const script = new MockScript(mock, id);
  return (definition, config) => {
    const { batch: _batch, opens: _opens, passes, hosts: _hosts, calledBack: _calledBack, ...facts } = definition;
    const role = definition.role(config);
    return {
      ...facts,
      shape: "task",
      effects: [],
      ...(passes && keepsAudio(role, mock) && { passes }),
      realTime: () => (gives && "definition" in gives.binding ? gives.binding.definition.realTime({}) : false),
      create: async (_config, ctx) => {
        if (mock.error !== undefined) throw scripted(mock.error, id);
        return nodeFor(role, { script, definition, config, ctx }, gives);
      },
    };
  };
}

/** What a mock is made with. */
export interface MockMaking {
  readonly script: MockScript;
  readonly definition: NodeDefinition;
  readonly config: unknown;
  readonly ctx: NodeContext;
}

const keepsAudio = (role: Role, { results, table }: Mock): boolean => role === "vad" || (!results && !table);

function nodeFor(role: Role, making: MockMaking, gives: MadeSource | undefined): TaskNode | Promise<TaskNode> {
  switch (role) {
    case "source":
      return sourceFor(making, gives);
    case "vad":
      return new MockDetector(making);
    case "asr":
    case "interpret":
      return new MockRecogniser(making, role);
    default:
      return new MockWorker(making, role);
  }
}

/** A source of a test under the ports of another: what it gives goes out by its default output. */
async function sourceFor({ ctx }: MockMaking, gives: MadeSource | undefined): Promise<TaskNode> {
  if (!gives || !("definition" in gives.binding)) return { run: async () => {} };
  const node = await gives.binding.definition.create({}, ctx);
  if (!("run" in node)) throw new Error("a fixture is a task");
  return { run: (input, emit, signal) => node.run(input, (frame) => emit(frame), signal) };
}
