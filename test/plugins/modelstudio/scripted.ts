import type { Connection, Frame, NodeDefinition } from "#engine/plugin";
import type { Driven } from "#engine/testing";
import { driveAgainst, sockets } from "#test/scripted-door";
import { ACCESS, HOST } from "./service.ts";

export interface Command {
  readonly header: { readonly action: string; readonly task_id: string; readonly streaming: string };
  readonly payload: Record<string, unknown> & { readonly parameters?: Record<string, unknown> };
}

/** What a scripted service may do when something comes. */
export interface Told {
  readonly command: Command;
  readonly connection: Connection;
  /** Of audio, so far. */
  readonly audioBytes: number;
  /** An event of the task. @param more of the header. */
  say(event: string, payload?: unknown, more?: Record<string, unknown>): void;
}

/** By action, or `audio` for a binary message. */
export type Answers = Readonly<Record<string, (told: Told) => void>>;

export interface Scripted extends Driven {
  /** What the service was sent; audio as its length. */
  readonly heard: readonly (Command | number)[];
  /** Headers of the upgrades. */
  readonly upgrades: readonly Readonly<Record<string, string>>[];
  readonly paths: readonly string[];
}

/** Drives a node against a service of tasks that answers as it is told, sensible or not. */
export async function against(
  definition: NodeDefinition,
  config: Record<string, unknown>,
  frames: readonly Frame[],
  answers: Answers,
  pace?: number,
): Promise<Scripted> {
  const heard: (Command | number)[] = [];
  const upgrades: Readonly<Record<string, string>>[] = [];
  const paths: string[] = [];
  const door = sockets(async (connection, { headers, path, query }) => {
    upgrades.push(headers);
    paths.push(query ? `${path}?${query}` : path);
    let command: Command | undefined;
    let audioBytes = 0;
    for await (const message of connection) {
      if (typeof message === "string") command = JSON.parse(message) as Command;
      else audioBytes += message.length;
      heard.push(typeof message === "string" && command ? command : message.length);
      if (!command) continue;
      const { task_id } = command.header;
      const say: Told["say"] = (event, payload = {}, more = {}) =>
        connection.send(JSON.stringify({ header: { task_id, event, attributes: {}, ...more }, payload }));
      answers[typeof message === "string" ? command.header.action : "audio"]?.({
        command,
        connection,
        audioBytes,
        say,
      });
    }
  });
  const options = { frames, ...(pace && { pace }) };
  const driven = await driveAgainst({ host: HOST, door }, definition, { ...ACCESS, ...config }, options);
  return { ...driven, heard, upgrades, paths };
}

/** Starts and ends a task in order. */
export const PLAIN: Answers = {
  "run-task": ({ say }) => say("task-started"),
  "finish-task": ({ say }) => say("task-finished", { output: {}, usage: null }),
};

export const commandsOf = ({ heard }: Pick<Scripted, "heard">): Command[] =>
  heard.filter((one): one is Command => typeof one !== "number");
