import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import { samplesToMs } from "#engine/frames";
import type { RunRow } from "#engine/store";
import type { RunMessage } from "../messages.ts";

type TextMessage = Extract<RunMessage, { type: "text.partial" | "text.final" }>;

/** What nodes tell of their connections and tries; other events may hold texts. */
const TOLD_OF_NODES: ReadonlySet<string> = new Set(["opened", "closed", "retry", "fallback"]);
const FACTS = ["attempt", "code", "endpoint", "connection", "candidate"] as const;
/** So many utterances that never become final are remembered. */
const MOST_OPEN = 1000;

/** The spans of one life of a run: one for the run, and in it one for each utterance of each node that gives texts out. */
export class RunTrace {
  readonly #span: Span;
  readonly #context: Context;
  /** When an utterance was first heard of, in Unix ms, by node, role and utterance. */
  readonly #begun = new Map<string, number>();
  ended = false;

  constructor(
    private readonly tracer: Tracer,
    run: RunRow,
    generation: number,
  ) {
    const labels = Object.entries(run.labels).map(([name, value]) => [`parlando.label.${name}`, value]);
    const attributes = {
      "parlando.run": run.id,
      "parlando.workflow": run.workflow,
      "parlando.project": run.project,
      "parlando.generation": generation,
      ...(run.version !== null && { "parlando.version": run.version }),
      ...Object.fromEntries(labels),
    };
    const startTime = new Date(generation === 0 ? run.createdAtMs : Date.now());
    this.#span = tracer.startSpan(`run ${run.workflow}`, { attributes, startTime }, parentOf(run.traceparent));
    this.#context = trace.setSpan(ROOT_CONTEXT, this.#span);
  }

  told(message: RunMessage): void {
    switch (message.type) {
      case "text.partial":
        return this.#begins(message);
      case "text.final":
        return this.#utterance(message);
      case "run.state":
        this.#span.addEvent(`state ${message.data.state}`, undefined, new Date(message.atMs));
        if (message.data.state === "interrupted")
          this.#end(message.atMs, "the process ended; the run goes on in another");
        return;
      case "node":
        return this.#node(message.data, message.atMs);
      case "node.failed": {
        const { node, error, ends } = message.data;
        this.#span.addEvent(`${node} failed`, { "error.type": error.code, ends }, new Date(message.atMs));
        return;
      }
      case "run.ended": {
        const { error, state } = message.data;
        this.#span.setAttribute("parlando.state", state);
        if (error) this.#span.setAttribute("error.type", error.code);
        return this.#end(message.atMs, error?.code);
      }
    }
  }

  #begins({ data, atMs }: TextMessage): void {
    const key = keyOf(data);
    if (!this.#begun.has(key) && this.#begun.size < MOST_OPEN) this.#begun.set(key, atMs);
  }

  /** From its first partial, or from when it is told where it has none. */
  #utterance({ data, atMs }: TextMessage): void {
    const key = keyOf(data);
    const startTime = new Date(this.#begun.get(key) ?? atMs);
    this.#begun.delete(key);
    const { node, role, utterance, language, revision, startSample, endSample, sampleRateHz, text } = data;
    const attributes = {
      "parlando.node": node,
      "parlando.role": role,
      "parlando.utterance": utterance,
      "parlando.revisions": revision,
      "parlando.start_ms": samplesToMs(startSample, sampleRateHz),
      "parlando.end_ms": samplesToMs(endSample, sampleRateHz),
      "parlando.characters": text.length,
      ...(language !== undefined && { "parlando.language": language }),
    };
    this.tracer.startSpan(`${node} ${role}`, { attributes, startTime }, this.#context).end(new Date(atMs));
  }

  #node(data: Extract<RunMessage, { type: "node" }>["data"], atMs: number): void {
    if (!TOLD_OF_NODES.has(data.type)) return;
    const facts = FACTS.flatMap((name) => {
      const value: unknown = data[name];
      return typeof value === "string" || typeof value === "number" ? [[name, value]] : [];
    });
    this.#span.addEvent(`${data.node} ${data.type}`, Object.fromEntries(facts), new Date(atMs));
  }

  #end(atMs: number, failure: string | undefined): void {
    if (failure !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    this.#span.end(new Date(atMs));
    this.ended = true;
  }
}

const keyOf = ({ node, role, utterance }: TextMessage["data"]): string => JSON.stringify([node, role, utterance]);

/** Of a W3C `traceparent`; one that is malformed begins a trace of its own. */
function parentOf(traceparent: string | null): Context {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}
