import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT, runCommand } from "./command-line.ts";
import { toldEvents, toldReport } from "./told-events.ts";

export interface Repetition {
  readonly times: number;
  /** How many at once. */
  readonly width: number;
  /** Of one run, in milliseconds. */
  readonly limitMs: number;
  /** Below it each run gets a folder, which is removed when it was like the first one. */
  readonly folder: string;
  /** Stands for the workflow's own recording. */
  readonly recording?: string;
  /** Called after each run. */
  readonly say?: (text: string) => void;
}

export interface RepetitionReport {
  readonly events: number;
  /** Names and digests of what the first run wrote. */
  readonly files: Readonly<Record<string, string>>;
  /** What differed from the first run, by run; none where all are alike. */
  readonly differences: readonly string[];
}

interface Outcome {
  readonly status: number | null;
  readonly remarks: string;
  /** One event a line, the run's folder taken out. */
  readonly events: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Runs the interpret workflow under the virtual clock again and again, each in a process of its own, and compares what each told and wrote. */
export async function repeatInterpret(repetition: Repetition): Promise<RepetitionReport> {
  const { times, width, say } = repetition;
  const differences: string[] = [];
  const first = await runOnce(repetition, 1);
  say?.(`1 of ${times}`);
  if (first.status !== 0) differences.push(`run 1: exit status ${first.status}: ${first.remarks.slice(-500)}`);
  else toldReport(toldEvents(first.events)); // throws where its accounts do not balance
  let next = 2;
  const worker = async () => {
    while (next <= times) {
      const index = next++;
      const other = await runOnce(repetition, index);
      const found = difference(first, other);
      if (found) differences.push(`run ${index}: ${found}`);
      else rmSync(folderOf(repetition, index), { recursive: true });
      say?.(`${index} of ${times}${found ? `: ${found}` : ""}`);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return { events: first.events.split("\n").length - 1, files: first.files, differences };
}

/** Names of different lengths, so that nothing can depend on them unseen. */
const folderOf = ({ folder }: Repetition, index: number): string => join(folder, `run-${index}`);

async function runOnce(repetition: Repetition, index: number): Promise<Outcome> {
  const dir = folderOf(repetition, index);
  mkdirSync(dir, { recursive: true });
  const { recording, limitMs } = repetition;
  const bound = recording === undefined ? [] : ["--in", `talk=${recording}`];
  const workflow = join(CHECKOUT, "workflows/interpret.yaml");
  const args = ["run", workflow, "--json", "--clock", "virtual", "--out", dir, ...bound];
  const { status, signal, out, err } = await runCommand(args, { limitMs });
  return {
    status,
    remarks: signal ? `ended by ${signal}` : err,
    events: out.replaceAll(dir, "OUT"),
    files: Object.fromEntries(readdirSync(dir).map((name) => [name, digest(readFileSync(join(dir, name)))])),
  };
}

/** The first difference that there is, in words; event streams are compared byte by byte. */
function difference(first: Outcome, other: Outcome): string | undefined {
  if (other.status !== first.status) return `exit status ${other.status}: ${other.remarks.slice(-500)}`;
  if (other.events !== first.events) {
    const [wanted, found] = [first.events.split("\n"), other.events.split("\n")];
    const line = wanted.findIndex((text, i) => text !== found[i]);
    return `event ${line + 1} is ${found[line]?.slice(0, 300)}; in the first run ${wanted[line]?.slice(0, 300)}`;
  }
  const names = [...new Set([...Object.keys(first.files), ...Object.keys(other.files)])];
  const differing = names.filter((name) => first.files[name] !== other.files[name]);
  return differing.length === 0 ? undefined : `${differing.join(", ")} differ`;
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
