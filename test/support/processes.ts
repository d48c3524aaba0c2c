import { readdirSync, readFileSync } from "node:fs";

export interface ProcessFacts {
  readonly pid: number;
  readonly command: string;
  /** One letter: R, S, T, Z, … */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** Every process of this machine, as Linux lists them at this moment; zombies included. */
export function processes(): ProcessFacts[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [, command = "", rest = ""] = /\((.*)\) (.*)/s.exec(statOf(name)) ?? [];
      const [state = "", parent, group] = rest.split(" ");
      return state ? [{ pid: Number(name), command, state, parent: Number(parent), group: Number(group) }] : [];
    });
}

/** The processes of a group, by id. */
export const groupOf = (group: number): ProcessFacts[] => processes().filter((p) => p.group === group);

/** How many processes this one has started that are still there, their own children included. */
export function descendants(of = process.pid): ProcessFacts[] {
  const all = processes();
  const found: ProcessFacts[] = [];
  const open = [of];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop())
    for (const child of all) if (child.parent === parent) open.push(found[found.push(child) - 1]!.pid);
  return found;
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}
