import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Frame, samplesToMs } from "#engine/plugin";
import type { RunReport, Tally } from "#engine/runtime";
import type { Amount, EventExpectation, Expectation, OrderStep, PortExpectation, WorkflowTest } from "#engine/workflow";
import { comparableWords, wordErrorRate, wordErrors } from "../wer.ts";
import { lineDifference, wordDifference } from "./difference.ts";
import { isText, type Observed, type PortLog, type Seen } from "./observed.ts";

/** What was expected and did not happen: a sentence, and lines that show the difference. */
export interface Problem {
  readonly what: string;
  readonly lines: readonly string[];
}

/** Where golden transcripts are read from, or written to. */
export interface Goldens {
  /** Undefined where the file is not there. */
  read(path: string): string | undefined;
  /** Takes what was found for right; undefined where that is not asked for. */
  readonly update?: (path: string, text: string) => void;
}

/** Everything in which a run differs from what its test expects. */
export function judge(test: WorkflowTest, observed: Observed, goldens: Goldens): Problem[] {
  const { expect } = test;
  const { report } = observed;
  const problems = [
    ...judgeEnd(expect, report),
    ...Object.entries(expect.ports).flatMap(([port, wanted]) =>
      judgePort(port, wanted, observed.ports.get(port)!, { test, goldens }),
    ),
    ...judgeOrder(expect.order, observed),
    ...judgeAccounts(expect, report),
    ...judgeEvents(expect.events, observed),
    ...amountProblem("the run takes", report.durationMs, expect.durationMs, "ms"),
  ];
  return report.imbalances.length === 0
    ? problems
    : [...problems, { what: "the accounts of the run do not balance", lines: report.imbalances }];
}

function judgeEnd({ ends }: Expectation, report: RunReport): Problem[] {
  const found =
    report.state === "failed"
      ? `failed: ${report.error?.code} ${report.error?.message}`
      : `${report.state}${failureWords(report)}`;
  if (typeof ends === "string")
    return report.state === ends ? [] : [{ what: "the run ends otherwise", lines: [`- ${ends}`, `+ ${found}`] }];
  const fits = (code: string | undefined, node: string | undefined) =>
    code === ends.error && (ends.node === undefined || ends.node === node);
  const codes = [{ code: report.error?.code, node: undefined }, ...report.failures];
  if (codes.some(({ code, node }) => fits(code, node ?? ends.node))) return [];
  const wanted = `${ends.error}${ends.node === undefined ? "" : ` of ${ends.node}`}`;
  return [{ what: "the run ends otherwise", lines: [`- failed: ${wanted}`, `+ ${found}`] }];
}

const failureWords = ({ failures }: RunReport): string =>
  failures.map(({ node, code }) => `, though ${node} failed with ${code}`).join("");

interface PortJudging {
  readonly test: WorkflowTest;
  readonly goldens: Goldens;
}

function judgePort(port: string, wanted: PortExpectation, log: PortLog, judging: PortJudging): Problem[] {
  const finals = log.texts(true);
  const texts = finals.map(({ frame }) => frame.text);
  const counted = countedOf(log);
  return [
    ...judgeGolden(port, wanted, texts, judging),
    ...textProblem(`${port}: the text differs`, wanted.text, texts, wanted.wer),
    ...textProblem(
      `${port}: the partials differ`,
      wanted.partials,
      log.texts(false).map(({ frame }) => frame.text),
    ),
    ...patternProblem(port, wanted.pattern, texts.join(" ")),
    ...finals
      .filter(({ frame }) => wanted.language !== undefined && frame.language !== wanted.language)
      .map(({ frame }) => ({
        what: `${port}: the language differs`,
        lines: [`- ${wanted.language}`, `+ ${frame.language ?? "none"}: ${frame.text}`],
      })),
    ...amountProblem(`${port}: there are`, counted.length, wanted.count, ""),
    ...timesProblem(port, wanted, counted),
    ...finals.flatMap((seen) => latencyProblem(port, seen, wanted.latencyMs)),
    ...utterancesProblem(port, wanted, log),
    ...amountProblem(`${port}: the audio lasts`, log.audioMs, wanted.audioMs, "ms"),
  ];
}

/** What `count` and `atMs` are about: finals, else utterances, else whatever else there is, else the beginning of audio. */
function countedOf(log: PortLog): readonly Seen[] {
  const finals = log.texts(true);
  if (finals.length > 0) return finals;
  const starts = log.seen.filter(({ frame }) => frame.kind === "speech" && frame.mark === "start");
  if (starts.length > 0) return starts;
  const others = log.seen.filter(({ frame }) => frame.kind !== "text" && frame.kind !== "speech");
  return others.length > 0 || !log.firstAudio ? others : [log.firstAudio];
}

function textProblem(
  what: string,
  wanted: string | readonly string[] | undefined,
  found: readonly string[],
  wer?: number,
): Problem[] {
  if (wanted === undefined) return [];
  const one = typeof wanted === "string";
  const joined = found.join(" ");
  if (wer !== undefined) return werProblem(what, one ? wanted : wanted.join(" "), joined, wer);
  if (!one)
    return wanted.length === found.length && wanted.every((text, i) => text === found[i])
      ? []
      : [{ what, lines: lineDifference(wanted, found) }];
  return wanted === joined
    ? []
    : [{ what, lines: [`- ${wanted}`, `+ ${joined}`, `  ${wordDifference(wanted, joined)}`] }];
}

function werProblem(what: string, wanted: string, found: string, most: number): Problem[] {
  const errors = wordErrors(wanted, found);
  const rate = wordErrorRate(errors);
  if (rate <= most) return [];
  const words = `${errors.errors} of ${errors.words} words are wrong: ${rate.toFixed(3)}, at most ${most} is wanted`;
  const difference = wordDifference(comparableWords(wanted).join(" "), comparableWords(found).join(" "));
  return [{ what, lines: [words, `  ${difference}`] }];
}

const patternProblem = (where: string, pattern: string | undefined, text: string): Problem[] =>
  pattern === undefined || new RegExp(pattern, "u").test(text)
    ? []
    : [{ what: `${where}: the pattern does not match`, lines: [`- ${pattern}`, `+ ${text}`] }];

function judgeGolden(
  port: string,
  { golden, wer, text }: PortExpectation,
  found: readonly string[],
  { test, goldens }: PortJudging,
): Problem[] {
  if (golden === undefined) return [];
  const path = resolve(test.dir, golden);
  const before = goldens.read(path);
  const lines = before?.split("\n").filter((line) => line !== "");
  if (lines && wer !== undefined && text === undefined) {
    const problems = werProblem(`${port}: the text differs from ${golden}`, lines.join(" "), found.join(" "), wer);
    if (problems.length === 0 || !goldens.update) return problems;
  } else if (lines && lines.length === found.length && lines.every((line, i) => line === found[i])) return [];
  return settleGolden(port, golden, path, { lines, found, text: found.map((line) => `${line}\n`).join("") }, goldens);
}

/** Writes a golden file anew where that is asked for, else tells the difference. */
function settleGolden(
  where: string,
  golden: string,
  path: string,
  {
    lines,
    found,
    text,
  }: { readonly lines: readonly string[] | undefined; readonly found: readonly string[]; readonly text: string },
  goldens: Goldens,
): Problem[] {
  if (goldens.update) {
    goldens.update(path, text);
    return [];
  }
  if (!lines) return [{ what: `${where}: there is no ${golden}`, lines: ["parlando test --update writes it"] }];
  return [{ what: `${where}: the text differs from ${golden}`, lines: lineDifference(lines, found) }];
}

function timesProblem(port: string, { atMs, toleranceMs }: PortExpectation, counted: readonly Seen[]): Problem[] {
  if (!atMs) return [];
  const found = counted.map((seen) => seen.atMs);
  const fits = atMs.length === found.length && atMs.every((at, i) => Math.abs(at - found[i]!) <= toleranceMs);
  return fits ? [] : [{ what: `${port}: the times differ by more than ${toleranceMs} ms`, lines: listed(atMs, found) }];
}

/** From the end of what was said, on its stream, to its coming, by the clock: what a listener waits where the input is paced. */
function latencyProblem(port: string, { atMs, frame }: Seen, wanted: Amount | undefined): Problem[] {
  if (wanted === undefined || !isText(frame)) return [];
  const latencyMs = atMs - samplesToMs(frame.endSample, frame.sampleRateHz);
  return amountProblem(`${port}: the latency of ${JSON.stringify(frame.text)} is`, latencyMs, wanted, "ms");
}

function utterancesProblem(port: string, { utterances, toleranceMs }: PortExpectation, log: PortLog): Problem[] {
  if (!utterances) return [];
  const found: [number, number][] = [];
  for (const { frame } of log.seen) {
    if (frame.kind !== "speech") continue;
    const ms = samplesToMs(frame.atSample, frame.sampleRateHz);
    if (frame.mark === "start") found.push([ms, Number.NaN]);
    else if (found.length > 0) found.at(-1)![1] = ms;
  }
  const near = (a: number, b: number | undefined) => b !== undefined && Math.abs(a - b) <= toleranceMs;
  const fits =
    utterances.length === found.length &&
    utterances.every(([from, to], i) => near(from, found[i]?.[0]) && near(to, found[i]?.[1]));
  const words = (pairs: readonly (readonly [number, number])[]) =>
    pairs.map(([from, to]) => `${round(from)} to ${round(to)} ms`);
  const what = `${port}: the utterances differ by more than ${toleranceMs} ms`;
  return fits ? [] : [{ what, lines: lineDifference(words(utterances), words(found)) }];
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
const listed = (wanted: readonly number[], found: readonly number[]): string[] => [
  `- ${wanted.map(round).join(", ") || "nothing"}`,
  `+ ${found.map(round).join(", ") || "nothing"}`,
];

export function amountProblem(what: string, found: number, wanted: Amount | undefined, unit: string): Problem[] {
  if (wanted === undefined) return [];
  const { min, max } = typeof wanted === "number" ? { min: wanted, max: wanted } : wanted;
  // a stretch of time in whole milliseconds may be one of whole samples
  const near = typeof wanted === "number" && unit === "ms" ? 1 : 1e-6;
  if (found >= (min ?? Number.NEGATIVE_INFINITY) - near && found <= (max ?? Number.POSITIVE_INFINITY) + near) return [];
  const bounds =
    typeof wanted === "number"
      ? `${wanted}`
      : [...(min === undefined ? [] : [`at least ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])].join(
          ", ",
        );
  const suffix = unit === "" ? "" : ` ${unit}`;
  return [{ what: `${what} ${round(found)}${suffix}`, lines: [`- ${bounds}${suffix}`, `+ ${round(found)}${suffix}`] }];
}

/** Each step is looked for behind the one before it. */
function judgeOrder(order: readonly OrderStep[], { ports }: Observed): Problem[] {
  let behind = -1;
  for (const [index, step] of order.entries()) {
    const port = typeof step === "string" ? step : step.port;
    const log = ports.get(port)!;
    const all = log.firstAudio ? [...log.seen, log.firstAudio].sort((a, b) => a.sequence - b.sequence) : log.seen;
    const next = all.find(({ sequence, frame }) => sequence > behind && fitsStep(frame, step));
    if (!next) {
      const before = index === 0 ? "" : ` after ${stepWords(order[index - 1]!)}`;
      const earlier = all.some(({ frame }) => fitsStep(frame, step)) ? "; it came before that" : "; it never came";
      const lines = order.map((each, i) => `${i < index ? " " : i === index ? "-" : "?"} ${stepWords(each)}`);
      return [{ what: `the order differs: ${stepWords(step)} does not come${before}${earlier}`, lines }];
    }
    behind = next.sequence;
  }
  return [];
}

function fitsStep(frame: Frame, step: OrderStep): boolean {
  if (typeof step === "string") return !isText(frame) || frame.final;
  if (step.mark !== undefined) return frame.kind === "speech" && frame.mark === step.mark;
  if (!isText(frame)) return step.text === undefined && step.pattern === undefined;
  if (frame.final === (step.partial ?? false)) return false;
  if (step.text !== undefined && frame.text !== step.text) return false;
  return step.pattern === undefined || new RegExp(step.pattern, "u").test(frame.text);
}

const stepWords = (step: OrderStep): string => {
  if (typeof step === "string") return step;
  const { port, ...facts } = step;
  return [port, ...Object.entries(facts).map(([key, value]) => `${key} ${JSON.stringify(value)}`)].join(" ");
};

function judgeAccounts({ accounts }: Expectation, report: RunReport): Problem[] {
  if (!accounts) return [];
  const dropped = report.edges.flatMap(({ edge, dropped: reasons }) =>
    Object.entries(reasons).map(([reason, { frames }]) => ({ edge, reason, frames })),
  );
  const sum = (tallies: readonly Readonly<Tally>[]) => tallies.reduce((all, { frames }) => all + frames, 0);
  const where = dropped.map(({ edge, reason, frames }) => `  ${edge}: ${frames} (${reason})`);
  const total = amountProblem(
    "frames dropped:",
    dropped.reduce((all, { frames }) => all + frames, 0),
    accounts.dropped,
    "",
  );
  return [
    ...total.map(({ what, lines }) => ({ what, lines: [...lines, ...where] })),
    ...amountProblem("frames coalesced:", sum(report.edges.map(({ coalesced }) => coalesced)), accounts.coalesced, ""),
    ...Object.entries(accounts.counters).flatMap(([node, wanted]) => {
      const counters = report.nodes.find((each) => each.node === node)?.counters ?? {};
      return Object.entries(wanted).flatMap(([name, amount]) =>
        amountProblem(`${node} counts ${name}:`, counters[name] ?? 0, amount, ""),
      );
    }),
    ...Object.entries(accounts.edges).flatMap(([id, wanted]) => judgeEdge(id, wanted, report)),
  ];
}

function judgeEdge(id: string, wanted: Readonly<Record<string, Amount>>, report: RunReport): Problem[] {
  const edge = report.edges.find((each) => each.edge === id);
  if (!edge) {
    const ids = report.edges.map((each) => `  ${each.edge}`);
    return [{ what: `there is no edge ${id}; the run has`, lines: ids }];
  }
  const reasons: Readonly<Record<string, Readonly<Tally> | undefined>> = edge.dropped;
  const all = Object.values(reasons).reduce((sum, tally) => sum + (tally?.frames ?? 0), 0);
  return Object.entries(wanted).flatMap(([name, amount]) => {
    const found =
      name === "in"
        ? edge.in.frames
        : name === "out"
          ? edge.out.frames
          : name === "dropped"
            ? all
            : reasons[name]?.frames;
    return amountProblem(`${id}: frames ${name}:`, found ?? 0, amount, "");
  });
}

function judgeEvents(wanted: readonly EventExpectation[], { events }: Observed): Problem[] {
  const told = events.flatMap((event) => (event.type === "node" ? [{ node: event.node, ...event.event }] : []));
  let from = 0;
  for (const expected of wanted) {
    const at = told.findIndex((event, index) => index >= from && fitsFacts(event, expected));
    if (at < 0) {
      const near = told.filter(({ node, type }) => node === expected.node || type === expected.type);
      const lines = [
        `- ${JSON.stringify(expected)}`,
        ...near.slice(0, 10).map((event) => `+ ${JSON.stringify(event)}`),
      ];
      return [{ what: `${expected.node} does not report ${expected.type}${from > 0 ? " after that" : ""}`, lines }];
    }
    from = at + 1;
  }
  return [];
}

const fitsFacts = (found: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(wanted).every(([key, value]) => Bun.deepEquals(found[key], value));

/** Golden files as they are on disk. */
export const readGolden = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

export { patternProblem, settleGolden };
