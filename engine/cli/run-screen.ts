import { relative } from "node:path";
import type { TextFrame } from "#engine/frames";
import { samplesToMs } from "#engine/frames";
import type { NodeEvent } from "#engine/plugin";
import type { RunEvent, RunReport } from "#engine/runtime";
import type { Plan } from "#engine/workflow";
import type { Console } from "./command.ts";

/** What of a text a line shows. */
interface Line {
  readonly role: string;
  readonly text: string;
  readonly utterance: string;
  readonly revision: number;
  readonly final: boolean;
  readonly language?: string | undefined;
  readonly speaker?: string | undefined;
  readonly label?: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
}

/** Seconds of the machine between two progress lines where nobody watches a terminal. */
const PROGRESS_EVERY_MS = 5000;

/** Shows a run to people: finals as lines, partials and progress as a line that is written over, or sparse lines without a terminal. */
export class RunScreen {
  readonly #shown = new Set<string>();
  readonly #startedMs = performance.now();
  #progress = "";
  #partial = "";
  #saidProgressMs = performance.now();
  #mediaMs = 0;

  constructor(
    private readonly console: Console,
    private readonly plan: Plan,
    /** What paths are shown relative to. */
    private readonly cwd: string,
  ) {
    console.err(`running ${plan.name}: ${plan.nodes.map((node) => node.id).join(", ")}`);
  }

  show(event: RunEvent): void {
    switch (event.type) {
      case "output":
        if (event.frame.kind === "text") this.#text(lineOf(event.frame));
        return;
      case "node":
        return this.#nodeEvent(event.node, event.event);
      case "node.failed":
        return this.#line(
          `${event.ends ? "FAILED" : "failed, and the run goes on"}: ${event.node}: ${event.error.code} ${event.error.message}`,
          "err",
        );
      case "run.ended":
        return this.#ended(event.report);
    }
  }

  #nodeEvent(node: string, event: NodeEvent): void {
    const { type, ...facts } = event;
    if (type === "engine") return; // which build of a library does the work: --json tells it, and doctor
    if (type === "progress") return this.#progressed(Number(facts.positionMs), Number(facts.totalMs));
    if (type === "offline" && Array.isArray(facts.by))
      return this.#line(`${node}: in place of ${facts.for}, this machine answers: ${facts.by.join(", ")}`, "err");
    if (type === "wire")
      return this.#line(
        `${node} ${facts.connection} ${facts.direction === "out" ? "->" : "<-"} ${facts.message}`,
        "err",
      );
    if (type === "print") {
      if (facts.what === "text") return this.#text(facts as unknown as Line);
      return this.#line(`${facts.label ?? node}: ${JSON.stringify(facts)}`);
    }
    const words = Object.entries(facts).map(
      ([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`,
    );
    this.#line(`${node}: ${type}${words.length > 0 ? `: ${words.join(", ")}` : ""}`, "err");
  }

  #text(line: Line): void {
    // An output and a print node may both show one text.
    const key = `${line.role} ${line.language} ${line.utterance} ${line.revision}`;
    if (this.#shown.has(key)) return;
    this.#shown.add(key);
    const who = [line.label, line.speaker, line.role === "transcript" ? undefined : line.role, line.language]
      .filter(Boolean)
      .join(" ");
    const shown = `${clockTime(line.startMs)}-${clockTime(line.endMs)} ${who ? `[${who}] ` : ""}${line.text}`;
    if (line.final) {
      this.#partial = "";
      this.#line(shown);
    } else if (this.console.status) {
      this.#partial = `${shown} …`;
      this.#refresh();
    } else this.#line(`${shown} …`);
  }

  #progressed(positionMs: number, totalMs: number): void {
    this.#mediaMs = Math.max(this.#mediaMs, positionMs);
    const elapsedMs = Math.max(1, performance.now() - this.#startedMs);
    const speed = positionMs / elapsedMs;
    const known = Number.isFinite(totalMs) && totalMs > 0;
    const share = known ? Math.min(1, positionMs / totalMs) : 0;
    const bar = known
      ? `${"█".repeat(Math.round(share * 20)).padEnd(20, "░")} ${`${Math.round(share * 100)}`.padStart(3)} % `
      : "";
    this.#progress = `${bar}${clockTime(positionMs)}${known ? ` of ${clockTime(totalMs)}` : ""}, ${speed.toFixed(speed < 10 ? 1 : 0)} × real time`;
    if (this.console.status) return this.#refresh();
    if (performance.now() - this.#saidProgressMs < PROGRESS_EVERY_MS) return;
    this.#saidProgressMs = performance.now();
    this.console.err(this.#progress);
  }

  #ended(report: RunReport): void {
    this.#partial = "";
    this.#progress = "";
    this.#refresh();
    for (const artifact of report.artifacts) {
      const path = relative(this.cwd, artifact.path);
      this.console.err(
        `wrote ${path.startsWith("..") ? artifact.path : path} (${size(artifact.bytes)}${artifact.partial ? ", partial" : ""})`,
      );
    }
    const elapsedMs = performance.now() - this.#startedMs;
    const speed = this.#mediaMs > 0 ? `, ${(this.#mediaMs / elapsedMs).toFixed(1)} × real time` : "";
    const dropped = report.edges.reduce(
      (sum, edge) => sum + Object.values(edge.dropped).reduce((all, tally) => all + tally.frames, 0),
      0,
    );
    const lost = dropped > 0 ? `, ${dropped} frames dropped` : "";
    this.console.err(
      `${this.plan.name}: ${report.state}${report.drained ? " early" : ""} in ${(elapsedMs / 1000).toFixed(1)} s${speed}${lost}`,
    );
    if (report.error) this.console.err(`${report.error.code} ${report.error.message}`);
    for (const sentence of report.imbalances) this.console.err(`INTERNAL accounts do not balance: ${sentence}`);
  }

  #line(text: string, to: "out" | "err" = "out"): void {
    this.console.status?.("");
    this.console[to](text);
    this.#refresh();
  }

  #refresh(): void {
    this.console.status?.([this.#progress, this.#partial].filter(Boolean).join("  "));
  }
}

const lineOf = (frame: TextFrame): Line => ({
  role: frame.role,
  text: frame.text,
  utterance: frame.utterance,
  revision: frame.revision,
  final: frame.final,
  language: frame.language,
  speaker: frame.speaker,
  startMs: samplesToMs(frame.startSample, frame.sampleRateHz),
  endMs: samplesToMs(frame.endSample, frame.sampleRateHz),
});

/** `0:01.9`, `1:02:03.4`. */
function clockTime(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  const minutes = Math.floor(tenths / 600) % 60;
  const hours = Math.floor(tenths / 36_000);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

const size = (bytes: number): string =>
  bytes < 10_000
    ? `${bytes} bytes`
    : bytes < 10_000_000
      ? `${Math.round(bytes / 1000)} kB`
      : `${Math.round(bytes / 1e6)} MB`;
