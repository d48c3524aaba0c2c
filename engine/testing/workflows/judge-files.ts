import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { samplesToMs, WavReader } from "#engine/plugin";
import type { FileExpectation, WorkflowTest } from "#engine/workflow";
import { lineDifference } from "./difference.ts";
import { amountProblem, type Goldens, type Problem, patternProblem, settleGolden } from "./judge.ts";

/**
 * The files that a run left behind.
 * @param runDir absolute; what `${run.dir}` stood for.
 */
export function judgeFiles(test: WorkflowTest, runDir: string, goldens: Goldens): Problem[] {
  return Object.entries(test.expect.files).flatMap(([name, wanted]) => {
    const path = resolve(runDir, name);
    if (!existsSync(path))
      return wanted.absent ? [] : [{ what: `${name}: there is no such file in the run's folder`, lines: [] }];
    if (wanted.absent) return [{ what: `${name}: the file is there`, lines: ["- absent"] }];
    return judgeFile(name, path, wanted, test, goldens);
  });
}

function judgeFile(
  name: string,
  path: string,
  wanted: FileExpectation,
  test: WorkflowTest,
  goldens: Goldens,
): Problem[] {
  const bytes = readFileSync(path);
  const problems = amountProblem(
    `${name}: the audio lasts`,
    wanted.audioMs === undefined ? 0 : audioMs(bytes),
    wanted.audioMs,
    "ms",
  );
  const text = bytes.toString("utf8");
  if (wanted.text !== undefined && wanted.text !== text)
    problems.push({
      what: `${name}: the text differs`,
      lines: lineDifference(wanted.text.split("\n"), text.split("\n")),
    });
  problems.push(...patternProblem(name, wanted.pattern, text));
  if (wanted.golden === undefined) return problems;
  const golden = resolve(test.dir, wanted.golden);
  const before = goldens.read(golden);
  if (before === text) return problems;
  const found = text.split("\n");
  return [
    ...problems,
    ...settleGolden(name, wanted.golden, golden, { lines: before?.split("\n"), found, text }, goldens),
  ];
}

function audioMs(bytes: Uint8Array): number {
  const reader = new WavReader();
  const pcm = reader.push(bytes);
  reader.end();
  return reader.info ? samplesToMs(pcm.length / reader.info.channels, reader.info.sampleRateHz) : 0;
}
