import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** What a file in this folder exports by default: it proves one statement and answers with an exit status. */
export type Proof = (argv: string[]) => Promise<number>;

const usage = "Usage: bun run prove NAME [ARGUMENT...]";

/** The proofs are the other files of this folder. */
async function proofNames(): Promise<string[]> {
  const files = await readdir(import.meta.dir);
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "main.ts")
    .map((file) => file.slice(0, -3))
    .sort();
}

async function main([name, ...rest]: string[]): Promise<number> {
  const names = await proofNames();
  if (name === undefined || name === "--help") {
    console.log(`${usage}\n\n${names.map((each) => `  ${each}`).join("\n")}`);
    return name === undefined ? 2 : 0;
  }
  if (!names.includes(name)) {
    console.error(`there is no proof "${name}"; there is: ${names.join(", ")}\n\n${usage}`);
    return 2;
  }
  const module: { default?: unknown } = await import(join(import.meta.dir, `${name}.ts`));
  if (!isProof(module.default)) {
    console.error(`test/prove/${name}.ts exports no function by default`);
    return 2;
  }
  try {
    return await module.default(rest);
  } catch (error) {
    if (!isMisuse(error)) throw error;
    console.error(
      `${name}: ${error.message}\n\n${usage}; what ${name} takes stands at the head of test/prove/${name}.ts`,
    );
    return 2;
  }
}

/** `parseArgs` did not know what was asked. */
const isMisuse = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

const isProof = (value: unknown): value is Proof => typeof value === "function";

process.exitCode = await main(Bun.argv.slice(2));
