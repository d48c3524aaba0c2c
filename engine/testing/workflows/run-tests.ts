import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { asEngineError, type NodeTypes } from "#engine/plugin";
import { MemoryNetwork, newHousehold, Resources, Run, type RunEvent, VirtualClock } from "#engine/runtime";
import {
  type Binding,
  type Finding,
  formatFinding,
  type Planned,
  type PlanOptions,
  planWorkflow,
  type WorkflowTest,
} from "#engine/workflow";
import { Fixtures, type MadeSource } from "./fixtures.ts";
import { type Goldens, judge, type Problem, readGolden } from "./judge.ts";
import { judgeFiles } from "./judge-files.ts";
import { mockOf } from "./mock.ts";
import { PortLog, portsOf, watched, watchedPort } from "./observed.ts";
import { SpeechMaker } from "./speech.ts";

export interface TestOptions {
  readonly types: NodeTypes;
  readonly environment: PlanOptions["environment"];
  readonly secret: PlanOptions["secret"];
  /** Absolute. */
  readonly cwd: string;
  /** Only tests in whose name this stands. */
  readonly only?: string;
  /** Golden files are written anew instead of compared. */
  readonly update?: boolean;
  /** How many tests are under way at once. Default 4. */
  readonly jobs?: number;
  /** Told of every test as soon as it has ended. */
  onResult?(result: TestResult): void;
}

export interface TestResult {
  /** As given. */
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly status: "passed" | "failed" | "skipped";
  readonly problems: readonly Problem[];
  /** Why it was skipped. */
  readonly reason?: string;
  /** Audio that its fixtures gave, in media time. */
  readonly mediaMs: number;
  readonly wallMs: number;
  /** Golden files that were written. */
  readonly updated: readonly string[];
}

export interface FileResult {
  readonly file: string;
  /** Of lint; with an error among them no test of the file is run. */
  readonly findings: readonly Finding[];
  /** In the order of the file. */
  readonly tests: readonly TestResult[];
  /** Tests that the file has, run or not. */
  readonly count: number;
}

/** Runs the tests of workflow files, several at once, each under a virtual clock and with a network in memory on which nobody listens. */
export async function runWorkflowTests(files: readonly string[], options: TestOptions): Promise<FileResult[]> {
  const shared: Shared = {
    options,
    fixtures: new Fixtures(new SpeechMaker(options.types)),
    resources: new Resources(),
    scratch: mkdtempSync(join(tmpdir(), "parlando-test-")),
  };
  try {
    const planned = [];
    for (const file of files) planned.push({ file, ...(await lint(file, options)) });
    const chosen = planned.map(({ file, findings, tests = [] }) => {
      const sound = findings.every(({ severity }) => severity !== "error");
      const wanted = tests.filter(({ name }) => options.only === undefined || name.includes(options.only));
      return { file, findings, count: tests.length, wanted: sound ? wanted : [] };
    });
    const queue = chosen.flatMap(({ file, wanted }) => wanted.map((test) => ({ file, test })));
    const results = new Map<WorkflowTest, TestResult>();
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const result = await runTest(next.file, next.test, shared);
        results.set(next.test, result);
        options.onResult?.(result);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, options.jobs ?? 4) }, worker));
    return chosen.map(({ wanted, ...about }) => ({ ...about, tests: wanted.map((test) => results.get(test)!) }));
  } finally {
    rmSync(shared.scratch, { recursive: true, force: true });
  }
}

/**
 * How long, by the machine's clock, an engine may take to open or to answer in a test. A busy machine is no fault of the workflow's, and in
 * virtual time nothing waits for it.
 */
const PATIENCE_MS = 300_000;

interface Shared {
  readonly options: TestOptions;
  readonly fixtures: Fixtures;
  /** Engines of this machine are opened once for tests that use them at a time. */
  readonly resources: Resources;
  readonly scratch: string;
}

type More = Pick<PlanOptions, "purpose"> & Partial<Pick<PlanOptions, "params" | "bindings" | "run" | "mock" | "test">>;

const plan = (file: string, { types, environment, secret, cwd }: TestOptions, more: More): Promise<Planned> =>
  planWorkflow({ path: file }, { types, environment, secret, cwd, ...more });

/** As lint does, but for the credentials of nodes that some test puts a mock in the place of. */
async function lint(file: string, options: TestOptions): Promise<Planned> {
  const first = await plan(file, options, { purpose: "lint" });
  const mocked = new Set((first.tests ?? []).flatMap(({ mock }) => Object.keys(mock)));
  if (first.plan || mocked.size === 0) return first;
  const itself: NonNullable<PlanOptions["mock"]> = (id) => (mocked.has(id) ? (definition) => definition : undefined);
  return plan(file, options, { purpose: "lint", mock: itself });
}

async function runTest(file: string, test: WorkflowTest, shared: Shared): Promise<TestResult> {
  const startedMs = performance.now();
  const made = { mediaMs: 0 };
  const updated: string[] = [];
  const outcome = await attempt(file, test, shared, made, updated);
  const status = outcome.reason !== undefined ? "skipped" : outcome.problems.length > 0 ? "failed" : "passed";
  const about = { file, name: test.name, line: test.line };
  return { ...about, status, ...outcome, ...made, wallMs: performance.now() - startedMs, updated };
}

interface Outcome {
  readonly problems: readonly Problem[];
  readonly reason?: string;
}

async function attempt(
  file: string,
  test: WorkflowTest,
  shared: Shared,
  made: { mediaMs: number },
  updated: string[],
): Promise<Outcome> {
  if (test.faults.length > 0)
    return { problems: [{ what: "the test is faulty", lines: test.faults.map(formatFinding) }] };
  let inputs: Readonly<Record<string, MadeSource>>;
  let given: Readonly<Record<string, MadeSource>>;
  try {
    inputs = await sourcesOf(test.in, test, shared);
    given = await sourcesOf(givesOf(test), test, shared);
  } catch (error) {
    const failure = asEngineError(error, "INTERNAL", "a fixture");
    // what speaks is not on every machine, and a test that needs it says nothing there
    if (failure.code === "ENGINE_MISSING") return { problems: [], reason: failure.message };
    return {
      problems: [{ what: "what the test gives cannot be made", lines: [`${failure.code} ${failure.message}`] }],
    };
  }
  made.mediaMs = [...Object.values(inputs), ...Object.values(given)].reduce((sum, { mediaMs }) => sum + mediaMs, 0);
  const runDir = mkdtempSync(join(shared.scratch, "run-"));
  const bindings = Object.fromEntries(
    Object.entries(inputs).map(([name, { binding }]): [string, Binding] => [name, binding]),
  );
  const mocks = new Map(Object.entries(test.mock).map(([id, mock]) => [id, mockOf(id, mock, given[id])]));
  const planned = await plan(file, shared.options, {
    purpose: "run",
    params: test.params,
    bindings,
    run: { id: "test", dir: runDir },
    mock: (id) => mocks.get(id),
    test,
  });
  const errors = planned.findings.filter(({ severity }) => severity === "error");
  if (!planned.plan)
    return {
      problems: [{ what: "the workflow cannot be run as the test wants it", lines: errors.map(formatFinding) }],
    };
  return execute(watched(planned.plan, test), test, runDir, shared, updated);
}

/** What mocked sources give. */
const givesOf = ({ mock }: WorkflowTest): WorkflowTest["in"] =>
  Object.fromEntries(Object.entries(mock).flatMap(([id, { gives }]) => (gives === undefined ? [] : [[id, gives]])));

async function sourcesOf(
  fixtures: WorkflowTest["in"],
  test: WorkflowTest,
  shared: Shared,
): Promise<Readonly<Record<string, MadeSource>>> {
  const made = await Promise.all(
    Object.entries(fixtures).map(
      async ([name, fixture]) => [name, await shared.fixtures.make(fixture, name, test.dir)] as const,
    ),
  );
  return Object.fromEntries(made);
}

async function execute(
  planned: Parameters<typeof watched>[0],
  test: WorkflowTest,
  runDir: string,
  shared: Shared,
  updated: string[],
): Promise<Outcome> {
  const clock = new VirtualClock();
  const household = { ...newHousehold({ network: new MemoryNetwork(clock) }), resources: shared.resources };
  const ports = new Map(portsOf(test).map((port) => [port, new PortLog()]));
  const events: RunEvent[] = [];
  let sequence = 0;
  const { limits } = planned;
  const run = new Run(
    { ...planned, limits: { ...limits, startMs: Math.max(limits.startMs, PATIENCE_MS) } },
    {
      runId: "test",
      clock,
      outsideMs: PATIENCE_MS,
      onEvent: (event) => void (event.type !== "output" && events.push(event)),
      onOutput(output, frame) {
        const port = watchedPort(output);
        if (port !== undefined) ports.get(port)?.add({ sequence: sequence++, atMs: clock.nowMs(), frame });
      },
    },
    household,
  );
  const report = await run.done;
  const goldens: Goldens = {
    read: readGolden,
    ...(shared.options.update && {
      update: (path, text) => {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        updated.push(path);
      },
    }),
  };
  const missing = [report.error?.code, ...report.failures.map(({ code }) => code)].includes("ENGINE_MISSING");
  if (missing && !expects(test, "ENGINE_MISSING"))
    return { problems: [], reason: report.error?.message ?? "an engine is missing" };
  return { problems: [...judge(test, { report, events, ports }, goldens), ...judgeFiles(test, runDir, goldens)] };
}

const expects = ({ expect }: WorkflowTest, code: string): boolean =>
  typeof expect.ends === "object" && expect.ends.error === code;
