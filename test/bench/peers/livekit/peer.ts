import { join } from "node:path";
import { type PeerFolder, peerFolder } from "../../harness/peer-folder.ts";

/** LiveKit Agents, installed from its own manifest the first time. */
export const livekitFolder = (): Promise<PeerFolder> =>
  peerFolder({
    name: "livekit",
    manifests: ["package.json", "bun.lock"].map((file) => join(import.meta.dir, file)),
    install: [[process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"]],
  });

/** The command that measures a session's input wired by it, under Bun or Node. */
export const livekitProgram = (folder: string, runtime: string): string[] => [
  runtime,
  join(import.meta.dir, "wiring.mjs"),
  folder,
];
