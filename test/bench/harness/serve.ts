import { createInterface } from "node:readline";

/** A question that a measuring program is asked: one JSON object a line. */
export interface Question {
  readonly ask: string;
}

/**
 * Answers questions on standard input, one JSON line each, until it ends. A program that stays measures warm code, and takes turns with
 * other programs without being started again.
 */
export async function serve<Q extends Question>(answer: (question: Q) => unknown): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line) as Q;
    try {
      console.log(JSON.stringify({ answer: await answer(question) }));
    } catch (error) {
      console.log(JSON.stringify({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }));
    }
  }
}

/** What some work cost this process in processor time, all threads, in nanoseconds. */
export async function cpuNanos(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}
