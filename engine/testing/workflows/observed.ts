import { type Frame, samplesToMs, type TextFrame } from "#engine/plugin";
import type { RunEvent, RunReport } from "#engine/runtime";
import { findPorts, type Plan, type WorkflowTest } from "#engine/workflow";

/** A frame that a test looked at, and when it came by the run's clock. */
export interface Seen {
  readonly sequence: number;
  readonly atMs: number;
  readonly frame: Frame;
}

/** What a run did, as far as its test asks. */
export interface Observed {
  readonly report: RunReport;
  readonly events: readonly RunEvent[];
  /** By the port as the test writes it. Of audio only the sum is kept. */
  readonly ports: ReadonlyMap<string, PortLog>;
}

/** What came out of one port. */
export class PortLog {
  readonly seen: Seen[] = [];
  audioSamples = 0;
  sampleRateHz = 0;
  /** When its first audio came; undefined before. */
  firstAudio: Seen | undefined;

  add(seen: Seen): void {
    const { frame } = seen;
    if (frame.kind !== "audio") return void this.seen.push(seen);
    this.firstAudio ??= seen;
    this.audioSamples += frame.pcm.length / frame.channels;
    this.sampleRateHz = frame.sampleRateHz;
  }

  get audioMs(): number {
    return this.audioSamples === 0 ? 0 : samplesToMs(this.audioSamples, this.sampleRateHz);
  }

  texts(final: boolean): (Seen & { readonly frame: TextFrame })[] {
    return this.seen.filter(
      (seen): seen is Seen & { frame: TextFrame } => isText(seen.frame) && seen.frame.final === final,
    );
  }
}

export const isText = (frame: Frame): frame is TextFrame => frame.kind === "text";

/** The ports that a test names, whatever it says of them. */
export const portsOf = ({ expect }: WorkflowTest): string[] => [
  ...new Set([
    ...Object.keys(expect.ports),
    ...expect.order.map((step) => (typeof step === "string" ? step : step.port)),
  ]),
];

/** Before the name of an output that only a test listens at. */
const PREFIX = "test ";

/** The plan with an output for each port that the test looks at. */
export function watched(plan: Plan, test: WorkflowTest): Plan {
  const observable = {
    nodes: plan.nodes.map((node) => ({ id: node.id, outputs: node.definition.outputs(node.config) })),
    outputs: new Map(plan.outputs.map(({ name, from }) => [name, from])),
  };
  const more = portsOf(test).flatMap((written) => {
    const found = findPorts(written, observable);
    if ("code" in found) return []; // told when the workflow was planned for the test
    return [{ name: `${PREFIX}${written}`, from: found.from.map(({ node, port }) => ({ node, port })) }];
  });
  return { ...plan, outputs: [...plan.outputs, ...more] };
}

/** The port that a test listens at by this output; undefined for an output of the workflow's own. */
export const watchedPort = (output: string): string | undefined =>
  output.startsWith(PREFIX) ? output.slice(PREFIX.length) : undefined;
