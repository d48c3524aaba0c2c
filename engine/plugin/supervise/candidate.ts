import { EngineError } from "#engine/errors";
import type { AudioFormat, Frame } from "#engine/frames";
import type { NodeContext } from "../context.ts";
import type { NodeDefinition, Received } from "../node.ts";
import { defaultPort, type InputPorts, type OutputPorts } from "../ports.ts";

/** A node type that may do the work, with the parsed output of its own config schema. */
export interface Candidate {
  readonly definition: NodeDefinition;
  readonly config: unknown;
  /** How often a unit of work is tried with it; at least 1, the first counts. */
  readonly attempts: number;
}

type Names = Readonly<Record<string, { readonly default?: boolean }>>;

/** The port of `to` that stands for one of `from`: of the same name, else default for default. */
function counterpart(port: string, from: Names, to: Names): string | undefined {
  if (to[port]) return port;
  return port === defaultPort(from) ? defaultPort(to) : undefined;
}

/** Translates between the ports of the node that is shown to the workflow and those of a candidate. */
export class PortMap {
  readonly inputs: InputPorts;
  readonly outputs: OutputPorts;
  readonly type: string;

  constructor(
    readonly shown: { readonly inputs: InputPorts; readonly outputs: OutputPorts },
    candidate: Candidate,
  ) {
    this.type = candidate.definition.type;
    this.inputs = candidate.definition.inputs(candidate.config);
    this.outputs = candidate.definition.outputs(candidate.config);
  }

  /** What the candidate calls an input, if it has it. */
  inwardPort(port: string): string | undefined {
    return counterpart(port, this.shown.inputs, this.inputs);
  }

  /** As the candidate gets it; undefined where it takes no such frame. */
  inward({ port, frame }: Received): Received | undefined {
    const name = this.inwardPort(port);
    const input = name === undefined ? undefined : this.inputs[name];
    if (name === undefined || !input?.kinds.includes(frame.kind)) return undefined;
    if (frame.kind === "text" && input.textRoles && !input.textRoles.includes(frame.role)) return undefined;
    return name === port ? { port, frame } : { port: name, frame };
  }

  /**
   * Where a frame goes that the candidate emitted; undefined for an output that only the candidate has, to which nothing can be connected.
   * @param port of the candidate; its default output when left out.
   * @throws EngineError NODE_PROTOCOL when the candidate does not declare it.
   */
  outward(port: string | undefined): string | undefined {
    const name = port ?? defaultPort(this.outputs);
    if (name !== undefined && this.outputs[name]) return counterpart(name, this.outputs, this.shown.outputs);
    const declared = Object.keys(this.outputs).join(", ") || "none";
    const found = port === undefined ? "no output, and has no default one" : port;
    throw new EngineError("NODE_PROTOCOL", `${this.type} named ${found} for a frame; declared: ${declared}`);
  }

  formats(shown: NodeContext["formats"]): Record<string, AudioFormat | undefined> {
    const formats: Record<string, AudioFormat | undefined> = {};
    for (const [port, format] of Object.entries(shown)) {
      const name = this.inwardPort(port);
      if (name !== undefined) formats[name] = format;
    }
    return formats;
  }
}

/**
 * Gives out utterance ids to the instances of a recogniser that names utterances itself. An id that an instance took and did not finish is
 * given to the next one first, which hears the same speech again.
 */
export class UtteranceIds {
  #open: string[] = [];
  #again: string[] = [];

  constructor(readonly fresh: () => string) {}

  next(): string {
    const id = this.#again.shift() ?? this.fresh();
    this.#open.push(id);
    return id;
  }

  /** A final closes its utterance and, since finals come in order, those before it. */
  emitted(frame: Frame): void {
    if (frame.kind !== "text" || !frame.final) return;
    const at = this.#open.indexOf(frame.utterance);
    if (at >= 0) this.#open = this.#open.slice(at + 1);
  }

  /** The id that was given out last names nothing after all; the next utterance gets it. */
  giveBack(utterance: string): void {
    if (this.#open.at(-1) !== utterance) return;
    this.#open.pop();
    this.#again.unshift(utterance);
  }

  restart(): void {
    this.#again = [...this.#open, ...this.#again];
    this.#open = [];
  }
}
