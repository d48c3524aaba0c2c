export type { Command, Console, World } from "./command.ts";
export { EXIT } from "./command.ts";
export { runCli } from "./run-cli.ts";
