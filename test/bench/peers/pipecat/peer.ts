import { join } from "node:path";
import { type PeerFolder, peerFolder } from "../../harness/peer-folder.ts";

const VENV = "venv";

/** pipecat in a virtual environment of its own, installed the first time. */
export async function pipecatFolder(): Promise<PeerFolder> {
  const python = Bun.which("python3");
  if (!python) return { missing: "no python3" };
  return peerFolder({
    name: "pipecat",
    manifests: [join(import.meta.dir, "requirements.txt")],
    install: [
      [python, "-m", "venv", VENV],
      [`${VENV}/bin/pip`, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", "requirements.txt"],
    ],
  });
}

/** The command that measures its pipeline. */
export const pipecatProgram = (folder: string): string[] => [
  join(folder, VENV, "bin/python"),
  join(import.meta.dir, "pipeline.py"),
];
