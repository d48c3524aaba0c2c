import { cpus, loadavg, release, totalmem, type } from "node:os";

/** What a reader needs to know to compare figures. */
export interface MachineReport {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Processes that wanted a core, over 1, 5 and 15 minutes, before the first benchmark. */
  readonly loadAverage: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  readonly startedAt: string;
}

/** @param root the checkout */
export async function describeMachine(root: string): Promise<MachineReport> {
  const all = cpus();
  const project: { version: string; dependencies: Record<string, string> } = await Bun.file(
    `${root}/package.json`,
  ).json();
  return {
    system: `${type()} ${release()} ${process.arch}`,
    processor: all[0]?.model ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
    versions: {
      parlando: project.version,
      bun: Bun.version,
      ...(await nodeVersion()),
      webrtcvad: project.dependencies.webrtcvad ?? "unknown",
      ...(await debianVersions()),
      ...(await peerVersions(`${root}/test/bench/peers`)),
    },
    commit: await commitOf(root),
    startedAt: new Date().toISOString(),
  };
}

const packages = [
  ...["libpocketsphinx3", "pocketsphinx-en-us", "espeak-ng", "apertium", "apertium-eng-spa"],
  ...["gcc", "gstreamer1.0-tools", "libspeexdsp1", "python3"],
];

async function nodeVersion(): Promise<Record<string, string>> {
  return Bun.which("node") ? { node: (await answer(["node", "--version"])).trim().replace(/^v/, "") } : {};
}

/** As their own manifests pin them. @param folder of the peers */
async function peerVersions(folder: string): Promise<Record<string, string>> {
  const livekit: { dependencies: Record<string, string> } = await Bun.file(`${folder}/livekit/package.json`).json();
  const pipecat = /^pipecat-ai==(\S+)$/m.exec(await Bun.file(`${folder}/pipecat/requirements.txt`).text());
  return { ...livekit.dependencies, ...(pipecat && { "pipecat-ai": pipecat[1]! }) };
}

/** Versions of speech engines, compiler and peers, where Debian's packages are installed. */
async function debianVersions(): Promise<Record<string, string>> {
  if (!Bun.which("dpkg-query")) return {};
  const text = await answer(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", ...packages]);
  return Object.fromEntries(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(" ") as [string, string]),
  );
}

async function commitOf(root: string): Promise<string> {
  if (!Bun.which("git")) return "unknown";
  const commit = (await answer(["git", "-C", root, "rev-parse", "--short=12", "HEAD"])).trim();
  const changed = (await answer(["git", "-C", root, "status", "--porcelain", "--untracked-files=no"])).trim() !== "";
  return commit ? `${commit}${changed ? " with changes" : ""}` : "unknown";
}

async function answer(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  return new Response(child.stdout).text();
}
