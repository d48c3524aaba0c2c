import { type Ended, runGroup } from "./step.ts";
import { readTestSummary, type TestSummary } from "./test-summary.ts";

export interface BatchOptions {
  /** What runs test files: they are put behind it. */
  readonly command: readonly string[];
  /** So many files share a process: what one process gathers over hundreds of them makes it slower. */
  readonly size: number;
  /** So many processes at a time: most of their time tests wait for something. */
  readonly width: number;
  /** Milliseconds without a line after which a process is taken to have hung. More than any test's own limit. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Gets what a batch printed, whole, as soon as it has ended. */
  readonly print: (output: string) => void;
}

export interface Batched {
  /** A batch without a summary counts as one failure. */
  readonly summary: TestSummary;
  readonly passed: boolean;
  /** What a person has to know that is not in the output, a line each. */
  readonly remarks: readonly string[];
}

/**
 * Runs test files, some to a process. A process that hangs although every test has a limit is ended, and its files are run once more,
 * which the remarks tell: `bun test` is known to stop for ever in large suites with its limits not heeded (oven-sh/bun, issues 39584 and
 * 39987), and what hangs by itself hangs again. Where a test had failed before that, nothing is run again.
 */
export async function runBatches(files: readonly string[], options: BatchOptions): Promise<Batched> {
  const { size, width, signal, print } = options;
  const batches = Array.from({ length: Math.ceil(files.length / size) }, (_, i) =>
    files.slice(i * size, (i + 1) * size),
  );
  const remarks: string[] = [];
  const sum = { passed: 0, failed: 0, skipped: 0 };
  let passed = true;
  const run = async (batch: readonly string[]) => {
    let ended = await runBatch(batch, options);
    print(ended.output);
    if (ended.hung && !/^\(fail\)/m.test(ended.output)) {
      remarks.push(`no line for ${options.silenceMs / 1000} s ${ended.place}: ended, and its batch was run again`);
      ended = await runBatch(batch, options);
      print(ended.output);
    }
    const summary = readTestSummary(ended.output);
    if (ended.hung) remarks.push(`no line for ${options.silenceMs / 1000} s ${ended.place}: ended`);
    else if (!summary && !signal.aborted)
      remarks.push(`bun test broke down with status ${ended.status} ${ended.place}`);
    else if (signal.aborted) remarks.push(`stopped ${ended.place}`);
    for (const count of ["passed", "failed", "skipped"] as const)
      sum[count] += summary?.[count] ?? (count === "failed" ? 1 : 0);
    if (!summary || ended.status !== 0) passed = false;
  };
  const worker = async () => {
    for (let batch = batches.shift(); batch && !signal.aborted; batch = batches.shift()) await run(batch);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return { summary: sum, passed: passed && !signal.aborted, remarks };
}

interface BatchEnded extends Ended {
  readonly hung: boolean;
  /** Where it stood: the file, and the last test that had ended. */
  readonly place: string;
}

async function runBatch(files: readonly string[], options: BatchOptions): Promise<BatchEnded> {
  const silence = new AbortController();
  const hang = () => silence.abort();
  let timer = setTimeout(hang, options.silenceMs);
  try {
    const signal = AbortSignal.any([options.signal, silence.signal]);
    const ended = await runGroup([...options.command, ...files.map((file) => `./${file}`)], signal, () => {
      clearTimeout(timer);
      timer = setTimeout(hang, options.silenceMs);
    });
    return { ...ended, hung: silence.signal.aborted, place: place(ended.output) };
  } finally {
    clearTimeout(timer);
  }
}

function place(output: string): string {
  const lines = Bun.stripANSI(output).split("\n");
  const at = lines.findLastIndex((line) => /^\S+\.test\.ts:$/.test(line));
  if (at < 0) return "before the first file";
  const test = lines.slice(at).findLast((line) => /^\((pass|fail|skip|todo)\)/.test(line));
  return `in ${lines[at]!.slice(0, -1)}${test ? `, after ${test}` : ""}`;
}
