import type { NodeDefinition, Role, TaskNode } from "#engine/plugin";
import type { Mock } from "#engine/workflow";
import type { MadeSource } from "./fixtures.ts";
import { MockDetector } from "./mock-detector.ts";
import { MockRecogniser } from "./mock-recogniser.ts";
import { type MockMaking, MockScript, scripted } from "./mock-script.ts";
import { MockWorker } from "./mock-worker.ts";

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
