import { rmSync } from "node:fs";
import { runCommand } from "#test/command-line";
import { scratchFolder } from "#test/short-recording";
import { summarise } from "./measure.ts";
import type { Benchmark } from "./measurement.ts";

/** What is typed, with the key at the end of each line; the name is as long as names are. */
const COMMANDS = ["new plugin doorbell --role asr", "plugin test doorbell"];
const TYPED = COMMANDS.reduce((sum, command) => sum + `parlando ${command}\n`.length, 0);
/** Of somebody who types 40 words a minute, of five characters each: slower than most who write programs. */
const CHARACTERS_PER_SECOND = (40 * 5) / 60;

/** Both commands in an empty folder, each a process. @returns seconds of waiting */
async function wait(): Promise<number> {
  const cwd = scratchFolder();
  try {
    let waitedMs = 0;
    for (const command of COMMANDS) {
      const { status, out, err, wallMs } = await runCommand(command.split(" "), { cwd });
      if (status !== 0) throw new Error(`${command} ended with status ${status}: ${(out + err).slice(-500)}`);
      waitedMs += wallMs;
    }
    return waitedMs / 1000;
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

export default {
  name: "new-plugin",
  summary: "from nothing to a plugin with a recogniser and a report in which all is kept: two commands",
  async run({ repetitions = 5 }) {
    const waited: number[] = [];
    for (let i = 0; i < repetitions; i++) waited.push(await wait());
    const typing = TYPED / CHARACTERS_PER_SECOND;
    return [
      {
        key: "typing and waiting",
        unit: "s",
        goal: { op: "<=", value: 60 },
        note: `${TYPED} characters at 40 words a minute: ${typing.toFixed(1)} s`,
        ...summarise(waited.map((seconds) => seconds + typing)),
      },
      { key: "waiting alone", unit: "s", note: `${repetitions} times two processes`, ...summarise(waited) },
    ];
  },
} satisfies Benchmark;
