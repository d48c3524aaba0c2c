import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { NodeDefinition } from "#engine/plugin";
import type { Confinement } from "#engine/workflow";

/** What devices of the machine are: nobody far away may hear or be heard through them. */
const REFUSED_EFFECTS = new Set(["microphone", "speaker"]);

export interface Folders {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/**
 * What a workflow that came through the API may use of the machine: files in these folders, links followed before it is judged.
 * @param folders absolute; a folder that may be written may be read.
 */
export function confinement(folders: Folders): Confinement {
  const writable = folders.write.map(real);
  const readable = [...folders.read.map(real), ...writable];
  return {
    refusePath(path, use) {
      const inside =
        !path.includes("\u0000") && isAbsolute(path) && (use === "write" ? writable : readable).some(holds(real(path)));
      return inside
        ? undefined
        : `a file that may not be ${use === "write" ? "written" : "read"}: it is in none of the allowed folders`;
    },
    refuseType({ type, effects }: NodeDefinition) {
      const refused = effects?.find((effect) => REFUSED_EFFECTS.has(effect));
      return refused === undefined
        ? undefined
        : `${type} uses the ${refused} of the machine, which a workflow from elsewhere may not`;
    },
  };
}

const holds = (path: string) => (folder: string) => {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split(/[\\/]/)[0] !== "..";
};

/** The path with the links in it followed, as far as there is anything: what comes to be written stands behind that. */
function real(path: string, links = 0): string {
  const clean = resolve(path);
  try {
    return realpathSync(clean);
  } catch {
    const parent = dirname(clean);
    if (parent === clean || links > MOST_LINKS) return clean;
    const here = join(real(parent, links), basename(clean));
    // a link that leads nowhere yet: what is written through it comes to be where it points
    const target = linkTarget(here);
    return target === undefined ? here : real(resolve(dirname(here), target), links + 1);
  }
}

/** As many as Linux follows in one path. */
const MOST_LINKS = 40;

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
