import type { RunRow } from "#engine/store";
import type { ServerConfig } from "../config.ts";
import type { RunMessage } from "../messages.ts";
import type { RunTrace } from "./run-trace.ts";

/** Makes spans of what runs tell; none of them holds a text. */
export interface Traces {
  /** Called with every message of every run, in order, when it is told. */
  told(run: RunRow, message: RunMessage): void;
  /** Sends what is left, for two seconds at most. */
  close(): Promise<void>;
}

const CLOSE_MS = 2000;

/**
 * @param environment `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and `OTEL_EXPORTER_OTLP_ENDPOINT` hold where the configuration names none.
 * @returns undefined where nobody wants traces: then nothing of OpenTelemetry is loaded.
 */
export async function openTraces(
  config: ServerConfig["traces"],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Traces | undefined> {
  const url = config.url ?? endpointOf(environment);
  if (url === undefined) return undefined;
  const [
    { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider },
    { OTLPTraceExporter },
    resources,
    { RunTrace: Trace },
  ] = await Promise.all([
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("./run-trace.ts"),
  ]);
  const exporter = new OTLPTraceExporter({ url });
  const provider = new TracerProvider({
    resource: resources.resourceFromAttributes({ "service.name": config.service }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer("parlando");
  const runs = new Map<string, RunTrace>();
  return {
    told(run, message) {
      const trace = runs.get(run.id) ?? new Trace(tracer, run, message.generation);
      runs.set(run.id, trace);
      trace.told(message);
      if (trace.ended) runs.delete(run.id);
    },
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS);
      await Promise.race([provider.shutdown().catch(() => {}), late]); // a collector that is away keeps nobody
      clearTimeout(timer);
    },
  };
}

const endpointOf = (environment: Readonly<Record<string, string | undefined>>): string | undefined => {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: all } = environment;
  return traces || (all ? `${all.replace(/\/+$/, "")}/v1/traces` : undefined);
};
