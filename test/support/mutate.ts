import { drawGraph, FINDING_CODES, type Finding, formatFinding, planWorkflow, showFinding } from "#engine/workflow";
import { EVERYTHING, INTERPRET, PART } from "./example-workflows.ts";
import { folderWith, planOptions } from "./planning.ts";

export interface FuzzReport {
  readonly workflows: number;
  /** How many were still sound. */
  readonly planned: number;
  /** How often each code was found. */
  readonly codes: ReadonlyMap<string, number>;
  /** What must never happen, each with the text that made it. */
  readonly failures: readonly { readonly reason: string; readonly text: string }[];
}

/**
 * Plans mutated workflows. Each must give a plan or findings with known codes at places inside the file, and never throw.
 * @param seed the same one gives the same workflows.
 */
export async function fuzzWorkflows(count: number, seed: number): Promise<FuzzReport> {
  const random = seeded(seed);
  const dir = folderWith({ "part.yaml": PART });
  const bases = [INTERPRET, EVERYTHING, PART];
  const codes = new Map<string, number>();
  const failures: { reason: string; text: string }[] = [];
  let planned = 0;
  for (let index = 0; index < count; index++) {
    let text = pick(bases, random);
    for (let times = 1 + Math.floor(random() * 3); times > 0; times--) text = pick(MUTATIONS, random)(text, random);
    try {
      const purpose = random() < 0.5 ? "lint" : "run";
      const { plan, findings } = await planWorkflow(
        { text, name: "w.yaml", dir },
        { ...planOptions({ azure: "key" }), purpose, run: { id: "r1", dir: "/runs/r1" } },
      );
      for (const { code } of findings) codes.set(code, (codes.get(code) ?? 0) + 1);
      const wrong = findings.map((finding) => faultOf(finding, text)).find((fault) => fault !== undefined);
      const errors = findings.some((finding) => finding.severity === "error");
      if (wrong) failures.push({ reason: wrong, text });
      else if (errors === (plan !== undefined)) failures.push({ reason: "a plan with errors, or neither", text });
      if (plan) planned += drawGraph(plan, "mermaid").length + drawGraph(plan, "dot").length > 0 ? 1 : 0;
    } catch (error) {
      failures.push({ reason: error instanceof Error ? (error.stack ?? error.message) : String(error), text });
    }
  }
  return { workflows: count, planned, codes, failures };
}

/** What is wrong with a finding itself. */
function faultOf(finding: Finding, text: string): string | undefined {
  const own = finding.file === "w.yaml";
  const lines = text.split("\n");
  if (!Object.hasOwn(FINDING_CODES, finding.code)) return `unknown code ${finding.code}`;
  if (!/^[^:]+:\d+:\d+ [A-Z_]+ .+$/.test(formatFinding(finding))) return `odd line: ${formatFinding(finding)}`;
  if (/undefined|\[object/.test(finding.message)) return `odd message: ${finding.message}`;
  if (finding.line < 1 || finding.column < 1) return `no place: ${formatFinding(finding)}`;
  if (own && finding.line > lines.length) return `after the end: ${formatFinding(finding)}`;
  if (own && finding.column > [...(lines[finding.line - 1] ?? "")].length + 1)
    return `beside the line: ${formatFinding(finding)}`;
  if (finding.fix && finding.fix.offset + finding.fix.length > text.length)
    return `fix outside: ${formatFinding(finding)}`;
  showFinding(finding, text, { color: true });
  return undefined;
}

type Random = () => number;
type Mutation = (text: string, random: Random) => string;

const pick = <T>(items: readonly T[], random: Random): T => items[Math.floor(random() * items.length)]!;

/** Bytes, lines, words and keys: removed, doubled, swapped, and put where they do not belong. */
const MUTATIONS: readonly Mutation[] = [
  (text, random) => replaceAt(text, random, 1, ""),
  (text, random) => replaceAt(text, random, 0, pick(SIGNS, random)),
  (text, random) => replaceAt(text, random, 1, pick(SIGNS, random)),
  (text, random) => replaceAt(text, random, 1 + Math.floor(random() * 40), ""),
  flipByte,
  (text, random) => changeLine(text, random, () => []),
  (text, random) => changeLine(text, random, (line) => [line, line]),
  (text, random) => changeLine(text, random, (line) => [`${pick([" ", "  ", "\t"], random)}${line}`]),
  (text, random) => changeLine(text, random, (line) => [line.replace(/^ {1,2}/, "")]),
  (text, random) => changeLine(text, random, (line) => [line, pick(LINES, random)]),
  swapLines,
  (text, random) => changeWord(text, random, /[A-Za-z][\w.-]*/g, () => pick(WORDS, random)),
  (text, random) => changeWord(text, random, /[A-Za-z][\w.-]*/g, (word) => misspell(word, random)),
  (text, random) => changeWord(text, random, /[\w-]+(?=:)/g, () => pick(WORDS, random)),
  (text, random) => changeWord(text, random, /[\w-]+(?=:)/g, (word) => misspell(word, random)),
  (text, random) => changeWord(text, random, /(?<=: )[^,{}[\]\n]+/g, () => pick(VALUES, random)),
  (text, random) => changeWord(text, random, /(?<=[a-z]: )\{[^{}\n]*\}/g, () => pick(VALUES, random)),
  (text, random) => changeWord(text, random, /\$\{[^}]*\}/g, () => pick(VALUES, random)),
  (text, random) => changeWord(text, random, /"/g, () => ""),
];

const SIGNS = [
  ..."{}[]:,#&*!|>'\"%@`-?$.\n\t ~0",
  "\u0000",
  "\uFEFF",
  "é",
  "🎤",
  "${",
  "$${",
  "---\n",
  "<<: ",
  "\r\n",
  "\u2028",
];
const LINES = [
  "  x: &a [*a]",
  "tests: []",
  "---",
  "...",
  "\tx: 1",
  "? {a: b}",
  "  each: 1",
  "nodes: {}",
  "%YAML 1.1",
  "__proto__: 1",
];
const WORDS = [
  ..."use from in with nodes inputs outputs params defaults limits parlando name retry fallback timeouts onFailure label".split(
    " ",
  ),
  ..."each choose cases gate where record bargeIn tests buffer channel order kind type of min max pattern default".split(
    " ",
  ),
  ..."vad asr translate voice speech subtitles live both part again print say out inputs.talk asr.final part.words".split(
    " ",
  ),
  ..."webrtc.vad core.wav core.mix azure.asr core.file ./part.yaml ./w.yaml ./none.yaml .. / constructor __proto__ toString".split(
    " ",
  ),
  ..."hasOwnProperty valueOf length inputs.unbound core.convert espeak.tts audio text encoded recording data speech".split(
    " ",
  ),
];
const VALUES = [
  ..."null ~ true no yes 0 -1 1.5 1e999 .nan .inf 0x1F 99999999999999999999 '' [] {} [[]] {a: b} [a, b] x inputs.talk".split(
    " ",
  ),
  '"${params.voice}"',
  '"${params.constructor}"',
  '"${env:HOME}"',
  '"${env:X|1}"',
  '"${secret:azure}"',
  '"${secret:none}"',
  '"${run.dir}"',
  '"${run.x}"',
  '"${"',
  '"$${x}"',
  "${params.voice}",
  '"${params.languages}"',
  '"a${params.languages}"',
  "*again",
  "&b c",
  "!!str 1",
  "!odd 1",
  "|",
  ">-",
  '"\\u0000"',
  '"\\ud800"',
  "{ from: vad, channel: 3 }",
  "{ from: [vad] }",
  `"${"x".repeat(300)}"`,
];

const place = (text: string, random: Random): number => Math.floor(random() * (text.length + 1));

function replaceAt(text: string, random: Random, length: number, by: string): string {
  const at = place(text, random);
  return text.slice(0, at) + by + text.slice(at + length);
}

function flipByte(text: string, random: Random): string {
  const bytes = new TextEncoder().encode(text);
  const at = Math.floor(random() * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return new TextDecoder().decode(bytes);
}

function changeLine(text: string, random: Random, change: (line: string) => string[]): string {
  const lines = text.split("\n");
  const at = Math.floor(random() * lines.length);
  lines.splice(at, 1, ...change(lines[at]!));
  return lines.join("\n");
}

function swapLines(text: string, random: Random): string {
  const lines = text.split("\n");
  const a = Math.floor(random() * lines.length);
  const b = Math.floor(random() * lines.length);
  [lines[a], lines[b]] = [lines[b]!, lines[a]!];
  return lines.join("\n");
}

function changeWord(text: string, random: Random, pattern: RegExp, change: (word: string) => string): string {
  const words = [...text.matchAll(pattern)];
  if (words.length === 0) return text;
  const word = pick(words, random);
  return text.slice(0, word.index) + change(word[0]) + text.slice(word.index + word[0].length);
}

function misspell(word: string, random: Random): string {
  const at = Math.floor(random() * word.length);
  const ways = [
    word.slice(0, at) + word.slice(at + 1),
    word.slice(0, at) + word.charAt(at) + word.slice(at),
    word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2),
    `${word.slice(0, at)}x${word.slice(at + 1)}`,
  ];
  return pick(ways, random);
}

/** Numbers from 0 to below 1 (mulberry32). */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
