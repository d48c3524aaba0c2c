import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Which of the requests that a program gets in all its lives kill it, counted from 1. */
export interface Deadly {
  readonly from: number;
  readonly to: number;
}

/**
 * Puts programs into a folder that pass everything on to the real ones, and are killed in the middle of chosen requests: `apertium-tagger`, a
 * stage of the translator's pipeline, whose first request is the warming up, and `espeak-ng`, whose first is the trial of the voice.
 * @returns the search path with that folder in front.
 */
export function pathWithKilled(folder: string, deadly: { tagger?: Deadly; espeak?: Deadly }): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  if (deadly.tagger)
    put(join(bin, "apertium-tagger"), tagger(real("apertium-tagger"), join(bin, "requests"), deadly.tagger));
  if (deadly.espeak) put(join(bin, "espeak-ng"), espeak(real("espeak-ng"), join(bin, "sentences"), deadly.espeak));
  return `${bin}:${process.env.PATH}`;
}

function real(name: string): string {
  const path = Bun.which(name);
  if (!path) throw new Error(`${name} is not installed`);
  return path;
}

function put(path: string, script: string): void {
  writeFileSync(path, script);
  chmodSync(path, 0o755);
}

/** A request ends with a NUL; the deadly one never reaches the real program. */
const tagger = (program: string, counter: string, { from, to }: Deadly): string => `#!${process.execPath}
import { appendFileSync, statSync } from "node:fs";
const child = Bun.spawn([${JSON.stringify(program)}, ...process.argv.slice(2)], { stdin: "pipe", stdout: "inherit" });
for await (const bytes of Bun.stdin.stream()) {
  if (bytes.includes(0)) {
    appendFileSync(${JSON.stringify(counter)}, ".");
    const request = statSync(${JSON.stringify(counter)}).size;
    if (request >= ${from} && request <= ${to}) {
      child.kill("SIGKILL");
      process.kill(process.pid, "SIGKILL");
    }
  }
  child.stdin.write(bytes);
  await child.stdin.flush();
}
await child.stdin.end();
process.exitCode = await child.exited;
`;

/** A process for each sentence; what else it is asked, such as its voices, is answered. */
const espeak = (program: string, counter: string, { from, to }: Deadly): string => `#!/bin/sh
case " $* " in *" --stdin "*)
  printf . >> '${counter}'
  request=$(wc -c < '${counter}')
  if [ "$request" -ge ${from} ] && [ "$request" -le ${to} ]; then kill -9 $$; fi
esac
exec '${program}' "$@"
`;
