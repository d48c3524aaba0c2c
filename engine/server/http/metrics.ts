import { Counter, Gauge, Registry } from "prom-client";
import type { Control, Figures } from "#engine/control";
import type { Counts } from "./counts.ts";

type Of<T> = { [K in keyof T]-?: T[K] extends number ? K : never }[keyof T];

const FIGURES: readonly [name: string, kind: "counter" | "gauge", of: Of<Figures>, help: string][] = [
  ["parlando_sessions", "gauge", "sessions", "Sockets attached to runs"],
  ["parlando_runs_started_total", "counter", "runsStarted", "Runs started"],
  ["parlando_runs_refused_total", "counter", "runsRefused", "Runs refused for load or quota"],
  ["parlando_finals_total", "counter", "finals", "Finals stored"],
  ["parlando_events_total", "counter", "events", "Durable events stored"],
  ["parlando_commits_total", "counter", "commits", "Commits of the store"],
  ["parlando_audio_in_seconds_total", "counter", "audioSecondsIn", "Seconds of audio that came in"],
  ["parlando_audio_out_seconds_total", "counter", "audioSecondsOut", "Seconds of audio that went out"],
  ["parlando_missed_events_total", "counter", "missedEvents", "Events that slow readers missed"],
  ["parlando_late_messages_total", "counter", "lateMessages", "Audio and texts for tracks that others had ended"],
  ["parlando_webhooks_waiting", "gauge", "webhooksWaiting", "Deliveries that wait"],
  ["parlando_webhooks_dead", "gauge", "webhooksDead", "Deliveries that were given up"],
  ["parlando_jobs_running", "gauge", "jobsRunning", "Jobs that go on"],
];

const SOCKETS: readonly [name: string, kind: "counter" | "gauge", of: Of<Counts>, help: string][] = [
  ["parlando_sockets_open", "gauge", "socketsOpen", "Open WebSockets"],
  ["parlando_sockets_opened_total", "counter", "socketsOpened", "WebSockets opened"],
  ["parlando_socket_messages_in_total", "counter", "messagesIn", "Messages that came"],
  ["parlando_socket_messages_out_total", "counter", "messagesOut", "Messages that were sent"],
  ["parlando_socket_bytes_in_total", "counter", "bytesIn", "Bytes that came"],
  ["parlando_socket_bytes_out_total", "counter", "bytesOut", "Bytes that were sent"],
  ["parlando_socket_messages_lost_total", "counter", "messagesLost", "Messages for which a socket had no room"],
];

/**
 * The metrics of this process as Prometheus reads them. All of it is counted in plain fields and copied here when it is asked for, so that
 * nothing of it costs anything while audio moves.
 */
export async function metricsText(control: Control, counts: Counts): Promise<{ type: string; text: string }> {
  const registry = new Registry();
  const registers = [registry];
  const figures = await control.figures();
  for (const [name, kind, of, help] of FIGURES) put(registers, name, kind, help, figures[of]);
  for (const [name, kind, of, help] of SOCKETS) put(registers, name, kind, help, counts[of]);

  const runs = new Gauge({ name: "parlando_runs", help: "Runs by state", labelNames: ["state"], registers });
  for (const [state, count] of Object.entries(figures.runsByState)) runs.set({ state }, count);
  const commits = new Gauge({
    name: "parlando_commit_ms",
    help: "Of the last 1000 commits",
    labelNames: ["quantile"],
    registers,
  });
  const late = new Gauge({
    name: "parlando_loop_late_ms",
    help: "Of the last ten seconds",
    labelNames: ["quantile"],
    registers,
  });
  for (const quantile of ["p50", "p99"] as const) {
    commits.set({ quantile }, figures.commitMs[quantile]);
    late.set({ quantile }, figures.lateMs[quantile]);
  }
  timeMetrics(registers, DELAYS, figures.delays);
  timeMetrics(registers, CALLS, figures.calls);
  usageMetrics(registers, figures.usage);
  gatewayMetrics(registers, control);
  requestMetrics(registers, counts);
  processMetrics(registers);
  return { type: registry.contentType, text: await registry.metrics() };
}

function put(registers: Registry[], name: string, kind: "counter" | "gauge", help: string, value: number): void {
  if (kind === "counter") new Counter({ name, help, registers }).inc(value);
  else new Gauge({ name, help, registers }).set(value);
}

/** Times of nodes: as counts and sums, of which rates are made, and as the latest of them. */
interface TimesOf {
  /** Names the thing that is measured. */
  readonly label: string;
  readonly count: { readonly name: string; readonly help: string };
  readonly seconds: { readonly name: string; readonly help: string };
  /** Half and 99 of 100 of the latest 256. */
  readonly latest: { readonly name: string; readonly perMs: number };
}

const DELAYS: TimesOf = {
  label: "delay",
  count: {
    name: "parlando_node_delays_total",
    help: "Waits for a connection, first words, a final, first audio or an answer, by type of node",
  },
  seconds: { name: "parlando_node_delay_seconds_total", help: "What these waits took" },
  latest: { name: "parlando_node_delay_ms", perMs: 1 },
};

/** Samples: one frame in 256, one call for many in 16. */
const CALLS: TimesOf = {
  label: "hook",
  count: {
    name: "parlando_node_calls_timed_total",
    help: "Calls that were timed, by the type of the node at which they begin",
  },
  seconds: {
    name: "parlando_node_call_seconds_total",
    help: "What a frame took in these calls, with all nodes that run in them",
  },
  latest: { name: "parlando_node_call_us", perMs: 1000 },
};

function timeMetrics(
  registers: Registry[],
  { label, count, seconds, latest }: TimesOf,
  lines: Figures["delays"],
): void {
  const labelNames = ["type", label];
  const counter = new Counter({ ...count, labelNames, registers });
  const sum = new Counter({ ...seconds, labelNames, registers });
  const quantiles = new Gauge({
    name: latest.name,
    help: "Of the latest 256",
    labelNames: [...labelNames, "quantile"],
    registers,
  });
  for (const line of lines) {
    const labels = { type: line.type, [label]: line.what };
    counter.inc(labels, line.count);
    sum.inc(labels, line.seconds);
    quantiles.set({ ...labels, quantile: "p50" }, latest.perMs * line.p50Ms);
    quantiles.set({ ...labels, quantile: "p99" }, latest.perMs * line.p99Ms);
  }
}

/** What a gate keeps back lets the billed seconds fall. */
function usageMetrics(registers: Registry[], usage: Figures["usage"]): void {
  const used = new Counter({
    name: "parlando_node_usage_total",
    help: "What services bill by: audioSeconds, characters, requests, by type of node",
    labelNames: ["type", "unit"],
    registers,
  });
  const gated = new Counter({
    name: "parlando_node_gated_samples_total",
    help: "Samples that nodes kept back by design, such as silence, once they have ended",
    labelNames: ["type"],
    registers,
  });
  for (const { type, unit, amount } of usage)
    if (unit === "gatedSamples") gated.inc({ type }, amount);
    else used.inc({ type, unit }, amount);
}

function gatewayMetrics(registers: Registry[], { gateways }: Control): void {
  const labelNames = ["gateway"] as const;
  const clients = new Gauge({
    name: "parlando_gateway_clients",
    help: "Connections that gateways serve",
    labelNames,
    registers,
  });
  const calls = new Counter({
    name: "parlando_gateway_calls_total",
    help: "Calls of gateways, refused ones too",
    labelNames,
    registers,
  });
  for (const { name: gateway, doors } of gateways) {
    clients.set({ gateway }, doors.clients);
    calls.inc({ gateway }, doors.calls);
  }
}

function requestMetrics(registers: Registry[], counts: Counts): void {
  const labelNames = ["method", "route", "status"] as const;
  const requests = new Counter({
    name: "parlando_http_requests_total",
    help: "Requests answered",
    labelNames,
    registers,
  });
  const seconds = new Counter({
    name: "parlando_http_request_seconds_total",
    help: "Time until answers began",
    labelNames,
    registers,
  });
  for (const [key, sum] of counts.requests) {
    const [method = "", route = "", status = ""] = key.split("\t");
    requests.inc({ method, route, status }, sum.count);
    seconds.inc({ method, route, status }, sum.seconds);
  }
  const refused = new Counter({
    name: "parlando_sockets_refused_total",
    help: "WebSockets closed with an error",
    labelNames: ["code"],
    registers,
  });
  for (const [code, count] of counts.socketsRefused) refused.inc({ code }, count);
}

function processMetrics(registers: Registry[]): void {
  const { rss, heapUsed } = process.memoryUsage();
  const cpu = process.cpuUsage();
  put(registers, "process_resident_memory_bytes", "gauge", "Resident memory", rss);
  put(registers, "process_heap_bytes", "gauge", "JavaScript heap in use", heapUsed);
  put(registers, "process_cpu_seconds_total", "counter", "Processor time", (cpu.user + cpu.system) / 1e6);
  put(registers, "process_start_time_seconds", "gauge", "Unix time", Math.round(Date.now() / 1000 - process.uptime()));
}
